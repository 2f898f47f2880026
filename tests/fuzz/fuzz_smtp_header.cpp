// A header section is the same however its bytes are cut up, nothing of the message is lost, and
// the mailboxes of its From fields survive being written and read again.
#include "gateway/smtp/header.h"
#include "gateway/smtp/mailbox.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smtp = postern::smtp;
using smtp::HeaderState;

namespace {

struct Result {
    smtp::HeaderSection section;
    std::string body;
};

Result read(std::string_view message, std::size_t piece, smtp::Stuffing stuffing) {
    Result result{.section = smtp::HeaderSection(stuffing, 600), .body = {}};
    std::size_t at = 0;
    while (at < message.size() && result.section.state() == HeaderState::more) {
        const std::string_view part = message.substr(at, piece);
        const std::size_t taken = result.section.feed(part);
        assert(taken <= part.size());
        at += taken;
    }
    result.section.finish();
    result.body = message.substr(at);
    return result;
}

void check_same(const Result& left, const Result& right) {
    assert(left.section.state() == right.section.state());
    if (left.section.state() != HeaderState::complete) return;
    assert(left.section.held() == right.section.held());
    assert(left.body == right.body);
    assert(left.section.from_fields() == right.section.from_fields());
    assert(left.section.received_fields() == right.section.received_fields());
    assert(left.section.missing() == right.section.missing());
    assert(left.section.malformed() == right.section.malformed());
}

std::string written(const smtp::Mailbox& mailbox) {
    std::string text = "\"";
    for (const char byte : mailbox.local()) {
        if (byte == '"' || byte == '\\') text += '\\';
        text += byte;
    }
    return text + "\"@" + std::string(mailbox.domain());
}

void check_mailboxes(const std::vector<std::string>& fields) {
    const smtp::Mailboxes mailboxes = smtp::mailboxes_of(fields);
    assert(mailboxes.all.size() <= smtp::mailboxes_max);
    std::string list;
    for (const smtp::Mailbox& mailbox : mailboxes.all) {
        assert(!mailbox.domain().empty());
        assert(mailbox.text() ==
               std::string(mailbox.local()) + "@" + std::string(mailbox.domain()));
        list += written(mailbox) + ", ";
    }
    if (mailboxes.broken) return;
    const smtp::Mailboxes again = smtp::mailboxes_of(std::vector<std::string>{list});
    assert(!again.broken);
    assert(again.all == mailboxes.all);
    // What breaks a field does not take anything away from it.
    std::vector<std::string> spoiled(fields);
    for (std::string& field : spoiled)
        field += " ,,) <junk";
    const smtp::Mailboxes more = smtp::mailboxes_of(spoiled);
    for (const smtp::Mailbox& mailbox : mailboxes.all)
        assert(more.too_many || std::ranges::find(more.all, mailbox) != more.all.end());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 4096) return 0;
    const std::size_t piece = data[0] % 64U + 1U;
    const auto stuffing = (data[0] & 0x80U) != 0 ? smtp::Stuffing::plain : smtp::Stuffing::stuffed;
    const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Result whole = read(message, message.size(), stuffing);
    check_same(whole, read(message, piece, stuffing));
    check_same(whole, read(message, 1, stuffing));
    if (whole.section.state() == HeaderState::complete) {
        const std::string before = whole.section.missing() ? "\r\n" : "";
        assert(std::string(whole.section.held()) + whole.body == before + std::string(message));
        check_mailboxes(whole.section.from_fields());
    }
    check_mailboxes({std::string(message)});
    return 0;
}
