#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postern::perf {

// How many of the messages have which size.
struct SizeShare {
    std::uint64_t bytes = 0; // header included, the final dot not
    std::uint64_t share = 1;
};

// "4096", or a mix: "2k:70,64k:25,1m:5". The error is a sentence.
[[nodiscard]] std::expected<std::vector<SizeShare>, std::string> parse_sizes(std::string_view text);

// The addresses of a list: one a line, blanks around it and what is behind a # not counted.
[[nodiscard]] std::vector<std::string> parse_addresses(std::string_view text);

// What is sent: senders and recipients by turns, sizes by their shares. A message is known by its
// number, so that the same run has the same mail. Immutable: all cores read one.
class Messages {
public:
    // One message as a client says it. `rest` lives as long as the Messages.
    struct Mail {
        std::string mail; // the command lines
        std::string rcpt;
        std::string beginning;   // header, and as much of the body as fits one TLS record
        std::string_view rest;   // of the body
        std::uint64_t bytes = 0; // of the content, the final dot not counted
        std::uint64_t hash = 0;  // of the body, see BodyHash
    };

    // An error where a size has no room for the header.
    [[nodiscard]] static std::expected<Messages, std::string>
    make(std::vector<SizeShare> sizes,
         std::vector<std::string> senders,
         std::vector<std::string> recipients);

    [[nodiscard]] Mail at(std::uint64_t number) const;

private:
    struct Kind {
        std::uint64_t up_to = 0; // of all shares, this one's included
        std::uint64_t bytes = 0;
        std::uint64_t hash = 0;
    };

    Messages() = default;
    [[nodiscard]] const Kind& kind_of(std::uint64_t number) const;
    [[nodiscard]] Mail at(std::uint64_t number, const Kind& kind) const;

    std::vector<Kind> kinds_;
    std::vector<std::string> senders_;
    std::vector<std::string> recipients_;
    std::size_t addresses_bytes_ = 0; // in every header: what shorter ones lack is filled up
    std::string lines_;               // of the longest body, and its final dot
};

} // namespace postern::perf
