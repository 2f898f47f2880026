#include "gateway/spool/payload.h"

#include "gateway/smtp/path.h"
#include "gateway/spool/bytes.h"

#include <algorithm>

namespace postern::spool {
namespace {

// Cut to what take_time() takes.
void put_time(std::string& out, Time time) {
    const Time kept = std::clamp(time, Time{}, never);
    put(out, static_cast<std::uint64_t>(kept.time_since_epoch().count()));
}

Time take_time(Bytes& bytes) {
    const auto seconds = bytes.number<std::uint64_t>();
    // Beyond this no clock goes; and our own arithmetic must not overflow.
    if (seconds > UINT32_MAX) bytes.fail();
    return Time{std::chrono::seconds{static_cast<std::int64_t>(seconds & UINT32_MAX)}};
}

// A number that has to be at most `last`.
template<typename Enum>
Enum take_enum(Bytes& bytes, Enum last) {
    const auto value = bytes.number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) {
        bytes.fail();
        return Enum{};
    }
    return static_cast<Enum>(value);
}

bool take_bool(Bytes& bytes) { return take_enum<std::uint8_t>(bytes, 1) != 0; }

void put_place(std::string& out, Place place) {
    put(out, place.segment);
    put(out, place.offset);
}

Place take_place(Bytes& bytes) {
    const auto segment = bytes.number<std::uint32_t>();
    return {.segment = segment, .offset = bytes.number<std::uint32_t>()};
}

// Read by the reader that read it the first time.
smtp::Path take_path(Bytes& bytes, smtp::PathKind kind) {
    const std::string_view address = bytes.text();
    if (bytes.failed()) return {};
    const std::string bracketed = "<" + std::string{address} + ">";
    auto read = smtp::read_path(bracketed, kind, smtp::Utf8::allowed);
    if (!read || !read->rest.empty() || read->path.address() != address) {
        bytes.fail();
        return {};
    }
    return std::move(read->path);
}

void put_notify(std::string& out, const smtp::Notify& notify) {
    unsigned bits = 0;
    if (notify.never) bits |= 1U;
    if (notify.success) bits |= 2U;
    if (notify.failure) bits |= 4U;
    if (notify.delay) bits |= 8U;
    put(out, static_cast<std::uint8_t>(bits));
}

smtp::Notify take_notify(Bytes& bytes) {
    const unsigned bits = take_enum<std::uint8_t>(bytes, 15);
    return {.never = (bits & 1U) != 0,
            .success = (bits & 2U) != 0,
            .failure = (bits & 4U) != 0,
            .delay = (bits & 8U) != 0};
}

void put_state(std::string& out, const Recipient& recipient) {
    const auto cut = [](const std::string& text) {
        return std::string_view{text}.substr(0, last_text_bytes_max);
    };
    put(out, static_cast<std::uint8_t>(recipient.state));
    put(out, static_cast<std::uint8_t>(recipient.delay_reported));
    put(out, recipient.attempts);
    put_time(out, recipient.next);
    put_time(out, recipient.last);
    put_text(out, cut(recipient.status));
    put_text(out, cut(recipient.remote));
    put_text(out, cut(recipient.diagnostic));
}

void take_state(Bytes& bytes, Recipient& recipient) {
    const auto take_cut = [&] {
        const std::string_view text = bytes.text();
        if (text.size() > last_text_bytes_max) bytes.fail();
        return std::string{text};
    };
    recipient.state = take_enum(bytes, State::failed);
    recipient.delay_reported = take_bool(bytes);
    recipient.attempts = bytes.number<std::uint32_t>();
    recipient.next = take_time(bytes);
    recipient.last = take_time(bytes);
    recipient.status = take_cut();
    recipient.remote = take_cut();
    recipient.diagnostic = take_cut();
}

void put_mail(std::string& out, const smtp::Mail& mail) {
    put_text(out, mail.sender.address());
    put(out, static_cast<std::uint8_t>(mail.size.has_value()));
    put(out, mail.size.value_or(0));
    put(out, static_cast<std::uint8_t>(mail.body));
    put(out, static_cast<std::uint8_t>(mail.smtputf8));
    put(out, static_cast<std::uint8_t>(mail.return_content));
    put_text(out, mail.envelope_id);
}

smtp::Mail take_mail(Bytes& bytes) {
    smtp::Mail mail;
    mail.sender = take_path(bytes, smtp::PathKind::reverse);
    const bool has_size = take_bool(bytes);
    const auto size = bytes.number<std::uint64_t>();
    if (has_size) mail.size = size;
    if (!has_size && size != 0) bytes.fail();
    mail.body = take_enum(bytes, smtp::Body::eight_bit_mime);
    mail.smtputf8 = take_bool(bytes);
    mail.return_content = take_enum(bytes, smtp::ReturnContent::full);
    mail.envelope_id = bytes.text();
    return mail;
}

} // namespace

std::string content_head(MessageId id) { return encode_done(id); }

std::optional<Content> decode_content(std::string_view payload) {
    if (payload.size() < sizeof(MessageId)) return std::nullopt;
    return Content{.id = get<MessageId>(payload, 0), .bytes = payload.substr(sizeof(MessageId))};
}

std::string encode_message(const Message& message) {
    std::string out;
    put(out, message.id);
    put_time(out, message.arrival);
    put(out, message.content_bytes);
    put_mail(out, message.mail);
    put(out, static_cast<std::uint32_t>(message.content.size()));
    for (const Piece& piece : message.content) {
        put_place(out, piece.place);
        put(out, piece.bytes);
    }
    put(out, static_cast<std::uint32_t>(message.recipients.size()));
    for (const Recipient& recipient : message.recipients) {
        put_text(out, recipient.envelope.path.address());
        put_notify(out, recipient.envelope.notify);
        put_text(out, recipient.envelope.original);
        put_state(out, recipient);
    }
    return out;
}

std::optional<Message> decode_message(std::string_view payload) {
    Bytes bytes{payload};
    Message message;
    message.id = bytes.number<std::uint64_t>();
    message.arrival = take_time(bytes);
    message.content_bytes = bytes.number<std::uint64_t>();
    message.mail = take_mail(bytes);
    // Nothing is reserved: a count is believed as far as there are bytes for it.
    std::uint64_t content_bytes = 0;
    for (auto count = bytes.number<std::uint32_t>(); count > 0 && !bytes.failed(); --count) {
        const Place place = take_place(bytes);
        message.content.push_back({.place = place, .bytes = bytes.number<std::uint32_t>()});
        content_bytes += message.content.back().bytes;
    }
    for (auto count = bytes.number<std::uint32_t>(); count > 0 && !bytes.failed(); --count) {
        Recipient& recipient = message.recipients.emplace_back();
        recipient.envelope.path = take_path(bytes, smtp::PathKind::forward);
        recipient.envelope.notify = take_notify(bytes);
        recipient.envelope.original = bytes.text();
        take_state(bytes, recipient);
    }
    if (!bytes.complete() || content_bytes != message.content_bytes) return std::nullopt;
    return message;
}

std::string
encode_outcome(const Message& message, std::span<const std::uint32_t> changed, Place previous) {
    std::string out;
    put(out, message.id);
    put_time(out, due(message));
    put_place(out, previous);
    put(out, previous.segment == 0 ? 0U : message.outcomes);
    put(out, static_cast<std::uint32_t>(changed.size()));
    for (const std::uint32_t number : changed) {
        put(out, number);
        put_state(out, message.recipients[number]);
    }
    return out;
}

std::optional<Outcome> decode_outcome(std::string_view payload) {
    Bytes bytes{payload};
    Outcome outcome;
    outcome.id = bytes.number<std::uint64_t>();
    outcome.due = take_time(bytes);
    outcome.previous = take_place(bytes);
    outcome.depth = bytes.number<std::uint32_t>();
    for (auto count = bytes.number<std::uint32_t>(); count > 0 && !bytes.failed(); --count) {
        Outcome::Change& change = outcome.changes.emplace_back();
        change.number = bytes.number<std::uint32_t>();
        take_state(bytes, change.recipient);
    }
    if (!bytes.complete()) return std::nullopt;
    return outcome;
}

std::string encode_done(MessageId id) {
    std::string out;
    put(out, id);
    return out;
}

std::optional<MessageId> decode_done(std::string_view payload) {
    if (payload.size() != sizeof(MessageId)) return std::nullopt;
    return get<MessageId>(payload, 0);
}

} // namespace postern::spool
