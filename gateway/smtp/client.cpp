#include "gateway/smtp/client.h"

#include "gateway/smtp/utf8.h"
#include "gateway/smtp/xtext.h"

#include <array>
#include <charconv>

namespace postern::smtp {

namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

void append_notify(std::string& out, const Notify& notify) {
    out += " NOTIFY=";
    if (notify.never) {
        out += "NEVER";
        return;
    }
    bool first = true;
    const auto add = [&](bool given, std::string_view word) {
        if (!given) return;
        if (!first) out += ',';
        first = false;
        out += word;
    };
    add(notify.success, "SUCCESS");
    add(notify.failure, "FAILURE");
    add(notify.delay, "DELAY");
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += '=';
    if (value.empty()) {
        out += "[UNAVAILABLE]";
    } else {
        append_xtext(out, value);
    }
}

} // namespace

void append_ehlo(std::string& out, std::string_view hostname) {
    out += "EHLO ";
    out += hostname;
    out += "\r\n";
}

void append_helo(std::string& out, std::string_view hostname) {
    out += "HELO ";
    out += hostname;
    out += "\r\n";
}

void append_starttls(std::string& out) { out += "STARTTLS\r\n"; }
void append_data(std::string& out) { out += "DATA\r\n"; }
void append_rset(std::string& out) { out += "RSET\r\n"; }
void append_noop(std::string& out) { out += "NOOP\r\n"; }
void append_quit(std::string& out) { out += "QUIT\r\n"; }

void append_bdat(std::string& out, std::uint64_t bytes, Chunk chunk) {
    out += "BDAT ";
    append_number(out, bytes);
    out += chunk == Chunk::last ? " LAST\r\n" : "\r\n";
}

std::optional<Extension> lacking(const Mail& mail, const Extensions& peer) {
    const bool utf8 = mail.smtputf8 || mail.sender.needs_smtputf8();
    if (utf8 && !peer.has(Extension::smtputf8)) return Extension::smtputf8;
    const bool eight_bit = mail.body == Body::eight_bit_mime;
    if (eight_bit && !peer.has(Extension::eight_bit_mime)) return Extension::eight_bit_mime;
    return std::nullopt;
}

std::optional<Extension> lacking(const Recipient& recipient, const Extensions& peer) {
    const bool utf8 = recipient.path.needs_smtputf8();
    if (utf8 && !peer.has(Extension::smtputf8)) return Extension::smtputf8;
    return std::nullopt;
}

void append_mail(std::string& out, const Mail& mail, const Extensions& peer) {
    out += "MAIL FROM:<";
    out += mail.sender.address();
    out += '>';
    if (mail.size && peer.has(Extension::size)) {
        out += " SIZE=";
        append_number(out, *mail.size);
    }
    if (mail.body != Body::unspecified && peer.has(Extension::eight_bit_mime))
        out += mail.body == Body::seven_bit ? " BODY=7BIT" : " BODY=8BITMIME";
    if (mail.smtputf8 && peer.has(Extension::smtputf8)) out += " SMTPUTF8";
    if (peer.has(Extension::dsn)) {
        if (mail.return_content != ReturnContent::unspecified)
            out += mail.return_content == ReturnContent::full ? " RET=FULL" : " RET=HDRS";
        if (!mail.envelope_id.empty()) {
            out += " ENVID=";
            out += mail.envelope_id;
        }
    }
    out += "\r\n";
}

void append_rcpt(std::string& out, const Recipient& recipient, const Extensions& peer) {
    out += "RCPT TO:<";
    out += recipient.path.address();
    out += '>';
    if (peer.has(Extension::dsn)) {
        if (recipient.notify.given()) append_notify(out, recipient.notify);
        if (!recipient.original.empty()) {
            out += " ORCPT=";
            // RFC 6533 3: raw UTF-8 in it needs SMTPUTF8, its other form does not.
            const bool sayable = is_ascii(recipient.original) || peer.has(Extension::smtputf8);
            if (sayable)
                out += recipient.original;
            else
                append_original_as_utf8_xtext(out, recipient.original);
        }
    }
    out += "\r\n";
}

void append_xclient(std::string& out, const XclientFacts& facts, const Extensions& peer) {
    out += "XCLIENT";
    if (peer.has(XclientAttribute::name)) append_attribute(out, "NAME", facts.name);
    if (peer.has(XclientAttribute::addr)) {
        const bool ipv6 = facts.address.find(':') != std::string_view::npos;
        append_attribute(
            out, "ADDR", ipv6 ? "IPV6:" + std::string(facts.address) : std::string(facts.address));
    }
    if (peer.has(XclientAttribute::port))
        append_attribute(out, "PORT", facts.port == 0 ? std::string() : std::to_string(facts.port));
    if (peer.has(XclientAttribute::proto))
        append_attribute(out, "PROTO", facts.extended ? "ESMTP" : "SMTP");
    if (peer.has(XclientAttribute::helo)) append_attribute(out, "HELO", facts.helo);
    out += "\r\n";
}

} // namespace postern::smtp
