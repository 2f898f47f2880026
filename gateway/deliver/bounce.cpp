#include "gateway/deliver/bounce.h"

#include "gateway/smtp/delivery_report.h"

#include <chrono>
#include <utility>

namespace postern::deliver {
namespace {

using Clock = std::chrono::system_clock;

std::time_t seconds_of(spool::Time time) { return Clock::to_time_t(time); }

// The beginning of the content, as far as the report may send it back.
io::Task<std::expected<std::string, spool::Error>>
beginning_of(Office& office, const spool::Message& message, std::size_t bytes_max) {
    spool::Reader reader = office.spool.read(message);
    std::string text;
    while (text.size() < bytes_max) {
        const auto piece = co_await reader.next();
        if (!piece) co_return std::unexpected{piece.error()};
        if (piece->empty()) break;
        text += *piece;
    }
    co_return text;
}

smtp::Reporter reporter(const gateway::Settings& settings, std::string id, Clock::time_point now) {
    const bool japanese = settings.report_language == gateway::Language::japanese;
    return {.hostname = settings.hostname,
            .postmaster = "postmaster@" + settings.hostname,
            .language = japanese ? smtp::Language::japanese : smtp::Language::english,
            .id = std::move(id),
            .now = Clock::to_time_t(now),
            .offset_minutes = 0};
}

} // namespace

smtp::Trouble trouble_of(const Outcome& outcome) {
    switch (outcome.cause) {
    case Cause::none: return smtp::Trouble::none;
    case Cause::no_such_domain: return smtp::Trouble::no_such_domain;
    case Cause::takes_no_mail: return smtp::Trouble::no_mail_accepted;
    case Cause::refused: return smtp::Trouble::refused;
    case Cause::extension_missing: return smtp::Trouble::not_capable;
    case Cause::starttls_not_supported:
        return outcome.code != 0 ? smtp::Trouble::starttls_refused
                                 : smtp::Trouble::starttls_not_supported;
    case Cause::validation_failure: return smtp::Trouble::handshake_failed;
    case Cause::certificate_not_trusted: return smtp::Trouble::certificate_not_trusted;
    case Cause::certificate_expired: return smtp::Trouble::certificate_expired;
    case Cause::certificate_host_mismatch: return smtp::Trouble::certificate_host_mismatch;
    case Cause::unresolved:
    case Cause::unreachable:
    case Cause::lost: return smtp::Trouble::unreachable;
    case Cause::postponed: return smtp::Trouble::deferred;
    case Cause::ours: return smtp::Trouble::ours;
    }
    return smtp::Trouble::other;
}

smtp::ReportedRecipient reported(const spool::Recipient& recipient,
                                 const Outcome& outcome,
                                 smtp::Action action,
                                 std::string_view setting) {
    return {.recipient = recipient.envelope,
            .action = action,
            .status = outcome.status,
            .trouble = trouble_of(outcome),
            .host = outcome.host,
            .reply = outcome.code != 0 ? outcome.diagnostic() : std::string{},
            .detail = outcome.detail,
            .setting = std::string{setting},
            .attempts = recipient.attempts,
            .last_attempt = seconds_of(recipient.last),
            .retry_until = 0};
}

io::Task<std::expected<void, spool::Error>>
send_report(Office& office,
            const spool::Message& message,
            std::vector<smtp::ReportedRecipient> recipients,
            bool confidential) {
    const smtp::ReportFacts facts{.mail = message.mail,
                                  .arrival = seconds_of(message.arrival),
                                  .message_bytes = message.content_bytes,
                                  .confidential = confidential,
                                  .recipients = std::move(recipients)};
    const bool whole = smtp::returns_message(facts);
    auto text = co_await beginning_of(office,
                                      message,
                                      whole ? smtp::returned_message_bytes_max
                                            : smtp::returned_header_bytes_max);
    // What cannot be read is not sent back; that it failed can still be said.
    if (!text) office.recorder.spool_failed(message.id, "read for a report", text.error());
    const Clock::time_point now = office.now();
    const smtp::DeliveryReport report = smtp::write_report(
        facts,
        reporter(*office.settings,
                 spool::text(message.id) + "." + std::to_string(now.time_since_epoch().count()),
                 now),
        {.text = text ? std::string_view{*text} : std::string_view{}, .whole = whole && text});
    spool::Writer writer = office.spool.begin_report(report.mail, report.recipient, now);
    const spool::MessageId id = writer.id();
    const auto added = co_await writer.add(report.text);
    if (!added) co_return added;
    const auto committed = co_await writer.commit();
    if (committed) office.recorder.report(message, id);
    co_return committed;
}

} // namespace postern::deliver
