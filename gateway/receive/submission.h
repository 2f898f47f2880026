#pragma once

#include "gateway/policy_in_use.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/surroundings.h"
#include "gateway/receive/transaction.h"
#include "gateway/smtp/reply.h"
#include "gateway/spool/log.h"
#include "policy/address.h"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::receive {

// A message to outside, which goes into the queue: MAIL and RCPT are answered by us, and nobody is
// asked. What is demanded of its way is found out with each attempt, not here.
class Submission final : public Transaction {
public:
    // MAIL. `argument` is what stands behind the verb; whether the client may submit at all has
    // been asked before.
    [[nodiscard]] static std::expected<std::unique_ptr<Submission>, smtp::Reply>
    begin(Surroundings& surroundings,
          const Facts& facts,
          std::string_view argument,
          const smtp::Extensions& offered);

    // The surroundings have a spool.
    Submission(Surroundings& surroundings, const Facts& facts, smtp::Mail mail);

    [[nodiscard]] io::Task<Spoken> recipient(std::string_view argument,
                                             const smtp::Extensions& offered) override;
    [[nodiscard]] std::unique_ptr<Intake> content() override;

    // The queue's; "" before there is content.
    [[nodiscard]] const std::string& id() const override { return id_; }
    void set_id(std::string id) { id_ = std::move(id); }
    // The sender's (COMPLIANCE, "Organization").
    [[nodiscard]] std::string_view organization() const override { return organization_; }
    // It waits for the disk from now on.
    void arrived() { coming_.reset(); }
    [[nodiscard]] const policy::Address& sender() const { return sender_; }

private:
    [[nodiscard]] smtp::Reply answer(std::string_view argument, const smtp::Extensions& offered);

    Surroundings& surroundings_;
    const Facts& facts_;
    gateway::PolicyReference policy_;
    std::optional<spool::Log::Coming> coming_;
    std::string id_;
    policy::Address sender_;
    std::string_view organization_;
};

} // namespace postern::receive
