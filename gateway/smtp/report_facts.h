#pragma once

#include "gateway/smtp/envelope.h"
#include "gateway/smtp/reply.h"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

// What a delivery status notification is made of (RFC 3464), as values.
namespace postern::smtp {

enum class Action : std::uint8_t {
    failed,
    delayed,
    delivered, // into the mailbox
    relayed,   // to a host that reports no success
    expanded,  // to the addresses it stands for
};
// As RFC 3464 2.3.3 spells it.
[[nodiscard]] std::string_view text(Action action);

// Why a recipient was not reached, as people are told (COMPLIANCE O4 to O19).
enum class Trouble : std::uint8_t {
    none,
    starttls_not_supported,    // O4
    starttls_refused,          // O5
    handshake_failed,          // O6
    version_too_low,           // O6
    certificate_not_trusted,   // O7
    certificate_expired,       // O8, or not valid yet
    certificate_host_mismatch, // O9
    refused,                   // O16: a reply 5xx
    deferred,                  // a reply 4xx
    unreachable,               // O14
    no_such_domain,            // O15
    no_mail_accepted,          // O15: null MX
    not_capable,               // an extension that the message needs is missing
    ours,                      // O19
    other,
};
// "starttls-refused": the name of its text in deploy/reports.
[[nodiscard]] std::string_view text(Trouble trouble);
// "starttls-not-supported": the cause as COMPLIANCE and the log name it.
[[nodiscard]] std::string_view cause(Trouble trouble);
[[nodiscard]] constexpr bool is_about_tls(Trouble trouble) {
    return trouble >= Trouble::starttls_not_supported &&
           trouble <= Trouble::certificate_host_mismatch;
}

inline constexpr EnhancedCode delivery_time_expired{5, 4, 7}; // RFC 3463 3.5

// One recipient after an attempt. Strings may be foreign text: they are cleaned where they are
// used.
struct ReportedRecipient {
    Recipient recipient;
    Action action = Action::failed;
    EnhancedCode status;
    Trouble trouble = Trouble::none;
    std::string host;    // the last one that was reached, by name or [address]; "": none was
    std::string reply;   // what it said, code first, several lines separated by '\n'; "": nothing
    std::string detail;  // technical words of our own about the trouble; "": none
    std::string setting; // the name of the setting that demanded TLS; "": none did
    unsigned attempts = 1;
    std::time_t last_attempt = 0;
    std::time_t retry_until = 0; // when `delayed`
};

// "5.7.10". Where no code is known, 5.0.0, 4.0.0 or 2.0.0 by the action (RFC 3464 2.3.4).
[[nodiscard]] std::string status_text(const ReportedRecipient& recipient);

// The message, and all recipients of it that one report is about.
struct ReportFacts {
    Mail mail;
    std::time_t arrival = 0;
    std::uint64_t message_bytes = 0;
    bool confidential = false; // some demand was made for it: its body is never sent back
    std::vector<ReportedRecipient> recipients;
};

enum class Language : std::uint8_t {
    english,
    japanese, // and English below it
};

// Who reports, and when.
struct Reporter {
    std::string hostname;
    std::string postmaster; // the address of the people who run us
    Language language = Language::english;
    std::string id; // of this report, printable, unique on this host
    std::time_t now = 0;
    int offset_minutes = 0; // of local time to UTC, east positive
};

} // namespace postern::smtp
