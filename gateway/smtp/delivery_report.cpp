#include "gateway/smtp/delivery_report.h"

#include "gateway/smtp/delivery_status.h"
#include "gateway/smtp/field.h"
#include "gateway/smtp/foreign_text.h"
#include "gateway/smtp/quoted_printable.h"
#include "gateway/smtp/received.h"
#include "gateway/smtp/report_explanation.h"
#include "gateway/smtp/utf8.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace postern::smtp {

namespace {

constexpr std::size_t id_bytes_max = 40;        // a boundary has 70 at most (RFC 2046 5.1.1)
constexpr std::size_t hostname_bytes_max = 255; // RFC 5321 4.5.3.1.2

struct Part {
    std::string header; // its MIME fields, without the encoding
    std::string body;
    std::string_view encoding = "7bit";
};

Part text_part(std::string header, std::string_view body) {
    if (is_seven_bit(body))
        return {.header = std::move(header), .body = std::string(body), .encoding = "7bit"};
    Part part{.header = std::move(header), .body = {}, .encoding = "quoted-printable"};
    append_quoted_printable(part.body, body);
    return part;
}

std::string_view charset_of(std::string_view body) {
    if (is_ascii(body)) return "us-ascii";
    return is_utf8(body) ? "utf-8" : "unknown-8bit";
}

Part explanation_part(const ReportFacts& facts, const Reporter& reporter, Returned returned) {
    const std::string body = report_explanation(facts, reporter, returned);
    std::string header = "Content-Type: text/plain; charset=" + std::string(charset_of(body));
    header += reporter.language == Language::japanese ? "\r\nContent-Language: ja, en"
                                                      : "\r\nContent-Language: en";
    return text_part(std::move(header), body);
}

// Whole fields, as far as there is room.
std::string header_section_of(std::string_view message) {
    std::string section;
    FieldReader reader(message, Stuffing::plain);
    while (const auto field = reader.next()) {
        if (section.size() + field->lines.size() > returned_header_bytes_max) break;
        section += field->lines;
    }
    return section;
}

Part header_part(std::string_view message) {
    const std::string section = header_section_of(message);
    std::string header = "Content-Type: text/rfc822-headers";
    // RFC 6533 4: the parameter says what the fields of mail with SMTPUTF8 are.
    const std::string_view charset = charset_of(section);
    if (charset != "us-ascii") header += "; charset=" + std::string(charset);
    return text_part(std::move(header), section);
}

// A message inside cannot be encoded (RFC 2046 5.2.1): it may be sent back only as it is.
Part message_part(std::string_view message, const Mail& mail) {
    return {.header = mail.smtputf8 ? "Content-Type: message/global" // RFC 6532 3.7
                                    : "Content-Type: message/rfc822",
            .body = std::string(message),
            .encoding = is_seven_bit(message) ? "7bit" : "8bit"};
}

// Letters, digits and what else may stand in a boundary and in a Message-ID.
std::string id_word(std::string_view id) {
    std::string word = ascii_line(id, id_bytes_max);
    std::erase_if(word, [](char byte) {
        const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        return !letter && !(byte >= '0' && byte <= '9') && byte != '-';
    });
    return word;
}

using Parts = std::array<Part, 3>;

// The message inside was written by somebody who may guess our boundaries, so look.
std::string boundary_for(const Parts& parts, const std::string& id) {
    for (unsigned count = 0;; ++count) {
        std::string boundary = "=_" + id + "_" + std::to_string(count);
        const bool occurs = std::ranges::any_of(
            parts, [&](const Part& part) { return part.body.find(boundary) != std::string::npos; });
        if (!occurs) return boundary;
    }
}

void append_header(std::string& out,
                   const ReportFacts& facts,
                   const Reporter& reporter,
                   const std::string& id) {
    const std::string hostname = ascii_line(reporter.hostname, hostname_bytes_max);
    out += "From: Mail Delivery System <";
    out += readable_line(reporter.postmaster, hostname_bytes_max * 2);
    out += ">\r\nTo: <";
    out += facts.mail.sender.address();
    out += ">\r\nSubject: ";
    append_unstructured(out, report_subject(facts, reporter.language));
    out += "\r\nDate: ";
    append_date(out, reporter.now, reporter.offset_minutes);
    out += "\r\nMessage-ID: <" + id + "@" + hostname + ">\r\n";
    out += "Auto-Submitted: auto-replied\r\n"; // RFC 3834 5
    out += "MIME-Version: 1.0\r\n";
}

void append_parts(std::string& out, const Parts& parts, const std::string& boundary) {
    // RFC 2045 6.4: what holds 8bit is 8bit.
    if (parts.back().encoding == "8bit") out += "Content-Transfer-Encoding: 8bit\r\n";
    out += "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"";
    out += boundary + "\"\r\n\r\n";
    for (const Part& part : parts) {
        out += "--" + boundary + "\r\n" + part.header;
        out += "\r\nContent-Transfer-Encoding: ";
        out += part.encoding;
        out += "\r\n\r\n" + part.body + "\r\n";
    }
    out += "--" + boundary + "--\r\n";
}

} // namespace

bool returns_message(const ReportFacts& facts) {
    const bool failed =
        std::ranges::find(facts.recipients, Action::failed, &ReportedRecipient::action) !=
        facts.recipients.end();
    return failed && facts.mail.return_content == ReturnContent::full && !facts.confidential &&
           facts.message_bytes <= returned_message_bytes_max;
}

DeliveryReport
write_report(const ReportFacts& facts, const Reporter& reporter, const OriginalText& original) {
    assert(!facts.mail.sender.is_null());
    assert(!facts.recipients.empty());
    const bool whole = original.whole && returns_message(facts) &&
                       original.text.size() <= returned_message_bytes_max &&
                       is_eight_bit(original.text);
    const Returned returned = whole ? Returned::message : Returned::header;
    const Parts parts{explanation_part(facts, reporter, returned),
                      Part{.header = "Content-Type: message/delivery-status",
                           .body = delivery_status(facts, reporter)},
                      whole ? message_part(original.text, facts.mail) : header_part(original.text)};
    const std::string id = id_word(reporter.id);

    DeliveryReport report;
    append_header(report.text, facts, reporter, id);
    append_parts(report.text, parts, boundary_for(parts, id));
    report.mail.size = report.text.size();
    report.mail.body = parts.back().encoding == "8bit" ? Body::eight_bit_mime : Body::seven_bit;
    // Only the address it goes to may be beyond ASCII outside of the parts.
    report.mail.smtputf8 = facts.mail.sender.needs_smtputf8();
    report.recipient.path = facts.mail.sender;
    report.recipient.notify.never = true;
    return report;
}

} // namespace postern::smtp
