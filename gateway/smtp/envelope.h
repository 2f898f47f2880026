#pragma once

#include "gateway/smtp/extension.h"
#include "gateway/smtp/path.h"
#include "gateway/smtp/reply.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// What MAIL and RCPT say, with their parameters (RFC 5321 4.1.1.2-3, 1870, 6152, 6531, 3461).
namespace postern::smtp {

enum class Body : std::uint8_t { unspecified, seven_bit, eight_bit_mime };
enum class ReturnContent : std::uint8_t { unspecified, headers, full }; // DSN: RET=

struct Mail {
    Path sender;
    std::optional<std::uint64_t> size;
    Body body = Body::unspecified;
    bool smtputf8 = false;
    ReturnContent return_content = ReturnContent::unspecified;
    std::string envelope_id; // DSN: ENVID=, in xtext as it came, "" when not given

    bool operator==(const Mail&) const = default;
};

// DSN: NOTIFY=. All false: not given, which is not the same as `never`.
struct Notify {
    bool never = false;
    bool success = false;
    bool failure = false;
    bool delay = false;

    [[nodiscard]] constexpr bool given() const { return never || success || failure || delay; }
    bool operator==(const Notify&) const = default;
};

struct Recipient {
    Path path;
    Notify notify;
    std::string original; // DSN: ORCPT= as it came (type;xtext), "" when not given

    bool operator==(const Recipient&) const = default;
};

inline constexpr std::size_t envelope_id_bytes_max = 100;        // RFC 3461 4.4
inline constexpr std::size_t original_recipient_bytes_max = 500; // RFC 3461 4.2

// `argument` is Command::argument, "FROM:<a@example.com> SIZE=1000". A parameter belongs to an
// extension that was offered, else it is refused with 555 5.5.4. A SIZE over the limit offered is
// 552 5.3.4 at once (RFC 1870 6.1).
[[nodiscard]] std::expected<Mail, Reply> parse_mail(std::string_view argument,
                                                    const Extensions& offered);

// `utf8` is allowed when the transaction's MAIL said SMTPUTF8.
[[nodiscard]] std::expected<Recipient, Reply>
parse_rcpt(std::string_view argument, const Extensions& offered, Utf8 utf8);

} // namespace postern::smtp
