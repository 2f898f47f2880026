#include "gateway/report/metrics.h"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <set>
#include <sstream>

namespace postern::report {
namespace {

/// Two cores and what is rendered of them.
struct Rendered {
    std::unique_ptr<Counters> first = std::make_unique<Counters>();
    std::unique_ptr<Counters> second = std::make_unique<Counters>();
    Process process{.version = "1.2.3",
                    .cores = 2,
                    .policy_generation = 7,
                    .reloads_done = 3,
                    .reloads_failed = 1,
                    .log_lines_dropped = 0,
                    .started_at = std::chrono::sys_seconds{std::chrono::seconds{1000}},
                    .now = std::chrono::sys_seconds{std::chrono::seconds{2000}},
                    .silence = {std::chrono::seconds{0}, std::chrono::seconds{41}},
                    .certificates = {}};

    [[nodiscard]] std::string text() const {
        const std::array<const Counters*, 2> cores{first.get(), second.get()};
        std::string out;
        render(cores, process, out);
        return out;
    }
    [[nodiscard]] bool has(std::string_view line) const {
        return ("\n" + text()).contains("\n" + std::string(line) + "\n");
    }
};

} // namespace

TEST_CASE("the counts of all cores are added up") {
    const Rendered rendered;
    rendered.first->sessions.add(3);
    rendered.second->sessions.add(2);
    rendered.second->sessions.subtract();
    rendered.first->ring_enters.set(10);
    rendered.second->messages.add(Verdict::refused);
    CHECK(rendered.has("postern_sessions 4"));
    CHECK(rendered.has("postern_ring_enters_total 10"));
    CHECK(rendered.has("postern_messages_total{verdict=\"refused\"} 1"));
    CHECK(rendered.has("postern_messages_total{verdict=\"accepted\"} 0"));
}

TEST_CASE("names are labels, merged over the cores, and escaped") {
    const Rendered rendered;
    rendered.first->refusals_by_setting.add("b");
    rendered.first->refusals_by_setting.add("a\"\\\n");
    rendered.second->refusals_by_setting.add("a\"\\\n", 4);
    for (std::size_t index = 0; index <= NamedCounters::names_max; ++index) {
        rendered.second->handshakes_failed.add(std::to_string(index));
    }
    CHECK(rendered.has("postern_setting_refusals_total{setting=\"a\\\"\\\\\\n\"} 5"));
    CHECK(rendered.has("postern_setting_refusals_total{setting=\"b\"} 1"));
    CHECK(rendered.has("postern_tls_handshake_failures_total{cause=\"(others)\"} 1"));
}

TEST_CASE("the buckets of durations include those below them") {
    const Rendered rendered;
    rendered.first->message_seconds.add(std::chrono::microseconds{400});
    rendered.second->message_seconds.add(std::chrono::milliseconds{2});
    rendered.second->message_seconds.add(std::chrono::minutes{2});
    CHECK(rendered.has("postern_message_duration_seconds_bucket{le=\"0.0005\"} 1"));
    CHECK(rendered.has("postern_message_duration_seconds_bucket{le=\"0.001\"} 1"));
    CHECK(rendered.has("postern_message_duration_seconds_bucket{le=\"0.0025\"} 2"));
    CHECK(rendered.has("postern_message_duration_seconds_bucket{le=\"60\"} 2"));
    CHECK(rendered.has("postern_message_duration_seconds_bucket{le=\"+Inf\"} 3"));
    CHECK(rendered.has("postern_message_duration_seconds_sum 120.0024"));
    CHECK(rendered.has("postern_message_duration_seconds_count 3"));
}

TEST_CASE("the oldest message is that of all cores that have one") {
    const Rendered rendered;
    CHECK(rendered.has("postern_queue_oldest_message_age_seconds 0"));
    rendered.first->queue_oldest_arrival.set(1990);
    CHECK(rendered.has("postern_queue_oldest_message_age_seconds 10"));
    rendered.second->queue_oldest_arrival.set(1400);
    CHECK(rendered.has("postern_queue_oldest_message_age_seconds 600"));
    rendered.second->queue_oldest_arrival.set(2500); // the clock went back
    CHECK(rendered.has("postern_queue_oldest_message_age_seconds 10"));
}

TEST_CASE("each core's silence has a row") {
    const Rendered rendered;
    CHECK(rendered.has("postern_core_silent_seconds{core=\"0\"} 0"));
    CHECK(rendered.has("postern_core_silent_seconds{core=\"1\"} 41"));
}

TEST_CASE("what is not any core's is there, too") {
    Rendered rendered;
    rendered.process.certificates = {
        {.name = "mx1.example.org",
         .not_after = std::chrono::sys_seconds{std::chrono::seconds{5}}}};
    CHECK(rendered.has("postern_info{version=\"1.2.3\"} 1"));
    CHECK(rendered.has("postern_start_time_seconds 1000"));
    CHECK(rendered.has("postern_policy_generation 7"));
    CHECK(rendered.has("postern_reloads_total{result=\"failed\"} 1"));
    CHECK(rendered.has(
        "postern_certificate_expiry_timestamp_seconds{certificate=\"mx1.example.org\"} 5"));
}

TEST_CASE("every sample stands below its own HELP and TYPE, and no name comes twice") {
    const Rendered rendered;
    rendered.first->refusals_by_code.add("550");
    std::istringstream lines(rendered.text());
    std::set<std::string> seen;
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        if (line.starts_with("# HELP ")) {
            name = line.substr(7, line.find(' ', 7) - 7);
            CHECK(name.starts_with("postern_"));
            CHECK(seen.insert(name).second);
            CHECK(line.ends_with("."));
            REQUIRE(std::getline(lines, line));
            CHECK(line.starts_with("# TYPE " + name + " "));
            CHECK((!line.ends_with(" counter") || name.ends_with("_total")));
        } else {
            CHECK(line.starts_with(name));
        }
    }
}

} // namespace postern::report
