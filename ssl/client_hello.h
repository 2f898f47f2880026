#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::ssl {

// A handshake message that fits into one record, so that the library always sees an unfragmented
// one.
inline constexpr std::size_t hello_bytes_max = 16384; // RFC 8446 5.1

// Collects the ClientHello of a connection, out of one record or several, before the library has
// spent anything on it. Owned by an engine; take() is called until it does not say `incomplete`.
class HelloReader {
public:
    enum class Status : std::uint8_t {
        incomplete, // all of the input has been taken
        complete,   // message() is the ClientHello; the input may hold more
        not_tls,    // the first bytes are no TLS record
        malformed,  // a TLS record, but not (only) a ClientHello, or one that is too long
        alert,      // the client gave up before it began: see alert()
    };

    // Takes bytes from the front of `input`, none behind the ClientHello.
    [[nodiscard]] Status take(std::string_view& input);

    // The handshake message, its four bytes of header included.
    [[nodiscard]] std::string_view message() const { return message_; }

    // The same as one record of TLSPlaintext, for the library.
    [[nodiscard]] std::string record() const;

    [[nodiscard]] std::uint8_t alert() const { return alert_; }

    // Lets go of the bytes.
    void clear() { message_ = std::string(); }

private:
    [[nodiscard]] std::optional<Status> take_header(std::string_view& input);
    [[nodiscard]] std::optional<Status> begin_record();
    [[nodiscard]] Status take_alert(std::string_view& input);
    [[nodiscard]] Status message_so_far() const;

    std::array<char, 5> header_{}; // of the present record
    std::size_t header_bytes_ = 0;
    std::size_t record_left_ = 0; // of the present record, still to come
    std::string message_;
    std::uint8_t alert_ = 0;
};

// What a ClientHello asks for, as far as it decides which certificate answers. Views into the
// message: lists of 16-bit numbers in network order, as sent; empty where the client sent none.
struct ClientHello {
    std::uint16_t legacy_version = 0;
    std::string_view cipher_suites;
    std::string_view signature_algorithms;
    std::string_view supported_groups;
    std::string_view supported_versions;
    std::string_view host_name; // as sent; only what could be a host name
    std::string_view ticket;    // RFC 5077: to resume, up to TLS 1.2
};

// Reads a handshake message; empty when it is malformed (RFC 8446 4.1.2, RFC 5246 7.4.1.2).
[[nodiscard]] std::optional<ClientHello> read_client_hello(std::string_view message);

// True when `number` is one of `list`.
[[nodiscard]] bool lists(std::string_view list, std::uint16_t number);

} // namespace postern::ssl
