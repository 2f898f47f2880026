#pragma once

#include "gateway/smtp/envelope.h"
#include "gateway/smtp/report_facts.h"

#include <cstdint>

namespace postern::smtp {

// Whether the host that took a message over speaks DSN itself. Then append_mail and append_rcpt
// have handed on what was asked for, and success is for it to report (RFC 3461 5.2.1, 5.2.2).
enum class NextHop : std::uint8_t { without_dsn, with_dsn };

// Whether the sender is to be told what became of a recipient (RFC 3461 4.1, 5.2; COMPLIANCE O17).
// Without NOTIFY: of failure and delay. `next_hop` counts for `relayed` only.
[[nodiscard]] bool
report_is_due(const Path& sender, const Notify& notify, Action action, NextHop next_hop);

} // namespace postern::smtp
