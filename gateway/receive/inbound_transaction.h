#pragma once

#include "gateway/policy_in_use.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/surroundings.h"
#include "gateway/receive/transaction.h"
#include "gateway/relay/delivery.h"
#include "policy/address.h"

#include <cassert>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::receive {

// A message from outside: each RCPT is carried to the next hop at once. It keeps the policy it
// began with.
class InboundTransaction final : public Transaction {
public:
    // MAIL. `argument` is what stands behind the verb.
    [[nodiscard]] static std::expected<std::unique_ptr<InboundTransaction>, smtp::Reply>
    begin(Surroundings& surroundings,
          const Facts& facts,
          std::string_view argument,
          const smtp::Extensions& offered);

    InboundTransaction(Surroundings& surroundings, const Facts& facts, smtp::Mail mail);

    // The next hop's own answer, or ours where the rules say no.
    [[nodiscard]] io::Task<Spoken> recipient(std::string_view argument,
                                             const smtp::Extensions& offered) override;
    [[nodiscard]] std::unique_ptr<Intake> content() override;

    [[nodiscard]] const std::string& id() const override { return id_; }
    [[nodiscard]] std::string_view organization() const override { return organization_; }
    [[nodiscard]] std::string_view route_name() const override {
        return route_ != nullptr ? std::string_view{route_->name} : std::string_view{};
    }
    [[nodiscard]] std::string_view host() const override {
        return delivery_ ? std::string_view{delivery_->host()} : std::string_view{};
    }

    [[nodiscard]] const policy::Address& sender() const { return sender_; }
    [[nodiscard]] const policy::Snapshot& policy() const { return policy_.snapshot(); }
    [[nodiscard]] const std::vector<const policy::SettingSet*>& settings() const {
        return settings_;
    }
    [[nodiscard]] const policy::Route* route() const { return route_; }
    // Only while there is a recipient.
    [[nodiscard]] relay::Delivery& delivery() {
        assert(delivery_.has_value());
        return *delivery_;
    }

private:
    [[nodiscard]] std::optional<smtp::Reply> may_join(const policy::Route& route,
                                                      const policy::SettingSet& settings) const;
    [[nodiscard]] io::Task<Spoken> ask_next_hop(smtp::Recipient recipient,
                                                const policy::SettingSet& settings);

    Surroundings& surroundings_;
    const Facts& facts_;
    gateway::PolicyReference policy_;
    std::string id_;
    policy::Address sender_;
    std::vector<const policy::SettingSet*> settings_; // of the recipients so far, each once
    const policy::Route* route_ = nullptr;
    std::string_view organization_;
    std::optional<relay::Delivery> delivery_;
};

} // namespace postern::receive
