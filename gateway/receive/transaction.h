#pragma once

#include "gateway/io/task.h"
#include "gateway/io/timer.h"
#include "gateway/policy_in_use.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/spoken.h"
#include "gateway/receive/surroundings.h"
#include "gateway/relay/delivery.h"
#include "gateway/smtp/envelope.h"
#include "gateway/smtp/extension.h"
#include "policy/address.h"

#include <cassert>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::receive {

// The envelope of one inbound message: MAIL, then RCPT after RCPT, each carried to the next hop at
// once. It keeps the policy it began with. Owned by a session; ends with the message, RSET or EHLO.
class Transaction {
public:
    // MAIL. `argument` is what stands behind the verb.
    [[nodiscard]] static std::expected<std::unique_ptr<Transaction>, smtp::Reply>
    begin(Surroundings& surroundings,
          const Facts& facts,
          std::string_view argument,
          const smtp::Extensions& offered);

    Transaction(Surroundings& surroundings, const Facts& facts, smtp::Mail mail);

    // RCPT. The next hop's own answer, or ours where the rules say no.
    [[nodiscard]] io::Task<Spoken> recipient(std::string_view argument,
                                             const smtp::Extensions& offered);

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const smtp::Mail& mail() const { return mail_; }
    [[nodiscard]] const policy::Address& sender() const { return sender_; }
    // Those that the next hop has accepted.
    [[nodiscard]] const std::vector<smtp::Recipient>& recipients() const { return recipients_; }
    [[nodiscard]] const policy::Snapshot& policy() const { return policy_.snapshot(); }
    [[nodiscard]] const std::vector<const policy::SettingSet*>& settings() const {
        return settings_;
    }
    [[nodiscard]] const policy::Route* route() const { return route_; }
    [[nodiscard]] std::string_view organization() const { return organization_; }
    // The next hop in use, "192.0.2.1:25"; "" before there is one.
    [[nodiscard]] std::string_view host() const {
        return delivery_ ? std::string_view{delivery_->host()} : std::string_view{};
    }
    // Only while there is a recipient.
    [[nodiscard]] relay::Delivery& delivery() {
        assert(delivery_.has_value());
        return *delivery_;
    }
    [[nodiscard]] io::Clock::time_point began_at() const { return began_at_; }

private:
    [[nodiscard]] std::optional<smtp::Reply> complete_postmaster(smtp::Recipient& recipient) const;
    [[nodiscard]] std::optional<smtp::Reply> may_join(const policy::Route& route,
                                                      const policy::SettingSet& settings) const;
    [[nodiscard]] io::Task<Spoken> ask_next_hop(smtp::Recipient recipient,
                                                const policy::SettingSet& settings);

    Surroundings& surroundings_;
    const Facts& facts_;
    gateway::PolicyReference policy_;
    std::string id_;
    smtp::Mail mail_;
    policy::Address sender_;
    std::vector<smtp::Recipient> recipients_;
    std::vector<const policy::SettingSet*> settings_; // of the recipients so far, each once
    const policy::Route* route_ = nullptr;
    std::string_view organization_;
    std::optional<relay::Delivery> delivery_;
    io::Clock::time_point began_at_;
};

} // namespace postern::receive
