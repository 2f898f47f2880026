#include "gateway/receive/recorder.h"

#include "gateway/receive/transaction.h"
#include "gateway/report/line.h"
#include "gateway/report/trail.h"

#include <chrono>
#include <string>
#include <vector>

namespace postern::receive {
namespace {

report::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string_view tls_of(const Facts& facts) {
    return facts.tls_version.empty() ? std::string_view{"none"} : facts.tls_version;
}

std::vector<std::string_view> names_of(const std::vector<const policy::Setting*>& settings) {
    std::vector<std::string_view> names;
    names.reserve(settings.size());
    for (const policy::Setting* setting : settings) {
        names.emplace_back(setting->name);
    }
    return names;
}

// "550 5.7.10 TLS required", on one line.
std::string summary_of(const Spoken& reply, std::string_view why) {
    if (reply.code == 0) return std::string{why};
    std::string summary = std::to_string(reply.code);
    const std::string_view spoken = reply.wire;
    const std::string_view first = spoken.substr(0, spoken.find('\r'));
    if (first.size() > 4) summary.append(" ").append(first.substr(4));
    return summary;
}

report::Verdict counted_as(Verdict verdict) {
    switch (verdict) {
    case Verdict::accepted: return report::Verdict::accepted;
    case Verdict::refused: return report::Verdict::refused;
    case Verdict::deferred: return report::Verdict::deferred;
    }
    return report::Verdict::refused;
}

// What became of the message in the end: the next hop may refuse what the policy accepts.
Verdict final_verdict(const MessageRecord& record) {
    if (smtp::is_positive(record.reply.code)) return Verdict::accepted;
    return smtp::is_permanent(record.reply.code) ? Verdict::refused : Verdict::deferred;
}

// Outbound it is known for each recipient, when it is tried, and not before.
std::string_view demand_of(const MessageRecord& record) {
    if (record.facts.direction == Direction::outbound) return {};
    return policy::text(record.judgement.required.demand);
}

} // namespace

void Recorder::session_began() {
    counters_.sessions_opened.add();
    counters_.sessions.add();
}

void Recorder::session_ended(const SessionEnd& end) {
    const Facts& facts = end.facts;
    counters_.sessions.subtract();
    counters_.sessions_by_tls.add(tls_of(facts));
    counters_.bytes_received.add(end.bytes_in);
    counters_.bytes_sent.add(end.bytes_out);
    counters_.commands.add(end.commands);
    counters_.errors.add(end.errors);
    std::string text;
    report::Line line{text, now(), report::Level::info, "session"};
    line.text(report::Key::session, facts.id)
        .text(report::Key::listener, facts.listener)
        .text(report::Key::client, facts.client)
        .text(report::Key::direction, gateway::text(facts.direction))
        .text(report::Key::achieved, policy::text(facts.standing.achieved.level))
        .text(report::Key::tls_version, facts.tls_version)
        .text(report::Key::tls_cipher, facts.tls_cipher)
        .text(report::Key::tls_cause, facts.tls_cause)
        .text(report::Key::ending, end.ending)
        .number(report::Key::commands, end.commands)
        .number(report::Key::messages, end.messages)
        .number(report::Key::duration_ms, static_cast<std::uint64_t>(end.lasted.count()))
        .number(report::Key::bytes, end.bytes_in)
        .number(report::Key::bytes_out, end.bytes_out);
    line.end();
    journal_.append(report::Level::info, text);
}

void Recorder::turned_away(std::string_view client, int code) {
    counters_.sessions_refused.add();
    replied(code);
    std::string text;
    report::Line line{text, now(), report::Level::debug, "turned_away"};
    line.text(report::Key::client, client).number(report::Key::count, 1);
    line.end();
    journal_.append(report::Level::debug, text);
}

void Recorder::handshake_done(const ssl::Peer& peer) {
    counters_.handshakes.add();
    if (peer.resumed) counters_.handshakes_resumed.add();
}

void Recorder::handshake_failed(const Facts& facts, const ssl::Error& error) {
    counters_.handshakes_failed.add(ssl::name(error.cause));
    if (!ssl::is_ours(error.cause)) return; // the session's own line says the rest
    std::string text;
    report::Line line{text, now(), report::Level::error, "own_tls_failure"};
    line.text(report::Key::session, facts.id).text(report::Key::tls_cause, facts.tls_cause);
    line.end();
    journal_.append(report::Level::error, text);
}

void Recorder::replied(int code) {
    if (code >= 400) counters_.refusals_by_code.add(std::to_string(code));
}

void Recorder::message(const MessageRecord& record) {
    const Facts& facts = record.facts;
    const Transaction& transaction = record.transaction;
    const Verdict verdict = final_verdict(record);
    counters_.messages.add(counted_as(verdict));
    if (record.judgement.would_refuse) counters_.messages.add(report::Verdict::reported);
    if (record.judgement.reply) {
        for (const policy::Setting* setting : record.judgement.settings) {
            counters_.refusals_by_setting.add(setting->name);
        }
    }
    if (record.decision_took.count() > 0) {
        counters_.message_seconds.add(
            std::chrono::duration_cast<std::chrono::microseconds>(record.decision_took));
    }

    std::vector<std::string> from;
    for (const policy::Address& address : record.from) {
        from.emplace_back(address.text());
    }
    std::vector<std::string> to;
    for (const smtp::Recipient& recipient : transaction.recipients()) {
        to.emplace_back(recipient.path.address());
    }
    const std::vector<std::string_view> settings = names_of(record.judgement.settings);
    const std::vector<std::string_view> reported = names_of(record.judgement.reported);
    const std::string reply = summary_of(record.reply, record.why);
    std::string text;
    report::append(text,
                   now(),
                   {.session = facts.id,
                    .message = transaction.id(),
                    .listener = facts.listener,
                    .client = facts.client,
                    .direction = gateway::text(facts.direction),
                    .from = from,
                    .to = to,
                    .organization = transaction.organization(),
                    .settings = settings,
                    .reported = reported,
                    .demand = demand_of(record),
                    .achieved = policy::text(facts.standing.achieved.level),
                    .tls_version = facts.tls_version,
                    .tls_cipher = facts.tls_cipher,
                    .tls_cause = facts.tls_cause,
                    .verdict = counted_as(verdict),
                    .reply = reply,
                    .route = transaction.route_name(),
                    .host = transaction.host(),
                    .duration = record.lasted,
                    .bytes = record.bytes});
    journal_.append(report::Level::info, text);
}

void Recorder::next_hop_failed(const Facts& facts,
                               const Transaction& transaction,
                               const relay::Failure& failure) {
    std::string text;
    report::Line line{text, now(), report::Level::warning, "next_hop_failed"};
    line.text(report::Key::session, facts.id)
        .text(report::Key::message, transaction.id())
        .text(report::Key::route, transaction.route_name())
        .text(report::Key::host, transaction.host())
        .text(report::Key::cause, relay::text(failure.cause))
        .text(report::Key::text, failure.detail);
    line.end();
    journal_.append(report::Level::warning, text);
}

} // namespace postern::receive
