#pragma once

#include "gateway/report/counter.h"
#include "gateway/report/line.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postern::report {

/// One decision about one message: who it was from and for, what was demanded and by which
/// settings, how it had come, what we said. Every decision appears once in the trail. Borrows
/// everything; lives for one call.
struct Decision {
    std::string_view event = "message";
    std::string_view session = {};
    std::string_view message = {};
    std::string_view listener = {};
    std::string_view client = {};
    std::string_view direction = "inbound";
    std::span<const std::string> from = {};
    std::span<const std::string> to = {};
    std::string_view organization = {};
    std::span<const std::string_view> settings = {}; // that matched and are enforced
    std::span<const std::string_view> reported = {}; // that matched in report mode
    std::string_view demand = {};
    std::string_view achieved = {};
    std::string_view tls_version = {};
    std::string_view tls_cipher = {};
    std::string_view tls_cause = {}; // why there is no TLS, where it was tried
    Verdict verdict = Verdict::accepted;
    std::string_view reply = {};
    std::string_view route = {};
    std::string_view host = {};
    std::chrono::milliseconds duration{0};
    std::uint64_t bytes = 0;
};

/// Appends it as one JSON object, without a line feed, keys always in the same order.
void append(std::string& out, Time time, const Decision& decision);

} // namespace postern::report
