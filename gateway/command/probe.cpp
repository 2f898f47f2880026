#include "gateway/command/probe.h"

#include "gateway/cidr.h"
#include "gateway/command/options.h"
#include "gateway/command/probing.h"
#include "gateway/dns/resolver.h"
#include "gateway/io/task_group.h"
#include "gateway/settings.h"
#include "policy/domain.h"
#include "policy/quantity.h"
#include "ssl/library.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern probe DOMAIN | HOST:PORT | [ADDRESS]:PORT [OPTIONS]\n"
    "\n"
    "Tests the TLS of a domain's mail hosts, of one host, or of one address: STARTTLS, version,\n"
    "cipher, group, certificate and its names, and which of our demands a delivery there would\n"
    "meet. Nothing is said beyond EHLO, STARTTLS and QUIT.\n"
    "\n"
    "  --port N        of the hosts of a domain (default 25)\n"
    "  --timeout TIME  for each step of a conversation, up to 10m (default 30s)\n"
    "  --config FILE   whose [dns], [tls] and hostname count (default\n"
    "                  /etc/postern/postern.toml; if it is not there: the system's)\n"
    "  --json          one JSON object\n"
    "\n"
    "Exit code: 0 every host offers TLS 1.2 or later with a trusted certificate for its name;\n"
    "1 some host falls short or cannot be reached, or there is none; 2 usage.\n";

constexpr io::Duration timeout_max = std::chrono::minutes{10};

struct Request {
    Options options; // as other commands have them
    std::string subject;
    std::string name; // of the domain or host
    std::optional<gateway::IpAddress> address;
    std::optional<std::uint16_t> subject_port; // with it `name` is a host, else a domain
    std::optional<std::uint16_t> port;
    io::Duration timeout = std::chrono::seconds{30};
};

using Complaint = std::optional<std::string>; // the sentence to print before exiting with 2

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

std::optional<std::uint16_t> port_from(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = error == std::errc{} && stopped == text.data() + text.size();
    return whole && port != 0 ? std::optional{port} : std::nullopt;
}

Complaint take_port(Request& request, std::string_view value) {
    request.port = port_from(value);
    return request.port ? std::nullopt : Complaint(quoted(value) + " is no port");
}

Complaint take_timeout(Request& request, std::string_view value) {
    const auto timeout = policy::duration_from(value);
    if (!timeout || timeout->count() == 0 || *timeout > timeout_max)
        return quoted(value) + " is no time up to 10m; write 30s";
    request.timeout = *timeout;
    return std::nullopt;
}

// "192.0.2.1", "2001:db8::1", or the inside of a literal, RFC 5321 4.1.3.
std::optional<gateway::IpAddress> address_from(std::string_view text) {
    constexpr std::string_view tag = "IPv6:";
    if (text.starts_with(tag)) text.remove_prefix(tag.size());
    return gateway::IpAddress::parse(text);
}

Complaint take_host(Request& request, std::string_view host) {
    request.address = address_from(host);
    if (request.address) return std::nullopt;
    auto name = policy::canonical_domain(host);
    if (!name) return quoted(host) + " " + std::string(policy::text(name.error()));
    request.name = std::move(*name);
    return std::nullopt;
}

Complaint take_subject(Request& request, std::string_view subject) {
    if (!request.subject.empty()) return "one domain or host at a time; try --help";
    request.subject = subject;
    const bool bracketed = subject.starts_with('[');
    const auto close = bracketed ? subject.find(']') : 0;
    if (close == std::string_view::npos) return quoted(subject) + " lacks its \"]\"";
    const auto colon = subject.find(':', close);
    const std::string_view host = subject.substr(0, colon);
    if (colon != std::string_view::npos) {
        request.subject_port = port_from(subject.substr(colon + 1));
        if (!request.subject_port)
            return quoted(subject.substr(colon + 1)) +
                   " is no port; an IPv6 address stands in brackets";
    }
    if (!bracketed) return take_host(request, host);
    request.address = address_from(subject.substr(1, close - 1));
    const bool whole = close + 1 == host.size();
    return request.address && whole ? std::nullopt : Complaint(quoted(host) + " is no address");
}

struct Taker {
    std::string_view name;
    Complaint (*take)(Request&, std::string_view);
};

constexpr std::array takers{Taker{"--port", take_port}, Taker{"--timeout", take_timeout}};

// `--name value` and `--name=value`; what is not ours is left to the options of all commands.
std::expected<Request, std::string> read(std::span<const std::string_view> arguments) {
    Request request;
    std::vector<std::string_view> others;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string_view argument = arguments[at];
        const std::size_t equals = argument.find('=');
        const auto* const taker =
            std::ranges::find(takers, argument.substr(0, equals), &Taker::name);
        Complaint complaint;
        if (taker == takers.end() && argument.starts_with('-')) {
            others.push_back(argument);
            const bool has_value = argument == "--config" || argument == "-c";
            if (has_value && at + 1 < arguments.size()) others.push_back(arguments[++at]);
        } else if (taker == takers.end()) {
            complaint = take_subject(request, argument);
        } else if (equals != std::string_view::npos) {
            complaint = taker->take(request, argument.substr(equals + 1));
        } else if (at + 1 == arguments.size()) {
            complaint = std::string(argument) + " needs a value";
        } else {
            complaint = taker->take(request, arguments[++at]);
        }
        if (complaint) return std::unexpected(*complaint);
    }
    auto options = read_options(others);
    if (!options) return std::unexpected(options.error());
    request.options = std::move(*options);
    if (request.options.help) return request;
    if (request.subject.empty())
        return std::unexpected("a domain or a host is missing; try --help");
    if (request.port && request.subject_port)
        return std::unexpected("--port is for a domain; " + request.subject + " has a port");
    return request;
}

// The error is all mistakes. On a host without Postern's files, what counts without them.
std::expected<gateway::Settings, std::string> settings_for(const Options& options) {
    std::error_code ignored;
    if (options.config == default_config && !std::filesystem::exists(options.config, ignored))
        return gateway::Settings{};
    gateway::LoadedSettings loaded = gateway::load_settings(options.config);
    if (!loaded.usable()) return std::unexpected(loaded.mistakes.text());
    return std::move(loaded.settings);
}

std::string hostname_of(const gateway::Settings& settings) {
    if (!settings.hostname.empty()) return settings.hostname;
    std::array<char, 256> name{};
    const bool known = ::gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0';
    return known ? name.data() : "localhost";
}

Source source_of(const Request& request, dns::Origin origin) {
    if (request.address) return Source::address;
    if (request.subject_port) return Source::named;
    return origin == dns::Origin::mx ? Source::mx : Source::implicit;
}

io::Task<dns::Resolver::Found> find_hosts(const Request& request, dns::Resolver* resolver) {
    if (request.address) {
        dns::MailHosts alone{.hosts = {}, .origin = dns::Origin::literal};
        alone.hosts.push_back({.name = request.address->text(), .addresses = {*request.address}});
        co_return alone;
    }
    if (request.subject_port) co_return co_await resolver->host(request.name);
    co_return co_await resolver->mail_hosts(request.name);
}

std::string told_of(const dns::DnsFailure& failure) {
    std::string told{dns::text(failure.cause)};
    if (!failure.detail.empty()) told += ": " + failure.detail;
    return told;
}

io::Task<void> probe_all(const Request& request,
                         dns::Resolver* resolver,
                         relay::Environment& environment,
                         Probed& probed) {
    auto found = co_await find_hosts(request, resolver);
    if (resolver != nullptr) co_await resolver->stop();
    if (!found) {
        probed.problem = told_of(found.error());
        co_return;
    }
    probed.source = source_of(request, found->origin);
    probed.dnssec = found->dnssec;
    constexpr std::uint16_t smtp_port = 25;
    const std::uint16_t port = request.subject_port.value_or(request.port.value_or(smtp_port));
    probed.hosts = co_await probe_hosts(environment, std::move(found->hosts), port);
    for (dns::LeftOut& host : found->left_out) {
        const auto behind =
            std::ranges::upper_bound(probed.hosts, host.preference, {}, &ProbedHost::preference);
        probed.hosts.insert(behind,
                            {.name = std::move(host.name),
                             .preference = host.preference,
                             .problem = told_of(host.failure)});
    }
}

// The error is for the operator: why nothing could be asked at all.
std::expected<Probed, std::string>
probed(const Request& request, const gateway::Settings& settings, ssl::ClientContext& tls) {
    std::unique_ptr<dns::Context> context;
    if (!request.address) {
        auto opened = dns::Context::open(settings.dns);
        if (!opened) return std::unexpected(opened.error());
        context = std::move(*opened);
    }
    auto ring = io::Ring::open({.entries = 512, .completions = 2048, .buffers = 512});
    if (!ring) return std::unexpected(ring.error());
    std::optional<dns::Resolver> resolver;
    if (context) {
        // Not told who we are: our own hosts are to be probed like any other.
        resolver.emplace(**ring,
                         std::move(context),
                         dns::ResolverSettings{.ourselves = {}, .wait = request.timeout});
    }
    relay::Environment environment{.ring = **ring,
                                   .hostname = hostname_of(settings),
                                   .tls = &tls,
                                   .bounds = {.connect = request.timeout,
                                              .command = request.timeout,
                                              .handshake = request.timeout},
                                   .counts = {}};
    Probed result{.subject = request.subject};
    io::TaskGroup tasks{**ring};
    tasks.spawn(probe_all(request, resolver ? &*resolver : nullptr, environment, result));
    while (tasks.running() > 0) {
        (*ring)->turn();
    }
    return result;
}

} // namespace

int probe(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto request = read(arguments);
    if (!request) {
        err << "postern probe: " << request.error() << '\n';
        return 2;
    }
    if (request->options.help) {
        out << help;
        return 0;
    }
    const auto settings = settings_for(request->options);
    if (!settings) {
        err << settings.error();
        return 1;
    }
    const auto library = ssl::Library::open();
    if (!library) {
        err << "postern probe: " << ssl::text(library.error()) << '\n';
        return 1;
    }
    const auto trust = ssl::TrustStore::from_file(settings->tls.trust_store);
    if (!trust) {
        err << "postern probe: " << settings->tls.trust_store << ": " << ssl::text(trust.error())
            << "; no certificate can be trusted\n";
    }
    const auto tls = ssl::ClientContext::make({}, trust ? &*trust : nullptr);
    if (!tls) {
        err << "postern probe: " << ssl::text(tls.error()) << '\n';
        return 1;
    }
    const auto result = probed(*request, *settings, **tls);
    if (!result) {
        err << "postern probe: " << result.error() << '\n';
        return 1;
    }
    out << (request->options.json ? json(*result) : text(*result));
    return result->sound() ? 0 : 1;
}

} // namespace postern::command
