#include "gateway/smtp/envelope.h"

#include "gateway/smtp/command.h"
#include "gateway/smtp/replies.h"
#include "gateway/smtp/utf8.h"
#include "gateway/smtp/xtext.h"

#include <algorithm>
#include <charconv>

namespace postern::smtp {

namespace {

// Nothing: it went well.
using Refusal = std::optional<Reply>;

struct Parameter {
    std::string_view keyword;
    std::string_view value;
    bool has_value = false;
};

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// Takes "KEYWORD" or "KEYWORD=value" off `text`, which does not begin with a blank.
Parameter take_parameter(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    skip_blanks(text);
    const std::size_t equals = std::min(word.find('='), word.size());
    if (equals == word.size()) return {.keyword = word, .value = {}, .has_value = false};
    return {.keyword = word.substr(0, equals), .value = word.substr(equals + 1), .has_value = true};
}

// Behind "FROM:" or "TO:", blanks skipped (many clients put one there); nothing: it is not there.
std::optional<std::string_view> behind_keyword(std::string_view argument,
                                               std::string_view keyword) {
    if (!equal_without_case(argument.substr(0, keyword.size()), keyword)) return std::nullopt;
    argument.remove_prefix(keyword.size());
    skip_blanks(argument);
    return argument;
}

// The path and its parameters must be apart, or "<a@b>SIZE=1" would pass.
bool separated(std::string_view rest) {
    return rest.empty() || rest.front() == ' ' || rest.front() == '\t';
}

Reply path_refusal(PathError error, const Reply& bad_syntax) {
    switch (error) {
    case PathError::syntax:
    case PathError::too_long: return bad_syntax;
    case PathError::needs_utf8: return replies::address_needs_smtputf8();
    }
    return bad_syntax;
}

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) { return byte >= '!' && byte <= '~'; });
}

// A keyword goes into our reply: only what is safe there, and not all of a line.
std::string shown(std::string_view keyword) {
    constexpr std::size_t shown_bytes_max = 40;
    const std::string_view cut = keyword.substr(0, shown_bytes_max);
    return is_printable_ascii(cut) ? std::string(cut) : std::string("?");
}

Reply unknown(const Parameter& parameter) {
    return replies::unknown_parameter(shown(parameter.keyword));
}

Refusal read_size(Mail& mail, const Parameter& parameter, const Extensions& offered) {
    constexpr std::size_t digits_max = 20; // RFC 1870 3
    const std::string_view text = parameter.value;
    std::uint64_t size = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), size);
    const bool number =
        !text.empty() && text.size() <= digits_max && read.ptr == text.data() + text.size();
    if (!number || mail.size) return replies::bad_parameter("SIZE");
    // Twenty digits may say more than 64 bits hold; it is over every limit then.
    const bool over =
        read.ec != std::errc{} || (offered.size_max() > 0 && size > offered.size_max());
    if (over) return replies::message_too_big();
    mail.size = size;
    return std::nullopt;
}

Refusal read_body(Mail& mail, const Parameter& parameter) {
    if (mail.body != Body::unspecified) return replies::bad_parameter("BODY");
    if (equal_without_case(parameter.value, "7BIT"))
        mail.body = Body::seven_bit;
    else if (equal_without_case(parameter.value, "8BITMIME"))
        mail.body = Body::eight_bit_mime;
    else
        return replies::bad_parameter("BODY");
    return std::nullopt;
}

Refusal read_smtputf8(Mail& mail, const Parameter& parameter) {
    if (parameter.has_value || mail.smtputf8) return replies::bad_parameter("SMTPUTF8");
    mail.smtputf8 = true;
    return std::nullopt;
}

Refusal read_return_content(Mail& mail, const Parameter& parameter) {
    if (mail.return_content != ReturnContent::unspecified) return replies::bad_parameter("RET");
    if (equal_without_case(parameter.value, "FULL"))
        mail.return_content = ReturnContent::full;
    else if (equal_without_case(parameter.value, "HDRS"))
        mail.return_content = ReturnContent::headers;
    else
        return replies::bad_parameter("RET");
    return std::nullopt;
}

Refusal read_envelope_id(Mail& mail, const Parameter& parameter) {
    const std::string_view id = parameter.value;
    const bool fits = !id.empty() && id.size() <= envelope_id_bytes_max;
    if (!mail.envelope_id.empty() || !fits || !is_xtext(id)) return replies::bad_parameter("ENVID");
    mail.envelope_id = id;
    return std::nullopt;
}

Refusal read_mail_parameter(Mail& mail, const Parameter& parameter, const Extensions& offered) {
    const auto is = [&](std::string_view keyword, Extension extension) {
        return offered.has(extension) && equal_without_case(parameter.keyword, keyword);
    };
    if (is("SIZE", Extension::size)) return read_size(mail, parameter, offered);
    if (is("BODY", Extension::eight_bit_mime)) return read_body(mail, parameter);
    if (is("SMTPUTF8", Extension::smtputf8)) return read_smtputf8(mail, parameter);
    if (is("RET", Extension::dsn)) return read_return_content(mail, parameter);
    if (is("ENVID", Extension::dsn)) return read_envelope_id(mail, parameter);
    return unknown(parameter);
}

bool add_notify(Notify& notify, std::string_view word) {
    const auto set = [](bool& flag) {
        const bool first = !flag;
        flag = true;
        return first;
    };
    if (equal_without_case(word, "NEVER")) return set(notify.never);
    if (equal_without_case(word, "SUCCESS")) return set(notify.success);
    if (equal_without_case(word, "FAILURE")) return set(notify.failure);
    if (equal_without_case(word, "DELAY")) return set(notify.delay);
    return false;
}

Refusal read_notify(Recipient& recipient, const Parameter& parameter) {
    if (recipient.notify.given()) return replies::bad_parameter("NOTIFY");
    std::string_view rest = parameter.value;
    for (;;) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        if (!add_notify(recipient.notify, rest.substr(0, comma)))
            return replies::bad_parameter("NOTIFY");
        if (comma == rest.size()) break;
        rest.remove_prefix(comma + 1);
    }
    // RFC 3461 4.1: NEVER stands alone.
    const Notify& given = recipient.notify;
    if (given.never && (given.success || given.failure || given.delay))
        return replies::bad_parameter("NOTIFY");
    return std::nullopt;
}

// RFC 3461 4.2; RFC 6533 3 lets the utf-8 type stand in raw UTF-8 between sides that have SMTPUTF8.
Refusal read_original(Recipient& recipient, const Parameter& parameter, Utf8 utf8) {
    const std::string_view value = parameter.value;
    const std::size_t semicolon = std::min(value.find(';'), value.size());
    const std::string_view type = value.substr(0, semicolon);
    const std::string_view address = value.substr(std::min(semicolon + 1, value.size()));
    const bool type_ok = !type.empty() && std::ranges::all_of(type, [](char byte) {
        return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
               (byte >= 'A' && byte <= 'Z') || byte == '-';
    });
    const bool raw = utf8 == Utf8::allowed && equal_without_case(type, "utf-8") &&
                     is_utf8(address) && std::ranges::none_of(address, [](char byte) {
                         return byte >= 0 && (byte < '!' || byte == '\x7F');
                     });
    const bool fits = !address.empty() && value.size() <= original_recipient_bytes_max;
    if (!recipient.original.empty() || !type_ok || !fits || !(raw || is_xtext(address)))
        return replies::bad_parameter("ORCPT");
    recipient.original = value;
    return std::nullopt;
}

Refusal read_rcpt_parameter(Recipient& recipient,
                            const Parameter& parameter,
                            const Extensions& offered,
                            Utf8 utf8) {
    if (!offered.has(Extension::dsn)) return unknown(parameter);
    if (equal_without_case(parameter.keyword, "NOTIFY")) return read_notify(recipient, parameter);
    if (equal_without_case(parameter.keyword, "ORCPT"))
        return read_original(recipient, parameter, utf8);
    return unknown(parameter);
}

} // namespace

std::expected<Mail, Reply> parse_mail(std::string_view argument, const Extensions& offered) {
    const auto text = behind_keyword(argument, "FROM:");
    if (!text) return std::unexpected(replies::syntax("MAIL FROM:<address>"));
    // SMTPUTF8 stands behind the address that needs it: whether it is there is looked at below.
    const Utf8 utf8 = offered.has(Extension::smtputf8) ? Utf8::allowed : Utf8::refused;
    auto read = read_path(*text, PathKind::reverse, utf8);
    if (!read) return std::unexpected(path_refusal(read.error(), replies::bad_sender_address()));
    if (!separated(read->rest)) return std::unexpected(replies::bad_sender_address());

    Mail mail;
    mail.sender = std::move(read->path);
    std::string_view rest = read->rest;
    skip_blanks(rest);
    while (!rest.empty()) {
        Refusal refusal = read_mail_parameter(mail, take_parameter(rest), offered);
        if (refusal) return std::unexpected(std::move(*refusal));
    }
    if (mail.sender.needs_smtputf8() && !mail.smtputf8)
        return std::unexpected(replies::address_needs_smtputf8());
    return mail;
}

std::expected<Recipient, Reply>
parse_rcpt(std::string_view argument, const Extensions& offered, Utf8 utf8) {
    const auto text = behind_keyword(argument, "TO:");
    if (!text) return std::unexpected(replies::syntax("RCPT TO:<address>"));
    auto read = read_path(*text, PathKind::forward, utf8);
    if (!read) return std::unexpected(path_refusal(read.error(), replies::bad_recipient_address()));
    if (!separated(read->rest)) return std::unexpected(replies::bad_recipient_address());

    Recipient recipient;
    recipient.path = std::move(read->path);
    std::string_view rest = read->rest;
    skip_blanks(rest);
    while (!rest.empty()) {
        Refusal refusal = read_rcpt_parameter(recipient, take_parameter(rest), offered, utf8);
        if (refusal) return std::unexpected(std::move(*refusal));
    }
    return recipient;
}

} // namespace postern::smtp
