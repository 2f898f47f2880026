#include "gateway/receive/inbound_transaction.h"

#include "gateway/receive/address.h"
#include "gateway/receive/inbound_intake.h"
#include "gateway/smtp/replies.h"

#include <algorithm>
#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

} // namespace

InboundTransaction::InboundTransaction(Surroundings& surroundings,
                                       const Facts& facts,
                                       smtp::Mail mail)
    : Transaction(std::move(mail), surroundings.ring.now())
    , surroundings_(surroundings)
    , facts_(facts)
    , policy_(surroundings.policy.take())
    , id_(surroundings.identifiers.next())
    , sender_(address_of(Transaction::mail().sender)) {}

std::expected<std::unique_ptr<InboundTransaction>, smtp::Reply>
InboundTransaction::begin(Surroundings& surroundings,
                          const Facts& facts,
                          std::string_view argument,
                          const smtp::Extensions& offered) {
    auto mail = smtp::parse_mail(argument, offered);
    if (!mail) return std::unexpected{std::move(mail.error())};
    auto transaction = std::make_unique<InboundTransaction>(surroundings, facts, std::move(*mail));
    auto refused = refuse_at_mail(transaction->policy(), transaction->sender(), facts.standing);
    if (refused) return std::unexpected{std::move(*refused)};
    return transaction;
}

// COMPLIANCE I7 and I8: what a further recipient must have in common with those before.
std::optional<smtp::Reply> InboundTransaction::may_join(const policy::Route& route,
                                                        const policy::SettingSet& settings) const {
    if (auto refused = refuse_early(policy(), settings, sender_, facts_.standing)) return refused;
    if (route_ == nullptr) return std::nullopt;
    if (route_ != &route) return replies::separate_transaction();
    if (std::ranges::find(settings_, &settings) != settings_.end()) return std::nullopt;
    policy::Required strictest = settings.strictest();
    for (const policy::SettingSet* other : settings_) {
        strictest.raise(other->strictest());
    }
    if (!strictest.met_by(facts_.standing.achieved)) return replies::separate_transaction();
    return std::nullopt;
}

io::Task<Spoken> InboundTransaction::recipient(std::string_view argument,
                                               const smtp::Extensions& offered) {
    const smtp::Utf8 utf8 = mail().smtputf8 ? smtp::Utf8::allowed : smtp::Utf8::refused;
    auto parsed = smtp::parse_rcpt(argument, offered, utf8);
    if (!parsed) co_return Spoken::ours(parsed.error());
    if (recipients().size() >= surroundings_.settings->limits.recipients) {
        co_return Spoken::ours(replies::too_many_recipients());
    }
    if (parsed->path.domain().empty()) {
        if (!complete_postmaster(parsed->path, policy(), surroundings_.settings->hostname)) {
            co_return Spoken::ours(replies::no_route(""));
        }
    }
    const policy::Address address = address_of(parsed->path);
    const policy::Route* const route =
        policy().is_ours(address) ? policy().route_for(address.domain()) : nullptr;
    if (route == nullptr) co_return Spoken::ours(replies::no_route(address.domain()));
    const policy::SettingSet& settings = policy().inbound_settings(address);
    if (const auto refused = may_join(*route, settings)) co_return Spoken::ours(*refused);

    if (route_ == nullptr) {
        route_ = route;
        delivery_.emplace(surroundings_.relay, policy_.routes().of(*route));
    }
    if (organization_.empty()) {
        if (const policy::Organization* owner = policy().organization_of(address)) {
            organization_ = owner->name;
        }
    }
    co_return co_await ask_next_hop(std::move(*parsed), settings);
}

io::Task<Spoken> InboundTransaction::ask_next_hop(smtp::Recipient recipient,
                                                  const policy::SettingSet& settings) {
    const relay::Answer answer =
        co_await delivery().recipient(facts_.for_relay(), mail(), recipient);
    if (answer.failure) {
        surroundings_.recorder.next_hop_failed(facts_, *this, *answer.failure);
    }
    if (answer.positive()) {
        add(std::move(recipient));
        if (std::ranges::find(settings_, &settings) == settings_.end()) {
            settings_.push_back(&settings);
        }
    } else if (recipients().empty()) {
        // Nobody to be compared with: the next recipient is a first one again.
        delivery_.reset();
        route_ = nullptr;
        organization_ = {};
    }
    co_return Spoken::of(answer);
}

std::unique_ptr<Intake> InboundTransaction::content() {
    return std::make_unique<InboundIntake>(surroundings_, facts_, *this);
}

} // namespace postern::receive
