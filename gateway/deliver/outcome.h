#pragma once

#include "gateway/deliver/destination.h"
#include "gateway/deliver/schedule.h"
#include "gateway/relay/conversation.h"
#include "gateway/relay/failure.h"
#include "gateway/smtp/reply.h"
#include "gateway/smtp/reply_reader.h"
#include "policy/demand.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::deliver {

// Why a host did not take a message. Ordered: of what several hosts did, the highest counts. The
// definite ones come first, of TLS the better the farther it got; a passing one outweighs them, so
// that a message is returned at once only if every host fell short for good (COMPLIANCE O13, O14);
// and a fault of our own outweighs all (O19).
enum class Cause : std::uint8_t {
    none,
    no_such_domain,            // O15
    takes_no_mail,             // O15: null MX, RFC 7505
    refused,                   // the host's reply, 5xx
    extension_missing,         // 8BITMIME or SMTPUTF8 is needed and not offered
    starttls_not_supported,    // O4, O5
    validation_failure,        // O6
    certificate_not_trusted,   // O7
    certificate_expired,       // O8; or not yet valid
    certificate_host_mismatch, // O9
    unresolved,                // the resolver gave no answer
    unreachable,
    lost,      // no SMTP reply, or none in time, or the connection broke
    postponed, // the host's reply, 4xx
    ours,
};

// "certificate-expired", for reports and the log.
[[nodiscard]] std::string_view text(Cause cause);
[[nodiscard]] constexpr bool is_tls(Cause cause) {
    return cause >= Cause::starttls_not_supported && cause <= Cause::certificate_host_mismatch;
}
[[nodiscard]] constexpr bool is_passing(Cause cause) { return cause >= Cause::unresolved; }
// RFC 3463 and 7505; 5.0.0 or 4.0.0 for a reply, which may have a code of its own.
[[nodiscard]] smtp::EnhancedCode status_of(Cause cause);

enum class Disposition : std::uint8_t { delivered, failed, deferred };

// What the handshake proved.
struct Protection {
    policy::Achieved achieved;
    std::string_view cipher; // both in static storage
    std::string_view group;
};

// What has come of one recipient. A value.
struct Outcome {
    Disposition disposition = Disposition::deferred;
    Cause cause = Cause::none; // delivered: why that was in clear; `none` if it was not
    smtp::EnhancedCode status;
    std::string host;    // the name of the host that counts; "" if none was involved
    std::string address; // "192.0.2.1:25", likewise
    int code = 0;        // of the host's reply; 0: there was none
    std::string reply;   // its words, cleaned of control characters and cut
    std::string detail;  // ours, behind the cause: "unknown_ca"
    std::optional<Protection> tls{};
    bool speaks_dsn = false; // the host reports what becomes of it (RFC 3461)
    // Nobody was asked, so that this is no attempt: when somebody can be.
    std::optional<Time> asked_from{};

    // "550 5.1.1 no such user", else "certificate-not-trusted: unknown_ca".
    [[nodiscard]] std::string diagnostic() const;
};

inline constexpr std::size_t reply_text_bytes_max = 1000;

// Before 2026 our clock is wrong, and a certificate that is out of its time may be a good one.
inline constexpr std::chrono::sys_days clock_earliest{std::chrono::year{2026} / 1 / 1};

// Of a cause that no host's words stand behind: O15, a resolver without an answer, a fault of ours.
[[nodiscard]] Outcome outcome_of(Cause cause, std::string detail);
// Of a host with which there is no (more) conversation. `now` is the wall clock.
[[nodiscard]] Outcome outcome_of(const relay::Failure& failure,
                                 const Host& host,
                                 std::chrono::system_clock::time_point now);
// Of a host's reply to a command or to a message, that is, of its class: delivered, failed,
// deferred.
[[nodiscard]] Outcome outcome_of(const smtp::ParsedReply& reply,
                                 const Host& host,
                                 const relay::Conversation& conversation);

} // namespace postern::deliver
