#pragma once

#include "gateway/smtp/reply.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

// One command line as a value: its verb and, still unread, its argument (RFC 5321 4.1.1).
namespace postern::smtp {

inline constexpr std::size_t command_line_bytes_max =
    2048; // 512 of RFC 5321 4.5.3.1.4 and what
          // SIZE, DSN, SMTPUTF8 and AUTH add to it

enum class Verb : std::uint8_t {
    unknown,
    helo,
    ehlo,
    lhlo,
    mail,
    rcpt,
    data,
    bdat,
    rset,
    noop,
    quit,
    vrfy,
    expn,
    help,
    starttls,
    auth,
    etrn,
    xclient,
    xforward,
    http, // GET, POST and their like: a browser was sent here, close the connection
};

// Borrows from the line it was made of.
struct Command {
    Verb verb = Verb::unknown;
    std::string_view word;     // the verb as written
    std::string_view argument; // without blanks around it; "" when there is none
};

// `line` is without its CRLF. Verbs are read without regard to case; never fails.
[[nodiscard]] Command parse_command(std::string_view line);

// HELO and EHLO: a name or an address literal. As forgiving as real clients need (underscores, one
// label, trailing dot), but bounded and printable. Returns the name.
[[nodiscard]] std::expected<std::string_view, Reply> parse_hello(std::string_view argument);

struct Bdat {
    std::uint64_t bytes = 0;
    bool last = false;
    bool operator==(const Bdat&) const = default;
};
// RFC 3030 2: BDAT size [LAST].
[[nodiscard]] std::expected<Bdat, Reply> parse_bdat(std::string_view argument);

[[nodiscard]] bool equal_without_case(std::string_view left, std::string_view right);

} // namespace postern::smtp
