#include "gateway/settings_bounds.h"

#include "policy/quantity.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace postern::gateway {
namespace {

using policy::Range;
using policy::Table;
using policy::Text;
using std::chrono::milliseconds;

template<typename Number>
void take_count(Table& table, std::string_view key, Range<std::int64_t> range, Number& limit) {
    const auto given = table.integer(key, range);
    if (given) limit = static_cast<Number>(*given);
}

void take_text_line(Table& table, std::size_t& limit) {
    constexpr std::uint64_t standard = 1000; // RFC 5321 4.5.3.1.6: others rely on it
    constexpr std::uint64_t most = std::uint64_t{1} << 20U;
    const auto given = table.size("text_line", {.least = 0, .most = most});
    if (!given) return;
    if (*given > 0 && *given < standard) {
        table.error("text_line", "text_line must be at least 1000, or 0 for no limit");
    } else {
        limit = *given;
    }
}

void read_retry(Table& table, std::vector<milliseconds>& retry) {
    const auto given = table.strings("retry");
    if (!given) return;
    std::vector<milliseconds> pauses;
    for (const Text& item : *given) {
        const auto pause = policy::duration_from(item.value);
        if (pause && *pause >= std::chrono::seconds{1} && *pause <= std::chrono::days{7}) {
            pauses.push_back(*pause);
        } else {
            table.error(item.place,
                        quoted(item.value) + " is no pause between attempts; use \"1s\" to \"7d\"");
        }
    }
    if (given->empty()) table.error("retry", "retry must name at least one pause");
    if (!pauses.empty()) retry = std::move(pauses);
}

} // namespace

void read_limits(Table& root, Settings& settings) {
    constexpr std::int64_t many = 1'000'000'000;
    constexpr std::uint64_t kib = 1024;
    constexpr std::uint64_t mib = kib * kib;
    constexpr std::uint64_t gib = kib * mib;
    root.table("limits", [&limits = settings.limits](Table& table) {
        take(table.size("message_size", {.least = kib, .most = 4 * gib}), limits.message_size);
        take(table.size("header_section", {.least = kib, .most = 16 * mib}), limits.header_section);
        take_text_line(table, limits.text_line);
        take_count(table, "recipients", {.least = 1, .most = 100'000}, limits.recipients);
        take_count(table, "received_fields", {.least = 1, .most = 1000}, limits.received_fields);
        take(table.size("data_rate", {.least = 0, .most = gib}), limits.data_rate);
        take_count(table, "errors", {.least = 1, .most = 1'000'000}, limits.errors);
        take_count(table, "commands", {.least = 10, .most = many}, limits.commands);
        take_count(table, "sessions", {.least = 1, .most = many}, limits.sessions);
        take_count(
            table, "sessions_per_client", {.least = 1, .most = many}, limits.sessions_per_client);
        take(table.size("memory_per_core", {.least = 64 * mib, .most = 1024 * gib}),
             limits.memory_per_core);
        take_count(table,
                   "next_hop_connections",
                   {.least = 1, .most = 100'000},
                   limits.next_hop_connections);
    });
}

void read_timeouts(Table& root, Settings& settings) {
    root.table("timeouts", [&timeouts = settings.timeouts](Table& table) {
        constexpr Range<milliseconds> sensible{.least = milliseconds{10},
                                               .most = std::chrono::hours{24}};
        const auto read = [&table, sensible](std::string_view key, milliseconds& timeout) {
            take(table.duration(key, sensible), timeout);
        };
        read("command", timeouts.command);
        read("data_block", timeouts.data_block);
        read("data_rate_grace", timeouts.data_rate_grace);
        read("send", timeouts.send);
        read("tls_handshake", timeouts.tls_handshake);
        read("proxy_header", timeouts.proxy_header);
        read("next_hop_connect", timeouts.next_hop_connect);
        read("next_hop_command", timeouts.next_hop_command);
        read("next_hop_data_block", timeouts.next_hop_data_block);
        read("next_hop_data_end", timeouts.next_hop_data_end);
        read("next_hop_wait", timeouts.next_hop_wait);
        read("next_hop_idle", timeouts.next_hop_idle);
        read("next_hop_age", timeouts.next_hop_age);
    });
}

void read_delivery(Table& root, Settings& settings) {
    root.table("delivery", [&delivery = settings.delivery](Table& table) {
        constexpr std::int64_t many = 100'000;
        take(table.string("alternate_secure_route"), delivery.alternate_secure_route);
        take_count(table, "port", {.least = 1, .most = 65535}, delivery.port);
        take_count(table, "concurrency", {.least = 1, .most = many}, delivery.concurrency);
        take_count(table,
                   "destination_concurrency",
                   {.least = 1, .most = many},
                   delivery.destination_concurrency);
        read_retry(table, delivery.retry);
        constexpr Range<milliseconds> wait{.least = milliseconds{0}, .most = std::chrono::days{30}};
        take(table.duration("warning", wait), delivery.warning);
        take(table.duration("expiry", wait), delivery.expiry);
    });
}

} // namespace postern::gateway
