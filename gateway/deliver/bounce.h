#pragma once

#include "gateway/deliver/office.h"
#include "gateway/deliver/outcome.h"
#include "gateway/io/task.h"
#include "gateway/smtp/report_facts.h"
#include "gateway/spool/message.h"

#include <expected>
#include <string>
#include <vector>

namespace postern::deliver {

// How an outcome is told to people.
[[nodiscard]] smtp::Trouble trouble_of(const Outcome& outcome);

// What a report says of one recipient. `setting`: the one that demanded TLS, or "".
[[nodiscard]] smtp::ReportedRecipient reported(const spool::Recipient& recipient,
                                               const Outcome& outcome,
                                               smtp::Action action,
                                               std::string_view setting);

// Puts one report about these recipients of a message in hand into the queue (RFC 3461 6). On an
// error it is not there, and the caller keeps the recipients waiting.
[[nodiscard]] io::Task<std::expected<void, spool::Error>>
send_report(Office& office,
            const spool::Message& message,
            std::vector<smtp::ReportedRecipient> recipients,
            bool confidential);

} // namespace postern::deliver
