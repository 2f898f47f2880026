#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::dns {

enum class RecordType : std::uint8_t { a = 1, mx = 15, aaaa = 28 };

// What DNSSEC says of an answer, RFC 4035 4.3. Ordered: a list is worth its worst part.
enum class Dnssec : std::uint8_t { bogus, insecure, secure };

// What came of one question.
struct Answer {
    enum class Outcome : std::uint8_t {
        records,       // CNAMEs were followed
        no_records,    // the name exists, without this type
        no_such_name,  // NXDOMAIN
        server_failed, // any other answer, or none of use
        bogus,         // not what the domain has signed
        timed_out,     // our wait was over
        cancelled,     // we stop
        ours,          // no memory, no thread
    };
    Outcome outcome = Outcome::ours;
    Dnssec dnssec = Dnssec::insecure;
    // Data in wire form, names not compressed. One message holds no more than 64 KiB of them.
    std::vector<std::string> records;
    std::string why; // of a failure; ASCII, at most answer_text_max bytes
};

inline constexpr std::size_t answer_text_max = 200;

} // namespace postern::dns
