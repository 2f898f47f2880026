#pragma once

#include "gateway/smtp/report_facts.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

// Facts that the tests of reports begin with and change.
namespace postern::smtp::test {

inline constexpr std::time_t report_arrival = 1057049557; // Tue, 1 Jul 2003 10:52:37 +0200

inline Path path_of(std::string_view address) {
    const auto read = read_path("<" + std::string(address) + ">", PathKind::forward, Utf8::allowed);
    REQUIRE(read.has_value());
    return read->path;
}

// A certificate for another host, as COMPLIANCE O9 tells of it.
inline ReportedRecipient mismatch(std::string_view address = "bob@bank.example") {
    ReportedRecipient recipient;
    recipient.recipient.path = path_of(address);
    recipient.status = {.status = 5, .subject = 7, .detail = 5};
    recipient.trouble = Trouble::certificate_host_mismatch;
    recipient.host = "mx.bank.example";
    recipient.detail = "issued for www.bank.example";
    recipient.setting = "banks over TLS";
    recipient.last_attempt = report_arrival + 2;
    return recipient;
}

// A host without DSN took it, as was to be reported.
inline ReportedRecipient relayed(std::string_view address = "carol@bank.example") {
    ReportedRecipient recipient;
    recipient.recipient.path = path_of(address);
    recipient.action = Action::relayed;
    recipient.status = {.status = 2, .subject = 0, .detail = 0};
    recipient.host = "mx.bank.example";
    recipient.reply = "250 2.0.0 queued as 4711";
    recipient.last_attempt = report_arrival + 2;
    return recipient;
}

inline ReportedRecipient delayed(std::string_view address = "dave@slow.example") {
    ReportedRecipient recipient;
    recipient.recipient.path = path_of(address);
    recipient.action = Action::delayed;
    recipient.status = {.status = 4, .subject = 4, .detail = 1};
    recipient.trouble = Trouble::unreachable;
    recipient.attempts = 8;
    recipient.last_attempt = report_arrival + 4L * 3600;
    recipient.retry_until = report_arrival + 5L * 86400;
    return recipient;
}

inline ReportFacts facts_of(ReportedRecipient recipient) {
    ReportFacts facts;
    facts.mail.sender = path_of("alice@sender.example");
    facts.arrival = report_arrival;
    facts.message_bytes = 100;
    facts.confidential = !recipient.setting.empty();
    facts.recipients.push_back(std::move(recipient));
    return facts;
}

inline Reporter reporter() {
    return {.hostname = "mx1.sender.example",
            .postmaster = "postmaster@sender.example",
            .language = Language::english,
            .id = "64535e1c0b2a1-0-1f",
            .now = report_arrival + 3,
            .offset_minutes = 120};
}

} // namespace postern::smtp::test
