#include "gateway/receive/admission.h"

#include "gateway/smtp/replies.h"

#include <algorithm>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

// Keeps each setting once, in the order in which they are found.
void add(std::vector<const policy::Setting*>& settings, std::span<const policy::Match> matches) {
    for (const policy::Match& match : matches) {
        if (std::ranges::find(settings, match.setting) == settings.end()) {
            settings.push_back(match.setting);
        }
    }
}

bool met(const policy::Setting& setting, policy::Achieved achieved) {
    return setting.required(policy::Direction::inbound).met_by(achieved);
}

// The From domain to name in a refusal: of the first mailbox that this setting matches.
std::string_view domain_for(const policy::Setting& setting, std::span<const policy::Address> from) {
    for (const policy::Address& address : from) {
        for (const policy::AddressList* list : setting.address_lists) {
            if (list->find(address)) return address.domain();
        }
    }
    return from.empty() ? std::string_view{} : from.front().domain();
}

// An organization may have its own setting of that name, and may have switched it off.
bool is_overridden(const policy::Snapshot& policy, const policy::Setting& setting) {
    return std::ranges::any_of(policy.parts().settings, [&setting](const auto& other) {
        return other.get() != &setting && other->name == setting.name;
    });
}

} // namespace

std::string_view text(Verdict verdict) {
    switch (verdict) {
    case Verdict::accepted: return "accepted";
    case Verdict::refused: return "refused";
    case Verdict::deferred: return "deferred";
    }
    return "refused";
}

Judgement admit(const policy::Snapshot& policy,
                std::span<const policy::SettingSet* const> settings,
                std::span<const policy::Address> from,
                Standing standing) {
    Judgement judgement;
    policy::Required reported;
    for (const policy::SettingSet* set : settings) {
        const policy::Requirement requirement = policy.inbound_requirement(from, *set);
        judgement.required.raise(requirement.enforced.required);
        reported.raise(requirement.reported.required);
        add(judgement.settings, requirement.enforced.matches);
        add(judgement.reported, requirement.reported.matches);
    }
    judgement.would_refuse = !reported.met_by(standing.achieved);
    if (judgement.required.met_by(standing.achieved)) return judgement; // I9, I10

    const auto unmet = std::ranges::find_if(judgement.settings, [&](const policy::Setting* one) {
        return !met(*one, standing.achieved);
    });
    const policy::Setting& setting =
        unmet == judgement.settings.end() ? *judgement.settings.front() : **unmet;
    const std::string_view domain = domain_for(setting, from);
    judgement.verdict = Verdict::refused;
    if (standing.achieved.version != policy::TlsVersion::none) { // I13
        judgement.reply = replies::tls_version_required(
            policy::text(setting.minimum_tls_version), domain, setting.name);
    } else if (standing.start_tls == StartTls::offered) { // I11
        judgement.reply = replies::tls_required(domain, setting.name);
    } else { // I12: the client could not have done better
        judgement.verdict = Verdict::deferred;
        judgement.reply = replies::tls_required_later(domain, setting.name);
    }
    return judgement;
}

std::optional<smtp::Reply> refuse_early(const policy::Snapshot& policy,
                                        const policy::SettingSet& settings,
                                        const policy::Address& envelope_sender,
                                        Standing standing) {
    if (standing.achieved.version != policy::TlsVersion::none) return std::nullopt;
    const auto match = policy.refusal_at_mail(envelope_sender, settings);
    if (!match) return std::nullopt;
    if (standing.start_tls != StartTls::offered) {
        return replies::tls_required_later(envelope_sender.domain(), match->setting->name);
    }
    return replies::tls_required_at_mail(envelope_sender.domain(), match->setting->name);
}

std::optional<smtp::Reply> refuse_at_mail(const policy::Snapshot& policy,
                                          const policy::Address& envelope_sender,
                                          Standing standing) {
    const policy::SettingSet& settings = policy.inbound_settings_of_all();
    const auto match = policy.refusal_at_mail(envelope_sender, settings);
    if (!match || is_overridden(policy, *match->setting)) return std::nullopt;
    return refuse_early(policy, settings, envelope_sender, standing);
}

std::vector<policy::Address> senders_of(const smtp::Mailboxes& from,
                                        const policy::Address& envelope_sender) {
    std::vector<policy::Address> senders;
    senders.reserve(from.all.size());
    for (const smtp::Mailbox& mailbox : from.all) {
        senders.push_back(policy::Address::of_mailbox(mailbox.local(), mailbox.domain()));
    }
    if (senders.empty() && !envelope_sender.empty()) senders.push_back(envelope_sender);
    return senders;
}

} // namespace postern::receive
