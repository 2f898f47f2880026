#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace postern::smtp {

// What our Received field says (RFC 5321 4.4). Views are borrowed for the call; foreign text in
// them (helo, recipient) is cleaned.
struct ReceivedFacts {
    std::string_view helo;           // what the client called itself
    std::string_view client_address; // 192.0.2.1 or 2001:db8::1, without brackets
    std::string_view hostname;       // ours
    bool extended = true;            // EHLO rather than HELO
    bool smtputf8 = false;           // RFC 6531 4.3
    std::string_view tls_version;    // "TLSv1.3"; "" in clear
    std::string_view tls_cipher;
    std::string_view id;
    std::string_view recipient; // "" unless there is exactly one
    std::time_t time = 0;
    int offset_minutes = 0; // of local time to UTC, east positive
};

// Appends the whole field with its CRLFs, lines folded at 78 where that is possible.
void append_received(std::string& out, const ReceivedFacts& facts);

// "Tue, 1 Jul 2003 10:52:37 +0200" (RFC 5322 3.3).
void append_date(std::string& out, std::time_t time, int offset_minutes);

} // namespace postern::smtp
