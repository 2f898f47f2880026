// A certificate in DER is read without looking behind its end, bytes behind it change nothing, and
// one that was cut is refused; the same bytes as PEM come back unchanged.
#include "ssl/pem.h"
#include "ssl/x509.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ssl = postern::ssl;

namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<std::uint8_t>(c);
        for (count += 8; count >= 6; count -= 6)
            result += alphabet[(bits >> (count - 6)) & 63];
    }
    if (count > 0) result += alphabet[(bits << (6 - count)) & 63];
    while (result.size() % 4 != 0)
        result += '=';
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto facts = ssl::read_certificate(bytes);
    if (facts) {
        assert(facts->names.size() + facts->addresses.size() <= ssl::alternative_names_max);
        for (const auto& address : facts->addresses)
            assert(address.size() == 4 || address.size() == 16);
        const auto longer = ssl::read_certificate(std::string(bytes) + "behind");
        assert(longer && longer->names == facts->names && longer->subject == facts->subject);
    }
    if (!bytes.empty()) {
        const auto blocks =
            ssl::read_pem("-----BEGIN X-----\n" + base64(bytes) + "\n-----END X-----\n", "X");
        assert(blocks.damaged == 0 && blocks.der.size() == 1 && blocks.der[0] == bytes);
    }
    const auto as_text = ssl::read_pem(bytes, "CERTIFICATE");
    assert(as_text.der.size() + as_text.damaged <= size);
    return 0;
}
