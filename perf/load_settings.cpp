#include "perf/load_settings.h"

#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "perf/core.h"

namespace postern::perf {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t messages_max = 1'000'000'000;
constexpr std::uint64_t seconds_max = 86'400;
// When nothing else ends a run.
constexpr io::Duration duration_otherwise = 10min;

constexpr std::array known = std::to_array<Option>({
    {"--to", "ADDRESS:PORT", "the server (needed)"},
    {"--connections", "N", "at one time (1)", true, 1, 1'000'000},
    {"--messages-per-connection", "M", "(1)", true, 1, messages_max},
    {"--messages", "TOTAL", "in all; without --seconds: N x M", true, 1, messages_max},
    {"--seconds", "S", "or for so long, after the warm-up", true, 1, seconds_max},
    {"--warmup", "S", "of the same load first, not measured (0)", true, 0, seconds_max},
    {"--rate", "R", "messages begun a second, whatever the server does", true, 1, 10'000'000},
    {"--size", "SIZES", "of a message, header included (4096); a mix: 2k:70,64k:25,1m:5"},
    {"--tls", "KIND", "none, starttls or implicit (none)"},
    {"--tls-version", "VERSION", "1.3 or 1.2 (1.3)"},
    {"--server-name", "NAME", "for SNI (localhost)"},
    {"--resume", "", "resume the TLS session of the connection before"},
    {"--pipelining", "", "MAIL, RCPT and DATA in one send"},
    {"--from", "ADDRESS", "envelope sender and From: field (sender@load.example)"},
    {"--rcpt", "ADDRESS", "recipient (recipient@sink.example)"},
    {"--from-file", "FILE", "senders, one a line, by turns"},
    {"--rcpt-file", "FILE", "recipients, likewise"},
    {"--expect", "CODE", "the right reply to a message: 250, 2xx, 550 ... (250)"},
    {"--timeout", "S", "the longest wait for any reply (60)", true, 1, 3600},
    {"--threads", "N", "event loops (1)", true, 1, 64},
    {"--cpu", "N", "pin the first loop to this CPU, the next to the next", true, 0, 4095},
    {"--idle", "N", "only open N connections and hold them", true, 1, 1'000'000},
    {"--progress", "", "a line a second on standard error, even if it is no terminal"},
    {"--json", "", "the result as JSON"},
    {"--help", "", "this text"},
});

std::optional<LoadTls> tls_from(std::string_view text) {
    if (text == "none") return LoadTls::none;
    if (text == "starttls") return LoadTls::starttls;
    if (text == "implicit") return LoadTls::implicit;
    return std::nullopt;
}

io::Duration seconds(const Options& options, std::string_view name, std::uint64_t otherwise) {
    return std::chrono::seconds{options.number(name, otherwise)};
}

void set_amounts(LoadSettings& settings, const Options& options) {
    settings.threads = static_cast<unsigned>(options.number("--threads", 1));
    settings.connections = options.number("--connections", 1);
    settings.messages_per_connection = options.number("--messages-per-connection", 1);
    settings.rate = options.number("--rate", 0);
    settings.idle = options.number("--idle", 0);
    settings.messages_max = options.number("--messages", 0);
    if (settings.messages_max == 0 && !options.given("--seconds")) {
        settings.messages_max = settings.connections * settings.messages_per_connection;
    }
    settings.warm_up = seconds(options, "--warmup", 0);
    settings.duration = options.given("--seconds") ? seconds(options, "--seconds", 0)
                        : settings.idle > 0        ? io::Duration::max()
                                                   : duration_otherwise;
    settings.reply_max = seconds(options, "--timeout", 60);
}

// Of the file that one option names, else what another says.
std::expected<std::vector<std::string>, std::string>
addresses_from(const Options& options, std::string_view name, std::string_view otherwise) {
    const std::string file_name = std::string{name} + "-file";
    if (!options.given(file_name)) {
        return std::vector{std::string{options.text(name, otherwise)}};
    }
    const auto text = read_file(std::string{options.text(file_name)});
    auto addresses = text ? parse_addresses(*text) : std::vector<std::string>{};
    if (addresses.empty()) return std::unexpected{file_name + " takes a file with addresses"};
    return addresses;
}

std::expected<Messages, std::string> messages_from(const Options& options) {
    auto sizes = parse_sizes(options.text("--size", "4096"));
    if (!sizes) return std::unexpected{"--size: " + sizes.error()};
    auto senders = addresses_from(options, "--from", "sender@load.example");
    if (!senders) return std::unexpected{senders.error()};
    auto recipients = addresses_from(options, "--rcpt", "recipient@sink.example");
    if (!recipients) return std::unexpected{recipients.error()};
    auto made = Messages::make(std::move(*sizes), std::move(*senders), std::move(*recipients));
    if (!made) return std::unexpected{"--size: " + made.error()};
    return made;
}

} // namespace

std::optional<ExpectedReply> ExpectedReply::parse(std::string_view text) {
    ExpectedReply reply;
    if (text.size() != 3 || text[0] < '2' || text[0] > '5') return std::nullopt;
    reply.code_ = (text[0] - '0') * 100;
    if (text.substr(1) == "xx") {
        reply.whole_class_ = true;
        return reply;
    }
    for (const char digit : text.substr(1)) {
        if (digit < '0' || digit > '9') return std::nullopt;
    }
    reply.code_ += (text[1] - '0') * 10 + (text[2] - '0');
    return reply;
}

std::span<const Option> load_options() { return known; }

std::expected<LoadSettings, std::string> load_settings(const Options& options) {
    const auto to = io::Endpoint::parse(options.text("--to"));
    if (!to) return std::unexpected{"--to takes the server's address and port: 127.0.0.1:2525"};
    auto messages = messages_from(options);
    if (!messages) return std::unexpected{messages.error()};
    LoadSettings settings{.to = *to, .messages = std::move(*messages)};
    const auto tls = tls_from(options.text("--tls", "none"));
    if (!tls) return std::unexpected{"--tls takes none, starttls or implicit"};
    settings.tls = *tls;
    const auto version = ssl::version_from(options.text("--tls-version", "1.3"));
    if (!version || *version < ssl::Version::tls_1_2) {
        return std::unexpected{"--tls-version takes 1.2 or 1.3"};
    }
    settings.tls_version = *version;
    const auto expected = ExpectedReply::parse(options.text("--expect", "250"));
    if (!expected) return std::unexpected{"--expect takes a reply code or a class: 250, 5xx"};
    settings.expected = *expected;
    settings.server_name = options.text("--server-name", "localhost");
    settings.resume = options.given("--resume");
    settings.pipelining = options.given("--pipelining");
    set_amounts(settings, options);
    return settings;
}

} // namespace postern::perf
