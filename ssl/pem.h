#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::ssl {

// What a text in PEM (RFC 7468) holds under one label. Text around and between the blocks is
// ignored.
struct PemBlocks {
    std::vector<std::string> der; // in the order of the text
    std::size_t damaged = 0;      // blocks without an end, or whose base64 does not decode
};

// `label`: "CERTIFICATE".
[[nodiscard]] PemBlocks read_pem(std::string_view text, std::string_view label);

// The first label that ends so: "PRIVATE KEY" finds "EC PRIVATE KEY". Empty: there is none.
[[nodiscard]] std::string_view first_pem_label(std::string_view text, std::string_view ending);

} // namespace postern::ssl
