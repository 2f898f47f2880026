#include "gateway/deliver/outcome.h"

#include <catch2/catch.hpp>

#include "tests/gateway/deliver/hosts.h"

namespace postern::deliver::test {
namespace {

Host mx() {
    return {.endpoint = io::Endpoint::parse("192.0.2.1:25").value(), .name = "mx.example"};
}

smtp::ParsedReply reply(int code, std::vector<std::string> lines) {
    return {.code = code, .lines = std::move(lines)};
}

relay::Failure failure(relay::Cause cause, smtp::ParsedReply said = {}) {
    return {.cause = cause, .detail = "detail", .reply = std::move(said)};
}

} // namespace

TEST_CASE("every cause has a name, a status and a disposition of its own") {
    struct Row {
        Cause cause;
        std::string_view name;
        std::string_view status;
        Disposition disposition;
    };
    const auto failed = Disposition::failed;
    const auto deferred = Disposition::deferred;
    const auto row = GENERATE_COPY(
        Row{Cause::no_such_domain, "no-such-domain", "5.1.2", failed}, // O15
        Row{Cause::takes_no_mail, "takes-no-mail", "5.1.10", failed},
        Row{Cause::refused, "refused", "5.0.0", failed},
        Row{Cause::extension_missing, "extension-missing", "5.6.3", failed},
        Row{Cause::starttls_not_supported, "starttls-not-supported", "5.7.10", failed},
        Row{Cause::validation_failure, "validation-failure", "5.7.10", failed},
        Row{Cause::certificate_not_trusted, "certificate-not-trusted", "5.7.5", failed},
        Row{Cause::certificate_expired, "certificate-expired", "5.7.5", failed},
        Row{Cause::certificate_host_mismatch, "certificate-host-mismatch", "5.7.5", failed},
        Row{Cause::unresolved, "unresolved", "4.4.3", deferred},
        Row{Cause::unreachable, "unreachable", "4.4.1", deferred},
        Row{Cause::lost, "connection-lost", "4.4.2", deferred},
        Row{Cause::postponed, "postponed", "4.0.0", deferred},
        Row{Cause::ours, "own-fault", "4.7.0", deferred});
    const Outcome outcome = outcome_of(row.cause, "why");
    CHECK(text(row.cause) == row.name);
    CHECK(outcome.cause == row.cause);
    CHECK(status(outcome) == row.status);
    CHECK(outcome.disposition == row.disposition);
    CHECK(outcome.diagnostic() == std::string{row.name} + ": why");
    CHECK(outcome.host.empty());
    CHECK(outcome.code == 0);
}

TEST_CASE("a conversation that failed is a cause, at a host") {
    struct Row {
        relay::Cause failed;
        Cause cause;
    };
    const auto row = GENERATE(Row{relay::Cause::unreachable, Cause::unreachable},
                              Row{relay::Cause::tls_missing, Cause::starttls_not_supported},
                              Row{relay::Cause::tls_failed, Cause::validation_failure},
                              Row{relay::Cause::below_floor, Cause::validation_failure},
                              Row{relay::Cause::not_trusted, Cause::certificate_not_trusted},
                              Row{relay::Cause::expired, Cause::certificate_expired},
                              Row{relay::Cause::name_mismatch, Cause::certificate_host_mismatch},
                              Row{relay::Cause::our_tls, Cause::ours},
                              Row{relay::Cause::lost, Cause::lost},
                              Row{relay::Cause::silent, Cause::lost},
                              Row{relay::Cause::malformed, Cause::lost});
    const Outcome outcome = outcome_of(failure(row.failed), mx(), today);
    CHECK(outcome.cause == row.cause);
    CHECK(outcome.host == "mx.example");
    CHECK(outcome.address == "192.0.2.1:25");
    CHECK(outcome.detail == "detail");
}

TEST_CASE("the status of a refusal is its own where it fits, but not that of STARTTLS") {
    struct Row {
        relay::Cause failed;
        smtp::ParsedReply said;
        Cause cause;
        std::string_view status;
        std::string_view diagnostic;
    };
    using relay::Cause::greeting;
    const auto missing = relay::Cause::tls_missing;
    const auto row = GENERATE_COPY(values<Row>({
        {greeting, reply(554, {"5.3.2 no"}), Cause::refused, "5.3.2", "554 5.3.2 no"},
        {greeting, reply(554, {"no"}), Cause::refused, "5.0.0", "554 no"},
        {greeting, reply(554, {"4.3.2 no"}), Cause::refused, "5.0.0", "554 4.3.2 no"},
        {greeting, reply(421, {"a", "b"}), Cause::postponed, "4.0.0", "421 a b"},
        {greeting, reply(354, {"go"}), Cause::lost, "4.4.2", "354 go"},
        {missing,
         reply(454, {"4.7.0 no"}),
         Cause::starttls_not_supported,
         "5.7.10",
         "454 4.7.0 no"},
    }));
    const Outcome outcome = outcome_of(failure(row.failed, row.said), mx(), today);
    CHECK(outcome.cause == row.cause);
    CHECK(status(outcome) == row.status);
    CHECK(outcome.diagnostic() == row.diagnostic);
    CHECK(outcome.code == row.said.code);
}

TEST_CASE("foreign words are cleaned of control characters and cut") {
    const auto words = [](std::string line) {
        const smtp::ParsedReply said = reply(554, {std::move(line)});
        return outcome_of(failure(relay::Cause::greeting, said), mx(), today).reply;
    };
    CHECK(words("a\rb\x1b[1m\x7f") == "a?b?[1m?");
    CHECK(words("J\u00f6rg") == "J\u00f6rg");
    CHECK(words(std::string(reply_text_bytes_max, 'x')).size() == reply_text_bytes_max);
    CHECK(words(std::string(reply_text_bytes_max + 1, 'x')).size() == reply_text_bytes_max);
    // Not within a character.
    const std::string umlaut = std::string(reply_text_bytes_max - 1, 'x') + "\u00f6";
    CHECK(words(umlaut) == std::string(reply_text_bytes_max - 1, 'x'));
    CHECK(words(std::string(2000, '\x80')).size() <= reply_text_bytes_max);
}

TEST_CASE("a certificate out of its time is the host's fault only if our clock can be right") {
    const auto at = [](std::chrono::system_clock::time_point now) {
        return outcome_of(failure(relay::Cause::expired), mx(), now).cause;
    };
    CHECK(at(clock_earliest) == Cause::certificate_expired);
    CHECK(at(clock_earliest - std::chrono::seconds{1}) == Cause::ours);
}

} // namespace postern::deliver::test
