#pragma once

#include "gateway/smtp/envelope.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

// A message of the outbound queue as its deliverer sees it. Values only.
namespace postern::spool {

// Unique on this host and rising with the time of arrival, on each core; 0 is nobody's. Written as
// 16 hexadecimal digits.
using MessageId = std::uint64_t;
[[nodiscard]] std::string text(MessageId id);

using Time = std::chrono::sys_seconds;
inline constexpr Time never{std::chrono::seconds{UINT32_MAX}}; // the year 2106

// When the message came, as its id tells: with many at a time, or a clock that went back, a little
// later than it really was.
[[nodiscard]] Time arrival_of(MessageId id);

enum class State : std::uint8_t {
    waiting,   // to be tried at `next`
    held,      // an operator said: not until I say so
    delivered, // a host took it
    failed,    // given up; whoever had to be told is told
};

// One recipient and how far it has come.
struct Recipient {
    smtp::Recipient envelope{}; // as RCPT gave it
    State state = State::waiting;
    std::uint32_t attempts = 0;
    Time next{}; // of the next attempt, while waiting

    // Of the last attempt, for the report (RFC 3464 2.3); each text at most last_text_bytes_max.
    Time last{};
    std::string status{};        // "5.7.10"; "" before the first attempt
    std::string remote{};        // the host that answered, "" when none was reached
    std::string diagnostic{};    // its reply, or our reason
    bool delay_reported = false; // the warning of RFC 3461 5.2.7 has been sent

    bool operator==(const Recipient&) const = default;
};

inline constexpr std::size_t last_text_bytes_max = 1024; // what is longer is cut when written

// Where a record begins: which segment file of its shard, and the byte in it.
struct Place {
    std::uint32_t segment = 0; // 0: nowhere
    std::uint32_t offset = 0;

    auto operator<=>(const Place&) const = default;
};

// A piece of the content: the place of its record, and how many bytes of content it has.
struct Piece {
    Place place;
    std::uint32_t bytes = 0;

    bool operator==(const Piece&) const = default;
};

struct Message {
    MessageId id = 0;
    Time arrival{};
    smtp::Mail mail{};
    std::vector<Recipient> recipients{};
    std::uint64_t content_bytes = 0;
    std::vector<Piece> content{}; // in order

    // How many outcomes have to be read to know the state; nobody else's business.
    std::uint32_t outcomes = 0;

    bool operator==(const Message&) const = default;
};

// The earliest `next` of those who wait; `never` when nobody does.
[[nodiscard]] Time due(const Message& message);
// Whoever would wait until later than `latest` waits until `now`.
void recall(Message& message, Time latest, Time now);
// Nobody waits or is held: the message can be done().
[[nodiscard]] bool settled(const Message& message);

} // namespace postern::spool
