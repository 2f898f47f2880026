#include "gateway/dns/questions.h"

#include <catch2/catch.hpp>

#include "tests/gateway/awaited.h"
#include "tests/gateway/dns/name_server.h"

namespace postern::dns {
namespace {

using Outcome = Answer::Outcome;

constexpr io::Duration short_wait{50};

struct Asking {
    explicit Asking(const gateway::DnsSettings& settings)
        : questions(loop.ring(), Context::open(settings).value()) {}
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { loop.run(questions.stop()); }

    io::test::Loop loop;
    Questions questions;
};

io::Task<Answer>
ask(Questions& questions, std::string name, io::Duration wait = io::test::patience) {
    Question question{questions, std::move(name), RecordType::a, wait};
    co_return co_await question;
}

io::Task<void> ask_into(Questions& questions, std::string name, std::vector<Answer>& answers) {
    Question question{questions, std::move(name), RecordType::a, io::test::patience};
    answers.push_back(co_await question);
}

TEST_CASE("more questions than may be asked at a time are all answered") {
    constexpr std::size_t count = 3 * Questions::at_once_max;
    std::string zone;
    for (std::size_t number = 0; number < count; ++number) {
        zone += "h" + std::to_string(number) + " A 192.0.2.1\n";
    }
    const test::NameServer server({{"example", zone}});
    Asking asking(server.settings());
    std::vector<Answer> answers;
    for (std::size_t number = 0; number < count; ++number) {
        asking.loop.spawn(
            ask_into(asking.questions, "h" + std::to_string(number) + ".example", answers));
    }
    CHECK(asking.questions.at_once() == Questions::at_once_max);
    CHECK(asking.questions.waiting() == count - Questions::at_once_max);
    asking.loop.finish();
    REQUIRE(answers.size() == count);
    CHECK(std::ranges::all_of(answers, [](const Answer& answer) {
        return answer.outcome == Outcome::records && answer.records.size() == 1;
    }));
    CHECK(asking.questions.at_once() == 0);
}

TEST_CASE("a server that is silent is waited for as long as was said") {
    const test::SilentServer server;
    Asking asking(server.settings());
    const auto answer =
        gateway::test::awaited(asking.loop, ask(asking.questions, "example", short_wait));
    CHECK(answer.outcome == Outcome::timed_out);
    CHECK(server.was_asked());
    CHECK(asking.questions.at_once() == 0);
}

TEST_CASE("a question that waits for its turn times out as well") {
    const test::SilentServer server;
    Asking asking(server.settings());
    std::vector<std::unique_ptr<Question>> questions;
    for (std::size_t number = 0; number < Questions::at_once_max; ++number) {
        questions.push_back(std::make_unique<Question>(
            asking.questions, "example", RecordType::a, io::test::patience));
    }
    const auto answer =
        gateway::test::awaited(asking.loop, ask(asking.questions, "example", short_wait));
    CHECK(answer.outcome == Outcome::timed_out);
    CHECK(asking.questions.waiting() == 0);
    CHECK(asking.questions.at_once() == Questions::at_once_max);
    questions.clear(); // withdrawn, none of them answered
    CHECK(asking.questions.at_once() == 0);
}

TEST_CASE("stopping ends every question, and those that come later") {
    const test::SilentServer server;
    Asking asking(server.settings());
    std::vector<Answer> answers;
    for (std::size_t number = 0; number < Questions::at_once_max + 5; ++number) {
        asking.loop.spawn(ask_into(asking.questions, "example", answers));
    }
    asking.loop.run(asking.questions.stop());
    CHECK(answers.size() == Questions::at_once_max + 5);
    CHECK(gateway::test::awaited(asking.loop, ask(asking.questions, "later")).outcome ==
          Outcome::cancelled);
    CHECK(std::ranges::all_of(
        answers, [](const Answer& answer) { return answer.outcome == Outcome::cancelled; }));
}

TEST_CASE("a question that the resolver cannot take is our own fault") {
    const test::SilentServer server;
    Asking asking(server.settings());
    const auto answer =
        gateway::test::awaited(asking.loop, ask(asking.questions, std::string(300, 'a')));
    CHECK(answer.outcome == Outcome::ours);
    CHECK(!server.was_asked());
}

} // namespace
} // namespace postern::dns
