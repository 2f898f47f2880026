#pragma once

#include "gateway/dns/context.h"
#include "gateway/dns/failure.h"
#include "gateway/dns/mail_hosts.h"
#include "gateway/dns/questions.h"
#include "gateway/io/task.h"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dns {

struct ResolverSettings {
    Ourselves ourselves;
    io::Duration wait = std::chrono::seconds{30}; // for all that one domain needs
    std::uint64_t seed = 1;                       // of the order of equal hosts
};

// Finds the mail hosts of domains. Owned by a core, used by it alone; its ring outlives it.
class Resolver {
public:
    using Found = std::expected<MailHosts, DnsFailure>;

    Resolver(io::Ring& ring, std::unique_ptr<Context> context, ResolverSettings settings);

    // The hosts that take mail for `domain` (A-labels, or an address literal in brackets), with
    // their addresses, in the order to try them in (RFC 5321 5.1, RFC 7505). A host whose addresses
    // cannot be had now is left out while others can. Nothing is asked for a literal.
    [[nodiscard]] io::Task<Found> mail_hosts(std::string_view domain);
    // The host of that name alone, whatever MX records the name has.
    [[nodiscard]] io::Task<Found> host(std::string_view name);

    // Ends every search with Cause::cancelled, and later ones too. Awaited before the resolver
    // goes, which happens after the last search has ended.
    [[nodiscard]] io::Task<void> stop() { return questions_.stop(); }

private:
    struct Search;
    [[nodiscard]] io::Task<Found> search(std::string domain);
    [[nodiscard]] io::Task<Found> search_host(std::string host);
    [[nodiscard]] io::Task<Found> with_addresses(Search search, std::vector<Mx> listed);

    io::Ring& ring_;
    ResolverSettings settings_;
    Shuffle shuffle_;
    Questions questions_;
};

} // namespace postern::dns
