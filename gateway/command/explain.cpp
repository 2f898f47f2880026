#include "gateway/command/explain.h"

#include "gateway/command/explanation.h"
#include "gateway/command/options.h"
#include "gateway/settings.h"
#include "policy/load.h"

#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern explain --from ADDRESS --to ADDRESS [OPTIONS]\n"
    "\n"
    "Says what the policy decides about a mail and why: the organization, the settings and list\n"
    "entries that match, what they demand, the verdict and our reply. Asks nobody.\n"
    "\n"
    "  --from ADDRESS     of the From field; several times for several; <> for none\n"
    "  --to ADDRESS       a recipient\n"
    "  --direction WORD   inbound or outbound (default: inbound if the recipient is ours)\n"
    "  --tls VERSION      of the session: none, 1.0, 1.1, 1.2 or 1.3 (default none)\n"
    "  --config FILE      what this host is (default /etc/postern/postern.toml)\n"
    "  --policy FILE      this policy, whatever the host's is\n"
    "  --json             one JSON object\n"
    "\n"
    "Exit code: 0 accepted; 1 refused or deferred, or the policy has mistakes; 2 usage.\n";

struct Request {
    Options options; // as other commands have them
    std::string policy;
    std::vector<policy::Address> from;
    bool has_from = false;
    policy::Address to; // empty: not given
    std::optional<policy::Direction> direction;
    policy::TlsVersion tls = policy::TlsVersion::none;
};

using Complaint = std::optional<std::string>; // the sentence to print before exiting with 2

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

Complaint take_from(Request& request, std::string_view value) {
    request.has_from = true;
    if (value.empty() || value == "<>") return std::nullopt;
    auto address = policy::Address::parse(value);
    if (!address)
        return "--from " + quoted(value) + " " + std::string(policy::text(address.error()));
    request.from.push_back(std::move(*address));
    return std::nullopt;
}

Complaint take_to(Request& request, std::string_view value) {
    if (!request.to.empty()) return "--to may be given once";
    auto address = policy::Address::parse(value);
    if (!address) return "--to " + quoted(value) + " " + std::string(policy::text(address.error()));
    request.to = std::move(*address);
    return std::nullopt;
}

Complaint take_direction(Request& request, std::string_view value) {
    for (const auto direction : {policy::Direction::inbound, policy::Direction::outbound}) {
        if (policy::text(direction) != value) continue;
        request.direction = direction;
        return std::nullopt;
    }
    return quoted(value) + " is no direction; use inbound or outbound";
}

Complaint take_tls(Request& request, std::string_view value) {
    const auto version = policy::tls_version_of(value);
    if (!version) return quoted(value) + " is no TLS version; use none, 1.0, 1.1, 1.2 or 1.3";
    request.tls = *version;
    return std::nullopt;
}

Complaint take_policy(Request& request, std::string_view value) {
    request.policy = value;
    return value.empty() ? Complaint("--policy needs the name of a file") : std::nullopt;
}

struct Taker {
    std::string_view name;
    Complaint (*take)(Request&, std::string_view);
};

constexpr std::array takers{
    Taker{"--from", take_from},
    Taker{"--to", take_to},
    Taker{"--direction", take_direction},
    Taker{"--tls", take_tls},
    Taker{"--policy", take_policy},
};

// `--name value` and `--name=value`; what is not ours is left to the options of all commands.
std::expected<Request, std::string> read(std::span<const std::string_view> arguments) {
    Request request;
    std::vector<std::string_view> others;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string_view argument = arguments[at];
        const std::size_t equals = argument.find('=');
        const auto* const taker =
            std::ranges::find(takers, argument.substr(0, equals), &Taker::name);
        if (taker == takers.end()) {
            others.push_back(argument);
            const bool has_value = argument == "--config" || argument == "-c";
            if (has_value && at + 1 < arguments.size()) others.push_back(arguments[++at]);
            continue;
        }
        if (equals == std::string_view::npos && at + 1 == arguments.size())
            return std::unexpected(std::string(argument) + " needs a value");
        const std::string_view value =
            equals == std::string_view::npos ? arguments[++at] : argument.substr(equals + 1);
        if (auto complaint = taker->take(request, value)) return std::unexpected(*complaint);
    }
    auto options = read_options(others);
    if (!options) return std::unexpected(options.error());
    request.options = std::move(*options);
    if (request.options.help) return request;
    if (!request.has_from) return std::unexpected("--from is missing; try --help");
    if (request.to.empty()) return std::unexpected("--to is missing; try --help");
    return request;
}

// In clear means that the client did not want TLS, unless no listener of this host has it on offer.
receive::StartTls start_tls_of(const gateway::Settings& settings) {
    bool any_inbound = false;
    for (const gateway::ListenerSettings& listener : settings.listeners) {
        if (listener.direction != gateway::Direction::inbound) continue;
        if (listener.tls != gateway::ListenerTls::off) return receive::StartTls::offered;
        any_inbound = true;
    }
    return any_inbound ? receive::StartTls::not_offered : receive::StartTls::offered;
}

policy::Direction usual_direction(const policy::Snapshot& policy, const Request& request) {
    if (policy.is_ours(request.to)) return policy::Direction::inbound;
    const bool from_us = !request.from.empty() && policy.is_ours(request.from.front());
    return from_us ? policy::Direction::outbound : policy::Direction::inbound;
}

} // namespace

int explain(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto request = read(arguments);
    if (!request) {
        err << "postern explain: " << request.error() << '\n';
        return 2;
    }
    if (request->options.help) {
        out << help;
        return 0;
    }
    std::string path = request->policy;
    receive::StartTls start_tls = receive::StartTls::offered;
    if (path.empty()) {
        const gateway::LoadedSettings host = gateway::load_settings(request->options.config);
        path = host.settings.policy;
        start_tls = start_tls_of(host.settings);
        if (path.empty() || !host.usable()) {
            err << host.mistakes.text();
            return 1;
        }
    }
    const policy::Loaded loaded = policy::load(path, 1);
    if (!loaded.snapshot) {
        err << loaded.mistakes.text();
        return 1;
    }
    const Explanation made =
        explanation_of(*loaded.snapshot,
                       Question{.from = request->from,
                                .to = request->to,
                                .direction = request->direction.value_or(
                                    usual_direction(*loaded.snapshot, *request)),
                                .tls = request->tls,
                                .start_tls = start_tls});
    out << (request->options.json ? json(made) : text(made));
    return made.verdict == receive::Verdict::accepted ? 0 : 1;
}

} // namespace postern::command
