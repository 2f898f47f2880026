#pragma once

#include "gateway/smtp/report_facts.h"

#include <string>
#include <string_view>

// The part of a report that people read, in the words of deploy/reports.
namespace postern::smtp {

// What of the message the report sends back.
enum class Returned : std::uint8_t { header, message };

// UTF-8, one line; tells of the worst that happened.
[[nodiscard]] std::string_view report_subject(const ReportFacts& facts, Language language);

// UTF-8 with CRLFs. Foreign text in it is cleaned and bounded.
[[nodiscard]] std::string
report_explanation(const ReportFacts& facts, const Reporter& reporter, Returned returned);

} // namespace postern::smtp
