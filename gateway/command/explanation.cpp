#include "gateway/command/explanation.h"

#include "gateway/deliver/course.h"
#include "gateway/smtp/replies.h"

#include <utility>

namespace postern::command {
namespace {

using policy::Demand;
using policy::TlsVersion;
using receive::Verdict;

std::string line_of(const smtp::Reply& reply) {
    std::string line = smtp::wire_text(reply);
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.pop_back();
    return line;
}

// As in a session: MAIL is judged before anything is known of the recipient, and RCPT only if the
// recipient is ours.
std::string early_reply(const policy::Snapshot& policy,
                        const policy::SettingSet* to_rcpt,
                        const policy::Address& sender,
                        receive::Standing standing) {
    auto early = receive::refuse_at_mail(policy, sender, standing);
    if (!early && to_rcpt != nullptr)
        early = receive::refuse_early(policy, *to_rcpt, sender, standing);
    return early ? line_of(*early) : std::string{};
}

void decide_inbound(const policy::Snapshot& policy, Explanation& made) {
    const Question& question = made.question;
    made.settings = &policy.inbound_settings(question.to);
    made.requirement = policy.inbound_requirement(question.from, *made.settings);
    made.required = made.requirement.enforced.required;
    const bool in_clear = question.tls == TlsVersion::none;
    const receive::Standing standing{
        .achieved = {.level = in_clear ? Demand::none : Demand::tls, .version = question.tls},
        .start_tls = question.start_tls};
    const bool is_ours = policy.is_ours(question.to) && made.route != nullptr;
    const policy::SettingSet* const to_rcpt = is_ours ? made.settings : nullptr;
    for (const policy::Address& sender : question.from) {
        if (made.at_mail.empty()) made.at_mail = early_reply(policy, to_rcpt, sender, standing);
    }
    if (!is_ours) { // as for every sender
        made.verdict = Verdict::refused;
        if (made.at_mail.empty())
            made.at_mail = line_of(smtp::replies::no_route(question.to.domain()));
        return;
    }
    const receive::Judgement judgement =
        receive::admit(policy, {&made.settings, 1}, question.from, standing);
    made.verdict = judgement.verdict;
    if (judgement.reply) made.reply = line_of(*judgement.reply);
}

// COMPLIANCE O1-O6: what can be said of a host of which only the TLS version is known.
void decide_outbound(const policy::Snapshot& policy, Explanation& made) {
    const Question& question = made.question;
    const policy::Address sender =
        question.from.empty() ? policy::Address() : question.from.front();
    made.settings = &policy.outbound_settings(sender);
    // Rules that look at a header do not count: addresses alone do not tell.
    deliver::Course course = deliver::course_of(policy, sender, question.to, "");
    made.route = course.route;
    made.required = course.demanded.required;
    made.requirement = {.enforced = std::move(course.demanded),
                        .reported = std::move(course.reported)};
    const policy::Achieved best{
        .level = question.tls == TlsVersion::none ? Demand::none : Demand::tls_trusted_host,
        .version = question.tls};
    if (made.required.met_by(best)) return;
    const bool retry = made.requirement.enforced.on_tls_failure == policy::OnTlsFailure::retry;
    made.verdict = retry ? Verdict::deferred : Verdict::refused;
    made.cause = question.tls == TlsVersion::none ? "5.7.10 starttls-not-supported"
                                                  : "5.7.10 validation-failure";
}

} // namespace

Explanation explanation_of(const policy::Snapshot& policy, Question question) {
    Explanation made;
    made.question = std::move(question);
    made.route = policy.route_for(made.question.to.domain());
    if (made.question.direction == policy::Direction::inbound) {
        made.organization = policy.organization_of(made.question.to);
        decide_inbound(policy, made);
    } else {
        if (!made.question.from.empty())
            made.organization = policy.organization_of(made.question.from.front());
        decide_outbound(policy, made);
    }
    return made;
}

} // namespace postern::command
