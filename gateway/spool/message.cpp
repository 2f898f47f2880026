#include "gateway/spool/message.h"

#include <algorithm>

namespace postern::spool {

std::string text(MessageId id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(16, '0');
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit, id >>= 4U) {
        *digit = digits[id & 15U];
    }
    return out;
}

Time arrival_of(MessageId id) {
    constexpr unsigned core_bits = 10; // above them microseconds, see Spool::begin()
    const std::chrono::microseconds since{static_cast<std::int64_t>(id >> core_bits)};
    return Time{std::chrono::floor<std::chrono::seconds>(since)};
}

Time due(const Message& message) {
    Time earliest = never;
    for (const Recipient& recipient : message.recipients) {
        if (recipient.state == State::waiting) earliest = std::min(earliest, recipient.next);
    }
    return earliest;
}

void recall(Message& message, Time latest, Time now) {
    for (Recipient& recipient : message.recipients) {
        if (recipient.state == State::waiting && recipient.next > latest) recipient.next = now;
    }
}

bool settled(const Message& message) {
    return std::ranges::all_of(message.recipients, [](const Recipient& recipient) {
        return recipient.state == State::delivered || recipient.state == State::failed;
    });
}

} // namespace postern::spool
