// A ClientHello is put together and read alike wherever its records are cut, and what was put
// together reads the same when it comes again as one record.
#include "ssl/client_hello.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ssl = postern::ssl;
using ssl::HelloReader;

namespace {

HelloReader::Status feed(HelloReader& reader, std::string_view& bytes, std::size_t piece) {
    auto status = HelloReader::Status::incomplete;
    while (status == HelloReader::Status::incomplete && !bytes.empty()) {
        auto input = bytes.substr(0, piece);
        const auto before = input.size();
        status = reader.take(input);
        assert(status != HelloReader::Status::incomplete || input.empty());
        bytes.remove_prefix(before - input.size());
    }
    return status;
}

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = 1 + data[0] % 32;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

    HelloReader whole;
    HelloReader pieces;
    auto rest = bytes;
    auto other_rest = bytes;
    const auto status = feed(whole, rest, std::max<std::size_t>(bytes.size(), 1));
    assert(feed(pieces, other_rest, piece) == status);
    assert(pieces.message() == whole.message() || status != HelloReader::Status::complete);
    assert(pieces.alert() == whole.alert());
    if (status != HelloReader::Status::complete) return 0;
    assert(rest == other_rest);
    assert(whole.message().size() <= ssl::hello_bytes_max);

    const auto record = whole.record();
    HelloReader again;
    std::string_view input = record;
    assert(again.take(input) == HelloReader::Status::complete);
    assert(input.empty() && again.message() == whole.message());

    const auto hello = ssl::read_client_hello(whole.message());
    if (!hello) return 0;
    for (const auto field : {hello->cipher_suites,
                             hello->signature_algorithms,
                             hello->supported_groups,
                             hello->supported_versions,
                             hello->host_name,
                             hello->ticket}) {
        assert(inside(field, whole.message()));
    }
    assert(hello->host_name.size() <= 255);
    return 0;
}
