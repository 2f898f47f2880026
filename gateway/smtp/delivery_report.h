#pragma once

#include "gateway/smtp/envelope.h"
#include "gateway/smtp/report_facts.h"

#include <cstddef>
#include <string>
#include <string_view>

// A delivery status notification as the message it is (RFC 3461 6, 3464, 6522): multipart/report of
// an explanation for people, the delivery status for machines, and the header of the message.
namespace postern::smtp {

inline constexpr std::size_t returned_header_bytes_max = 64UL * 1024;
inline constexpr std::size_t returned_message_bytes_max = 64UL * 1024;

// Whether the report sends the whole message back rather than its header (RFC 3461 4.3): asked for
// with RET=FULL, something failed, nothing kept it confidential, and it is small.
[[nodiscard]] bool returns_message(const ReportFacts& facts);

// The message reported on, without stuffed dots, with CRLFs. The header section is enough unless
// returns_message().
struct OriginalText {
    std::string_view text;
    bool whole = false;
};

// A message ready to be queued.
struct DeliveryReport {
    Mail mail;           // from <>; says what a host must offer to take it
    Recipient recipient; // the sender of the message, NOTIFY=NEVER
    std::string text;    // header and body, dots not stuffed, no line over 998 bytes
};

// One report for all recipients in `facts`, of which there is at least one. The sender is not null:
// ask report_is_due().
[[nodiscard]] DeliveryReport
write_report(const ReportFacts& facts, const Reporter& reporter, const OriginalText& original);

} // namespace postern::smtp
