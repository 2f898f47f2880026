#pragma once

#include "gateway/dns/answer.h"
#include "gateway/dns/mail_hosts.h"
#include "gateway/io/task.h"
#include "gateway/relay/environment.h"
#include "gateway/relay/failure.h"
#include "policy/demand.h"
#include "ssl/peer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How mail hosts do in TLS, found out as a delivery would: the same conversation, up to MAIL.

namespace postern::command {

// What came of speaking with one address. Either `peer` or `failure` is there.
struct ProbedAddress {
    std::string endpoint; // "192.0.2.1:25", "[2001:db8::1]:25"
    std::optional<ssl::Peer> peer{};
    std::optional<relay::Failure> failure{}; // up to the EHLO within TLS
    io::Duration took{0};                    // up to there; not QUIT

    [[nodiscard]] bool reached() const;
    // Nothing: it never came to that.
    [[nodiscard]] std::optional<bool> offers_tls() const;
    // The strictest demand with this floor that a delivery there would meet.
    [[nodiscard]] policy::Demand meets(policy::TlsVersion floor) const;
};

enum class Soundness : std::uint8_t { sound, falls_short, unreachable };

struct ProbedHost {
    std::string name; // that a certificate must have
    std::uint16_t preference = 0;
    dns::Dnssec dnssec = dns::Dnssec::insecure;
    std::vector<ProbedAddress> addresses{};
    std::string problem{}; // why there are none

    // Without an address it cannot be reached. Sound: some address was reached, and all that were
    // offer TLS 1.2 or later with a trusted certificate for its name. That others cannot be reached
    // (from here, over IPv6) costs a delivery time and no security.
    [[nodiscard]] Soundness soundness() const;
};

// Where the hosts come from.
enum class Source : std::uint8_t { mx, implicit, named, address };

struct Probed {
    std::string subject; // as it was asked for
    Source source = Source::mx;
    dns::Dnssec dnssec = dns::Dnssec::insecure; // of the MX records
    std::vector<ProbedHost> hosts{};
    std::string problem{}; // why there are none

    [[nodiscard]] bool sound() const;
};

// Speaks with every address of every host, with all at once. Each is said EHLO, STARTTLS, EHLO and
// QUIT. Ends within about seven times the longest of the environment's bounds.
[[nodiscard]] io::Task<std::vector<ProbedHost>>
probe_hosts(relay::Environment& environment, std::vector<dns::MailHost> hosts, std::uint16_t port);

// For people: a few lines for each address. For programs: one JSON object in one line.
[[nodiscard]] std::string text(const Probed& probed);
[[nodiscard]] std::string json(const Probed& probed);

} // namespace postern::command
