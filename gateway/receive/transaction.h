#pragma once

#include "gateway/io/task.h"
#include "gateway/io/timer.h"
#include "gateway/receive/spoken.h"
#include "gateway/smtp/envelope.h"
#include "gateway/smtp/extension.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::receive {

class Intake;

// The envelope of one message as a session sees it, whichever way the message goes: MAIL, then RCPT
// after RCPT, then its content. Owned by a session; ends with the message, RSET or EHLO.
class Transaction {
public:
    Transaction(smtp::Mail mail, io::Clock::time_point began_at)
        : mail_(std::move(mail)), began_at_(began_at) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    virtual ~Transaction() = default;

    // RCPT. `argument` is what stands behind the verb.
    [[nodiscard]] virtual io::Task<Spoken> recipient(std::string_view argument,
                                                     const smtp::Extensions& offered) = 0;
    // DATA or the first BDAT: takes the content, and is gone before the transaction. Once, and only
    // while there is a recipient.
    [[nodiscard]] virtual std::unique_ptr<Intake> content() = 0;

    [[nodiscard]] const smtp::Mail& mail() const { return mail_; }
    // Those that have been accepted.
    [[nodiscard]] const std::vector<smtp::Recipient>& recipients() const { return recipients_; }
    [[nodiscard]] io::Clock::time_point began_at() const { return began_at_; }

    // For the log; "" where there is none.
    [[nodiscard]] virtual const std::string& id() const = 0;
    [[nodiscard]] virtual std::string_view organization() const = 0;
    [[nodiscard]] virtual std::string_view route_name() const { return {}; }
    // The next hop in use, "192.0.2.1:25".
    [[nodiscard]] virtual std::string_view host() const { return {}; }

protected:
    void add(smtp::Recipient recipient) { recipients_.push_back(std::move(recipient)); }

private:
    smtp::Mail mail_;
    std::vector<smtp::Recipient> recipients_;
    io::Clock::time_point began_at_;
};

} // namespace postern::receive
