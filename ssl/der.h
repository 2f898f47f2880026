#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::ssl {

// Tags of DER that certificates use (X.690 8.1.2): class and constructed bit included.
enum class Tag : std::uint8_t {
    boolean = 0x01,
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    object_identifier = 0x06,
    utc_time = 0x17,
    generalized_time = 0x18,
    sequence = 0x30,
    set = 0x31,
    context_2 = 0x82,          // dNSName in a GeneralName
    context_7 = 0x87,          // iPAddress in a GeneralName
    context_0_explicit = 0xa0, // version of a certificate
    context_3_explicit = 0xa3, // extensions of a certificate
};

// Walks over the elements of one level of DER. Borrows the bytes; every step either takes a
// complete element from the front or leaves everything as it is, so nothing is ever read outside.
class DerReader {
public:
    struct Element {
        Tag tag;
        std::string_view content; // without tag and length
        std::string_view whole;   // with them
    };

    explicit DerReader(std::string_view bytes) : rest_(bytes) {}

    // The next element, whatever it is; empty at the end and before anything malformed.
    [[nodiscard]] std::optional<Element> next();

    // The next element if it has this tag.
    [[nodiscard]] std::optional<Element> next(Tag tag);

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    [[nodiscard]] std::optional<Element> peek() const;

    std::string_view rest_;
};

} // namespace postern::ssl
