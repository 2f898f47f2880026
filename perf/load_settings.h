#pragma once

#include "gateway/io/endpoint.h"
#include "gateway/io/timer.h"
#include "ssl/version.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "perf/messages.h"
#include "perf/options.h"

namespace postern::perf {

enum class LoadTls : std::uint8_t { none, starttls, implicit };

// Which reply to a message is the right one: a code, or a class of codes.
class ExpectedReply {
public:
    // "250" or "2xx".
    [[nodiscard]] static std::optional<ExpectedReply> parse(std::string_view text);
    [[nodiscard]] bool matches(int code) const {
        return whole_class_ ? code / 100 == code_ / 100 : code == code_;
    }

private:
    int code_ = 250;
    bool whole_class_ = false;
};

// What to do to whom, for all cores together. Immutable once read.
struct LoadSettings {
    io::Endpoint to;
    Messages messages;
    LoadTls tls = LoadTls::none;
    ssl::Version tls_version = ssl::Version::tls_1_3;
    std::string server_name = "localhost";
    bool resume = false;
    bool pipelining = false;
    unsigned threads = 1;
    std::uint64_t connections = 1;
    std::uint64_t messages_per_connection = 1;
    std::uint64_t messages_max = 0; // measured ones; 0: as many as `duration` allows
    io::Duration duration{0};       // of the measured part
    io::Duration warm_up{0};
    io::Duration reply_max{0}; // the longest wait for any one thing
    std::uint64_t rate = 0;    // planned starts a second; 0: one after the other (closed loop)
    std::uint64_t idle = 0;
    ExpectedReply expected = {};
};

[[nodiscard]] std::span<const Option> load_options();

// The error is a sentence for whoever typed the line.
[[nodiscard]] std::expected<LoadSettings, std::string> load_settings(const Options& options);

} // namespace postern::perf
