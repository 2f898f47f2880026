#pragma once

#include "gateway/smtp/conversation.h"
#include "gateway/smtp/envelope.h"
#include "gateway/smtp/extension.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What a client says. conversation.h is what it must remember.
namespace postern::smtp {

// Each appends one whole command line.
void append_ehlo(std::string& out, std::string_view hostname);
void append_helo(std::string& out, std::string_view hostname);
void append_starttls(std::string& out);
void append_data(std::string& out);
enum class Chunk : std::uint8_t { one_of_several, last };
void append_bdat(std::string& out, std::uint64_t bytes, Chunk chunk);
void append_rset(std::string& out);
void append_noop(std::string& out);
void append_quit(std::string& out);

// What the peer would have to offer to take this transaction and does not; nothing: it can be said.
[[nodiscard]] std::optional<Extension> lacking(const Mail& mail, const Extensions& peer);
[[nodiscard]] std::optional<Extension> lacking(const Recipient& recipient, const Extensions& peer);

// Parameters that the peer does not offer are left out.
void append_mail(std::string& out, const Mail& mail, const Extensions& peer);
void append_rcpt(std::string& out, const Recipient& recipient, const Extensions& peer);

// The real client, told to a next hop that trusts us (postfix.org/XCLIENT_README.html). "" and 0
// are said as [UNAVAILABLE].
struct XclientFacts {
    std::string_view name;
    std::string_view address; // 192.0.2.1 or 2001:db8::1
    std::uint16_t port = 0;
    bool extended = true;
    std::string_view helo;
};
// Only the attributes that the peer lists. The conversation starts afresh after a 220.
void append_xclient(std::string& out, const XclientFacts& facts, const Extensions& peer);

} // namespace postern::smtp
