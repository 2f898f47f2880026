#include "gateway/command/support_settings.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::command {
namespace {

using gateway::CertificateSettings;
using gateway::ListenerSettings;
using gateway::Settings;

/// Adds what differs from the usual.
class Differences {
public:
    explicit Differences(report::Section& section) : section_(section) {}

    void number(std::string_view name, std::uint64_t given, std::uint64_t usual) {
        if (given != usual) section_.number(name, given);
    }
    void
    wait(std::string_view name, std::chrono::milliseconds given, std::chrono::milliseconds usual) {
        if (given != usual) section_.text(name, std::to_string(given.count()) + "ms");
    }
    void text(std::string_view name, std::string_view given, std::string_view usual) {
        if (given != usual) section_.text(name, given);
    }

private:
    report::Section& section_;
};

std::string_view text(gateway::ListenerTls tls) {
    switch (tls) {
    case gateway::ListenerTls::starttls: return "starttls";
    case gateway::ListenerTls::implicit: return "implicit";
    case gateway::ListenerTls::off: return "off";
    }
    return "";
}

std::string_view text(gateway::LogLevel level) {
    switch (level) {
    case gateway::LogLevel::error: return "error";
    case gateway::LogLevel::warning: return "warning";
    case gateway::LogLevel::info: return "info";
    case gateway::LogLevel::debug: return "debug";
    }
    return "";
}

std::string listener_text(const ListenerSettings& listener) {
    std::string text = listener.name + ": " + listener.address + ", ";
    text.append(gateway::text(listener.direction))
        .append(", tls ")
        .append(command::text(listener.tls));
    if (listener.require_tls) text += ", require_tls";
    if (listener.proxy_protocol) {
        text += ", proxy_protocol of " + std::to_string(listener.proxies.size()) + " networks";
    }
    if (!listener.clients.empty()) {
        text += ", clients of " + std::to_string(listener.clients.size()) + " networks";
    }
    return text;
}

std::string readers_of(const std::string& file) {
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0) return "not there, or not for us";
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", facts.st_mode & 07777U);
    return "mode " + std::string{mode.data()} + ", uid " + std::to_string(facts.st_uid) + ", gid " +
           std::to_string(facts.st_gid);
}

std::string certificate_text(const CertificateSettings& certificate) {
    return certificate.chain + ", key " + certificate.key + " (" + readers_of(certificate.key) +
           ")";
}

template<typename Things, typename Text>
std::vector<std::string> each(const Things& things, Text text) {
    std::vector<std::string> texts;
    texts.reserve(things.size());
    for (const auto& thing : things) {
        texts.push_back(text(thing));
    }
    return texts;
}

void append_limits(Differences& differ, const gateway::Limits& given) {
    const gateway::Limits usual;
    differ.number("limits.message_size", given.message_size, usual.message_size);
    differ.number("limits.header_section", given.header_section, usual.header_section);
    differ.number("limits.text_line", given.text_line, usual.text_line);
    differ.number("limits.recipients", given.recipients, usual.recipients);
    differ.number("limits.received_fields", given.received_fields, usual.received_fields);
    differ.number("limits.data_rate", given.data_rate, usual.data_rate);
    differ.number("limits.errors", given.errors, usual.errors);
    differ.number("limits.commands", given.commands, usual.commands);
    differ.number("limits.sessions", given.sessions, usual.sessions);
    differ.number(
        "limits.sessions_per_client", given.sessions_per_client, usual.sessions_per_client);
    differ.number("limits.memory_per_core", given.memory_per_core, usual.memory_per_core);
    differ.number(
        "limits.next_hop_connections", given.next_hop_connections, usual.next_hop_connections);
}

void append_timeouts(Differences& differ, const gateway::Timeouts& given) {
    const gateway::Timeouts usual;
    differ.wait("timeouts.command", given.command, usual.command);
    differ.wait("timeouts.data_block", given.data_block, usual.data_block);
    differ.wait("timeouts.data_rate_grace", given.data_rate_grace, usual.data_rate_grace);
    differ.wait("timeouts.send", given.send, usual.send);
    differ.wait("timeouts.tls_handshake", given.tls_handshake, usual.tls_handshake);
    differ.wait("timeouts.proxy_header", given.proxy_header, usual.proxy_header);
    differ.wait("timeouts.next_hop_connect", given.next_hop_connect, usual.next_hop_connect);
    differ.wait("timeouts.next_hop_command", given.next_hop_command, usual.next_hop_command);
    differ.wait(
        "timeouts.next_hop_data_block", given.next_hop_data_block, usual.next_hop_data_block);
    differ.wait("timeouts.next_hop_data_end", given.next_hop_data_end, usual.next_hop_data_end);
    differ.wait("timeouts.next_hop_wait", given.next_hop_wait, usual.next_hop_wait);
    differ.wait("timeouts.next_hop_idle", given.next_hop_idle, usual.next_hop_idle);
    differ.wait("timeouts.next_hop_age", given.next_hop_age, usual.next_hop_age);
}

void append_delivery(report::Section& section, const gateway::DeliverySettings& given) {
    const gateway::DeliverySettings usual;
    Differences differ{section};
    differ.text("delivery.alternate_secure_route",
                given.alternate_secure_route,
                usual.alternate_secure_route);
    differ.number("delivery.port", given.port, usual.port);
    differ.number("delivery.concurrency", given.concurrency, usual.concurrency);
    differ.number("delivery.destination_concurrency",
                  given.destination_concurrency,
                  usual.destination_concurrency);
    differ.wait("delivery.warning", given.warning, usual.warning);
    differ.wait("delivery.expiry", given.expiry, usual.expiry);
    if (given.retry == usual.retry) return;
    section.texts("delivery.retry", each(given.retry, [](std::chrono::milliseconds pause) {
                      return std::to_string(pause.count()) + "ms";
                  }));
}

void append_tls_and_dns(report::Section& section, const Settings& given) {
    const Settings usual;
    Differences differ{section};
    differ.text("tls.minimum_version",
                policy::text(given.tls.minimum_version),
                policy::text(usual.tls.minimum_version));
    differ.text("tls.trust_store", given.tls.trust_store, usual.tls.trust_store);
    differ.wait("tls.ticket_rotation", given.tls.ticket_rotation, usual.tls.ticket_rotation);
    differ.text("dns.trust_anchor", given.dns.trust_anchor, usual.dns.trust_anchor);
    if (given.dns.servers.empty()) return;
    section.texts("dns.servers", each(given.dns.servers, [](const gateway::IpEndpoint& server) {
                      return server.text();
                  }));
}

} // namespace

report::Section section_of(const gateway::Settings& settings) {
    const Settings usual;
    report::Section section{"settings"};
    section.text("hostname", settings.hostname)
        .text("policy", settings.policy)
        .text("state_directory", settings.state_directory)
        .text("admin.address", settings.admin_address)
        .texts("listeners", each(settings.listeners, listener_text))
        .texts("certificates", each(settings.certificates, certificate_text));
    Differences differ{section};
    differ.number("cores", settings.cores, usual.cores);
    differ.wait("drain", settings.drain, usual.drain);
    differ.text("log.level", text(settings.log_level), text(usual.log_level));
    if (settings.report_language == gateway::Language::japanese) {
        section.text("report_language", "ja");
    }
    append_tls_and_dns(section, settings);
    append_delivery(section, settings.delivery);
    append_limits(differ, settings.limits);
    append_timeouts(differ, settings.timeouts);
    return section;
}

} // namespace postern::command
