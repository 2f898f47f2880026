#include "gateway/deliver/outcome.h"

#include "gateway/achieved.h"

#include <algorithm>
#include <utility>

namespace postern::deliver {
namespace {

Cause cause_of(const relay::Failure& failure) {
    switch (failure.cause) {
    case relay::Cause::none_usable:
    case relay::Cause::busy:
    case relay::Cause::unreachable: return Cause::unreachable;
    case relay::Cause::greeting:
        if (smtp::is_permanent(failure.reply.code)) return Cause::refused;
        return smtp::is_transient(failure.reply.code) ? Cause::postponed : Cause::lost;
    case relay::Cause::tls_missing: return Cause::starttls_not_supported;
    case relay::Cause::tls_failed:
    case relay::Cause::below_floor: return Cause::validation_failure;
    case relay::Cause::not_trusted: return Cause::certificate_not_trusted;
    case relay::Cause::expired: return Cause::certificate_expired;
    case relay::Cause::name_mismatch: return Cause::certificate_host_mismatch;
    case relay::Cause::our_tls: return Cause::ours;
    case relay::Cause::lost:
    case relay::Cause::silent:
    case relay::Cause::malformed: return Cause::lost;
    }
    return Cause::lost;
}

std::string cleaned(std::string text) {
    if (text.size() > reply_text_bytes_max) {
        std::size_t end = reply_text_bytes_max;
        // Not within a character of UTF-8 (RFC 6531 3.7.4).
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
        text.resize(end);
    }
    std::ranges::replace_if(
        text,
        [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; },
        '?');
    return text;
}

void take_reply(Outcome& outcome, const smtp::ParsedReply& reply) {
    outcome.code = reply.code;
    outcome.reply = cleaned(reply.text());
}

// The status of a reply: its own if it has one that fits.
void take_status(Outcome& outcome, const smtp::ParsedReply& reply) {
    if (const smtp::EnhancedCode own = reply.enhanced(); own.present()) outcome.status = own;
}

std::optional<Protection> protection_of(const relay::Conversation& conversation) {
    const ssl::Peer* const peer = conversation.channel().peer();
    if (peer == nullptr) return std::nullopt;
    return Protection{
        .achieved = gateway::achieved_by(*peer), .cipher = peer->cipher, .group = peer->group};
}

Disposition disposition_of(Cause cause) {
    return is_passing(cause) ? Disposition::deferred : Disposition::failed;
}

} // namespace

std::string_view text(Cause cause) {
    switch (cause) {
    case Cause::none: return "none";
    case Cause::no_such_domain: return "no-such-domain";
    case Cause::takes_no_mail: return "takes-no-mail";
    case Cause::refused: return "refused";
    case Cause::extension_missing: return "extension-missing";
    case Cause::starttls_not_supported: return "starttls-not-supported";
    case Cause::validation_failure: return "validation-failure";
    case Cause::certificate_not_trusted: return "certificate-not-trusted";
    case Cause::certificate_expired: return "certificate-expired";
    case Cause::certificate_host_mismatch: return "certificate-host-mismatch";
    case Cause::unresolved: return "unresolved";
    case Cause::unreachable: return "unreachable";
    case Cause::lost: return "connection-lost";
    case Cause::postponed: return "postponed";
    case Cause::ours: return "own-fault";
    }
    return "none";
}

smtp::EnhancedCode status_of(Cause cause) {
    switch (cause) {
    case Cause::none: return {.status = 2, .subject = 0, .detail = 0};
    case Cause::no_such_domain: return {.status = 5, .subject = 1, .detail = 2};
    case Cause::takes_no_mail: return {.status = 5, .subject = 1, .detail = 10};
    case Cause::refused: return {.status = 5, .subject = 0, .detail = 0};
    case Cause::extension_missing: return {.status = 5, .subject = 6, .detail = 3};
    case Cause::starttls_not_supported:
    case Cause::validation_failure: return {.status = 5, .subject = 7, .detail = 10};
    case Cause::certificate_not_trusted:
    case Cause::certificate_expired:
    case Cause::certificate_host_mismatch: return {.status = 5, .subject = 7, .detail = 5};
    case Cause::unresolved: return {.status = 4, .subject = 4, .detail = 3};
    case Cause::unreachable: return {.status = 4, .subject = 4, .detail = 1};
    case Cause::lost: return {.status = 4, .subject = 4, .detail = 2};
    case Cause::postponed: return {.status = 4, .subject = 0, .detail = 0};
    case Cause::ours: return {.status = 4, .subject = 7, .detail = 0};
    }
    return {.status = 4, .subject = 0, .detail = 0};
}

std::string Outcome::diagnostic() const {
    if (code != 0) return std::to_string(code) + ' ' + reply;
    std::string told{text(cause)};
    if (!detail.empty()) told += ": " + detail;
    return told;
}

Outcome outcome_of(Cause cause, std::string detail) {
    return {.disposition = disposition_of(cause),
            .cause = cause,
            .status = status_of(cause),
            .host = {},
            .address = {},
            .reply = {},
            .detail = std::move(detail)};
}

Outcome outcome_of(const relay::Failure& failure,
                   const Host& host,
                   std::chrono::system_clock::time_point now) {
    Cause cause = cause_of(failure);
    if (cause == Cause::certificate_expired && now < clock_earliest) cause = Cause::ours;
    Outcome outcome = outcome_of(cause, cleaned(failure.detail));
    outcome.host = host.name;
    outcome.address = host.endpoint.text();
    if (failure.reply.code != 0) take_reply(outcome, failure.reply);
    // A refusal of STARTTLS counts as what it means, whatever it says (COMPLIANCE O5).
    if (cause == Cause::refused || cause == Cause::postponed) take_status(outcome, failure.reply);
    return outcome;
}

Outcome outcome_of(const smtp::ParsedReply& reply,
                   const Host& host,
                   const relay::Conversation& conversation) {
    const Cause cause = smtp::is_positive(reply.code)    ? Cause::none
                        : smtp::is_permanent(reply.code) ? Cause::refused
                                                         : Cause::postponed;
    Outcome outcome = outcome_of(cause, {});
    if (cause == Cause::none) {
        outcome.disposition = Disposition::delivered;
        if (const relay::Failure* const without = conversation.without_tls()) {
            outcome.cause = cause_of(*without);
            outcome.detail = cleaned(without->detail);
        }
    }
    outcome.host = host.name;
    outcome.address = host.endpoint.text();
    outcome.tls = protection_of(conversation);
    outcome.speaks_dsn = conversation.extensions().has(smtp::Extension::dsn);
    take_reply(outcome, reply);
    take_status(outcome, reply);
    return outcome;
}

} // namespace postern::deliver
