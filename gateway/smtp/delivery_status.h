#pragma once

#include "gateway/smtp/report_facts.h"

#include <string>

namespace postern::smtp {

// The part of a report that machines read, message/delivery-status (RFC 3464): printable ASCII, an
// address beyond it in the form of RFC 6533 3. Ends with a CRLF.
[[nodiscard]] std::string delivery_status(const ReportFacts& facts, const Reporter& reporter);

} // namespace postern::smtp
