#include "gateway/receive/recorder.h"
#include "gateway/smtp/replies.h"

#include <map>

#include "tests/gateway/receive/core.h"

namespace postern::receive::test {
namespace {

using Counted = std::map<std::string, std::uint64_t>;

Counted counted(const report::NamedCounters& counters) {
    Counted all;
    for (std::size_t index = 0; index < counters.size(); ++index) {
        all[std::string{counters.name(index)}] = counters.value(index);
    }
    return all;
}

Spoken spoken(int code, std::string_view wire) {
    return {.wire = std::string{wire}, .code = code, .enhanced = {}, .text = {}};
}

struct Recorded {
    Core core;
    Recorder& recorder = core.surroundings.recorder;
    report::Counters& counters = core.counters;
    std::unique_ptr<InboundTransaction> transaction = core.transaction();
    std::vector<policy::Address> from;
    Judgement judgement;

    Lines message(const Spoken& reply,
                  std::string_view why = {},
                  io::Clock::duration took = io::Duration{3}) {
        recorder.message({.facts = core.facts,
                          .transaction = *transaction,
                          .from = from,
                          .judgement = judgement,
                          .reply = reply,
                          .why = why,
                          .bytes = 700,
                          .lasted = io::Duration{5},
                          .decision_took = took});
        return core.log.take();
    }
    [[nodiscard]] const policy::Setting* setting(std::string_view name) const {
        for (const auto& one : transaction->policy().parts().settings) {
            if (one->name == name) return one.get();
        }
        return nullptr;
    }
};

} // namespace

TEST_CASE("a session is counted while it lasts, and written down at its end") {
    Core core;
    Recorder& recorder = core.surroundings.recorder;
    recorder.session_began();
    recorder.session_began();
    CHECK(core.counters.sessions.value() == 2);
    const auto end = [&] {
        recorder.session_ended({.facts = core.facts,
                                .ending = "quit",
                                .lasted = io::Duration{5},
                                .bytes_in = 10,
                                .bytes_out = 20,
                                .commands = 3,
                                .errors = 1,
                                .messages = 2});
        return core.log.take();
    };
    CHECK(end() ==
          Lines{R"({"level":"info","event":"session","session":"session-1","listener":"public",)"
                R"("client":"192.0.2.7","direction":"inbound","achieved":"none","ending":"quit",)"
                R"("commands":3,"messages":2,"bytes":10,"bytes_out":20})"});
    core.in_tls();
    CHECK_THAT(end().at(0),
               Catch::Contains(R"("achieved":"tls","tls_version":"1.3",)"
                               R"("tls_cipher":"TLS_AES_128_GCM_SHA256")"));
    CHECK(core.counters.sessions_opened.value() == 2);
    CHECK(core.counters.sessions.value() == 0);
    CHECK(counted(core.counters.sessions_by_tls) == Counted{{"1.3", 1}, {"none", 1}});
    CHECK(core.counters.bytes_received.value() == 20);
    CHECK(core.counters.bytes_sent.value() == 40);
    CHECK(core.counters.commands.value() == 6);
    CHECK(core.counters.errors.value() == 2);
}

TEST_CASE("what a client calls itself cannot forge a line of the log") {
    Core core;
    core.facts.client = "x\",\"verdict\":\"accepted\"}\r\n{";
    core.surroundings.recorder.turned_away(core.facts.client, 421);
    CHECK(core.log.take() ==
          Lines{R"({"level":"debug","event":"turned_away",)"
                R"("client":"x\",\"verdict\":\"accepted\"}\u000d\u000a{","count":1})"});
    CHECK(core.counters.sessions_refused.value() == 1);
    CHECK(counted(core.counters.refusals_by_code) == Counted{{"421", 1}});
}

TEST_CASE("replies are counted by code from 400 on") {
    Core core;
    for (const int code : {250, 354, 399, 400, 550, 550}) {
        core.surroundings.recorder.replied(code);
    }
    CHECK(counted(core.counters.refusals_by_code) == Counted{{"400", 1}, {"550", 2}});
}

TEST_CASE("a handshake is counted, and its failure is written down where it is our fault") {
    Core core;
    Recorder& recorder = core.surroundings.recorder;
    recorder.handshake_done({});
    recorder.handshake_done({.cipher = {}, .group = {}, .resumed = true, .sni = {}});
    CHECK(core.counters.handshakes.value() == 2);
    CHECK(core.counters.handshakes_resumed.value() == 1);
    recorder.handshake_failed(core.facts, {.cause = ssl::Cause::not_tls});
    CHECK(core.log.take().empty());
    core.facts.tls_cause = "no_entropy";
    recorder.handshake_failed(core.facts, {.cause = ssl::Cause::no_entropy});
    CHECK(core.log.take() == Lines{R"({"level":"error","event":"own_tls_failure",)"
                                   R"("session":"session-1","tls_cause":"no_entropy"})"});
    CHECK(counted(core.counters.handshakes_failed) == Counted{{"no_entropy", 1}, {"not_tls", 1}});
}

TEST_CASE("a decision is one line with everything that led to it") {
    Recorded recorded;
    recorded.from = {policy::Address::parse("a@bank.example").value()};
    recorded.judgement.required.demand = policy::Demand::tls;
    recorded.judgement.settings = {recorded.setting("banks over TLS")};
    recorded.judgement.reported = {recorded.setting("on trial")};
    const smtp::Reply reply = smtp::replies::tls_required("bank.example", "banks over TLS");
    recorded.judgement.reply = reply;
    CHECK(recorded.message(Spoken::ours(reply)) ==
          Lines{R"({"event":"message","session":"session-1","message":")" +
                recorded.transaction->id() +
                R"(","listener":"public","client":"192.0.2.7","direction":"inbound",)"
                R"("from":["a@bank.example"],"to":["user@example.org"],"organization":"example",)"
                R"("settings":["banks over TLS"],"reported":["on trial"],"demand":"tls",)"
                R"("achieved":"none","verdict":"refused","reply":"550 5.7.10 )" +
                reply.text + R"(","route":"servers","host":")" +
                std::string{recorded.transaction->host()} + R"(","bytes":700})"});
    CHECK(counted(recorded.counters.refusals_by_setting) == Counted{{"banks over TLS", 1}});
    CHECK(recorded.counters.message_seconds.sum() == std::chrono::milliseconds{3});
}

TEST_CASE("a message counts as what the client was told of it in the end") {
    struct Row {
        Spoken reply;
        report::Verdict verdict;
        std::string said;
    };
    const auto row = GENERATE(values<Row>({
        {spoken(250, "250 2.0.0 ok\r\n"), report::Verdict::accepted, "250 2.0.0 ok"},
        {spoken(250, "250-one\r\n250 two\r\n"), report::Verdict::accepted, "250 one"},
        {spoken(250, "250\r\n"), report::Verdict::accepted, "250"},
        {spoken(452, "452 full\r\n"), report::Verdict::deferred, "452 full"},
        {spoken(550, "550 no\r\n"), report::Verdict::refused, "550 no"},
        {spoken(0, ""), report::Verdict::deferred, "connection lost"},
    }));
    CAPTURE(row.reply.wire);
    Recorded recorded;
    recorded.judgement.settings = {recorded.setting("banks over TLS")}; // and was met
    CHECK_THAT(recorded.message(row.reply, "connection lost", {}).at(0),
               Catch::Contains("\"verdict\":\"" + std::string{report::text(row.verdict)} +
                               "\",\"reply\":\"" + row.said + "\""));
    CHECK(recorded.counters.messages.value(row.verdict) == 1);
    CHECK(recorded.counters.messages.value(report::Verdict::reported) == 0);
    CHECK(counted(recorded.counters.refusals_by_setting).empty());
    CHECK(recorded.counters.message_seconds.sum().count() == 0);
}

TEST_CASE("a message that a setting in report mode would have refused is counted twice") {
    Recorded recorded;
    recorded.judgement.would_refuse = true;
    static_cast<void>(recorded.message(spoken(250, "250 ok\r\n")));
    CHECK(recorded.counters.messages.value(report::Verdict::accepted) == 1);
    CHECK(recorded.counters.messages.value(report::Verdict::reported) == 1);
}

TEST_CASE("the failure of a next hop is a warning that names the message, the host and the cause") {
    Recorded recorded;
    recorded.recorder.next_hop_failed(recorded.core.facts,
                                      *recorded.transaction,
                                      {.cause = relay::Cause::lost, .detail = "421 \"bye\"\r\n"});
    CHECK(recorded.core.log.take() ==
          Lines{R"({"level":"warning","event":"next_hop_failed","session":"session-1",)"
                R"("message":")" +
                recorded.transaction->id() + R"(","route":"servers","host":")" +
                std::string{recorded.transaction->host()} + R"(","cause":")" +
                std::string{relay::text(relay::Cause::lost)} +
                R"(","text":"421 \"bye\"\u000d\u000a"})"});
    const auto nowhere = recorded.core.mail("FROM:<>").value();
    recorded.recorder.next_hop_failed(recorded.core.facts, *nowhere, {});
    CHECK_THAT(recorded.core.log.take().at(0), !Catch::Contains("\"route\""));
}

} // namespace postern::receive::test
