#include "gateway/smtp/delivery_status.h"

#include "gateway/smtp/command.h"
#include "gateway/smtp/fold.h"
#include "gateway/smtp/foreign_text.h"
#include "gateway/smtp/received.h"
#include "gateway/smtp/utf8.h"
#include "gateway/smtp/xtext.h"

#include <algorithm>

namespace postern::smtp {

namespace {

// With name and type in front of it a value that cannot be folded still fits 998 bytes.
constexpr std::size_t value_bytes_max = 900;

// One field, from its name on. Its end is that of the object.
class StatusField {
public:
    StatusField(std::string& out, std::string_view name) : out_(out), folded_(out) {
        out_ += name;
        out_ += ':';
    }
    StatusField(const StatusField&) = delete;
    StatusField& operator=(const StatusField&) = delete;
    ~StatusField() { out_ += "\r\n"; }

    // Stays together; an address may have blanks in it.
    StatusField& whole(std::string_view value) {
        folded_.add(ascii_line(value, value_bytes_max));
        return *this;
    }
    // May be folded at every blank.
    StatusField& words(std::string_view value) {
        const std::string line = ascii_line(value, value_bytes_max);
        std::string_view rest = line;
        for (;;) {
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            if (rest.empty()) return *this;
            const std::string_view word = rest.substr(0, rest.find(' '));
            folded_.add(word);
            rest.remove_prefix(word.size());
        }
    }

private:
    std::string& out_;
    Folded folded_;
};

void append_date_field(std::string& out,
                       std::string_view name,
                       std::time_t time,
                       const Reporter& reporter) {
    std::string date;
    append_date(date, time, reporter.offset_minutes);
    StatusField(out, name).whole(date);
}

// ORCPT as it came, type;xtext (RFC 3461 4.2), or type utf-8 in one of its own forms (RFC 6533 3).
void append_original_recipient(std::string& out, std::string_view original) {
    const std::size_t semicolon = std::min(original.find(';'), original.size());
    const std::string_view type = original.substr(0, semicolon);
    const std::string_view encoded = original.substr(std::min(semicolon + 1, original.size()));
    std::string address;
    if (equal_without_case(type, "utf-8"))
        append_original_as_utf8_xtext(address, encoded);
    else
        address = decode_xtext(encoded).value_or("");
    if (type.empty() || address.empty()) return;
    StatusField(out, "Original-Recipient").whole(std::string(type) + ";").whole(address);
}

void append_final_recipient(std::string& out, const Path& path) {
    StatusField field(out, "Final-Recipient");
    if (!path.needs_smtputf8()) {
        field.whole("rfc822;").whole(path.address());
        return;
    }
    std::string address;
    append_utf8_xtext(address, path.address());
    field.whole("utf-8;").whole(address);
}

// RFC 3464 2.3.6: type smtp is what the other host said and nothing else.
void append_diagnostic(std::string& out, const ReportedRecipient& recipient) {
    if (!recipient.reply.empty()) {
        std::string reply = recipient.reply;
        std::ranges::replace(reply, '\n', ' ');
        StatusField(out, "Diagnostic-Code").whole("smtp;").words(reply);
        return;
    }
    if (recipient.trouble == Trouble::none) return;
    std::string diagnosis(cause(recipient.trouble));
    if (!recipient.detail.empty()) diagnosis += ": " + recipient.detail;
    StatusField(out, "Diagnostic-Code").whole("x-postern;").words(diagnosis);
}

void append_recipient(std::string& out,
                      const ReportedRecipient& recipient,
                      const Reporter& reporter) {
    append_original_recipient(out, recipient.recipient.original);
    append_final_recipient(out, recipient.recipient.path);
    StatusField(out, "Action").whole(text(recipient.action));
    StatusField(out, "Status").whole(status_text(recipient));
    if (!recipient.host.empty()) StatusField(out, "Remote-MTA").whole("dns;").words(recipient.host);
    append_diagnostic(out, recipient);
    append_date_field(out, "Last-Attempt-Date", recipient.last_attempt, reporter);
    if (recipient.action == Action::delayed)
        append_date_field(out, "Will-Retry-Until", recipient.retry_until, reporter);
}

} // namespace

std::string delivery_status(const ReportFacts& facts, const Reporter& reporter) {
    std::string out;
    StatusField(out, "Reporting-MTA").whole("dns;").words(reporter.hostname);
    const std::string id = decode_xtext(facts.mail.envelope_id).value_or("");
    if (!id.empty()) StatusField(out, "Original-Envelope-Id").whole(id);
    append_date_field(out, "Arrival-Date", facts.arrival, reporter);
    for (const ReportedRecipient& recipient : facts.recipients) {
        out += "\r\n";
        append_recipient(out, recipient, reporter);
    }
    return out;
}

} // namespace postern::smtp
