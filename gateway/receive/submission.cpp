#include "gateway/receive/submission.h"

#include "gateway/receive/address.h"
#include "gateway/receive/submission_intake.h"
#include "gateway/smtp/replies.h"
#include "gateway/spool/spool.h"
#include "policy/domain.h"

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

// Whether anybody could ever look the domain up; a label that IDNA refuses has no name in DNS. An
// address literal was read with its path.
bool is_possible(std::string_view domain) { return policy::canonical_domain(domain).has_value(); }

} // namespace

Submission::Submission(Surroundings& surroundings, const Facts& facts, smtp::Mail mail)
    : Transaction(std::move(mail), surroundings.ring.now())
    , surroundings_(surroundings)
    , facts_(facts)
    , policy_(surroundings.policy.take())
    , coming_(surroundings.spool->expect())
    , sender_(address_of(Transaction::mail().sender)) {
    const policy::Organization* const owner = policy_.snapshot().organization_of(sender_);
    if (owner != nullptr) organization_ = owner->name;
}

std::expected<std::unique_ptr<Submission>, smtp::Reply>
Submission::begin(Surroundings& surroundings,
                  const Facts& facts,
                  std::string_view argument,
                  const smtp::Extensions& offered) {
    auto mail = smtp::parse_mail(argument, offered);
    if (!mail) return std::unexpected{std::move(mail.error())};
    if (!mail->sender.is_null() && !is_possible(mail->sender.domain())) {
        return std::unexpected{replies::bad_sender_address()};
    }
    if (surroundings.spool == nullptr) return std::unexpected{replies::internal_error()};
    return std::make_unique<Submission>(surroundings, facts, std::move(*mail));
}

io::Task<Spoken> Submission::recipient(std::string_view argument, const smtp::Extensions& offered) {
    co_return Spoken::ours(answer(argument, offered));
}

smtp::Reply Submission::answer(std::string_view argument, const smtp::Extensions& offered) {
    const smtp::Utf8 utf8 = mail().smtputf8 ? smtp::Utf8::allowed : smtp::Utf8::refused;
    auto parsed = smtp::parse_rcpt(argument, offered, utf8);
    if (!parsed) return parsed.error();
    if (recipients().size() >= surroundings_.settings->limits.recipients) {
        return replies::too_many_recipients();
    }
    const std::string& hostname = surroundings_.settings->hostname;
    if (parsed->path.domain().empty() &&
        !complete_postmaster(parsed->path, policy_.snapshot(), hostname)) {
        return replies::bad_recipient_address();
    }
    if (!is_possible(parsed->path.domain())) return replies::bad_recipient_address();
    add(std::move(*parsed));
    return replies::recipient_ok();
}

std::unique_ptr<Intake> Submission::content() {
    return std::make_unique<SubmissionIntake>(surroundings_, facts_, *this);
}

} // namespace postern::receive
