// A host that is read from an MX record has a name in its one spelling, made of the record's bytes;
// an address has the size of the record and somebody behind it.
#include "gateway/dns/record.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dns = postern::dns;

namespace {

void check_name(std::string_view text) {
    const auto name = dns::host_name(text);
    if (!name) return;
    assert(dns::host_name(*name) == name);
    assert(!name->empty() && name->size() <= dns::name_bytes_max);
    assert(!name->ends_with('.'));
    assert(!postern::gateway::IpAddress::parse(*name));
}

void check_mx(std::string_view data) {
    const auto mx = dns::read_mx(data);
    if (!mx) return;
    assert(mx->host.empty() ? data.size() == 3 : data.size() == mx->host.size() + 4);
    assert(mx->host.empty() || dns::host_name(mx->host) == mx->host);
    // Dots stand where the record has the sizes of labels.
    std::size_t size_at = 2;
    for (std::size_t at = 0; at < mx->host.size(); ++at) {
        if (mx->host[at] == '.') size_at += static_cast<std::uint8_t>(data[size_at]) + 1U;
        if (mx->host[at] == '.') assert(size_at == at + 3);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_name(bytes);
    check_mx(bytes);
    if (const auto address = dns::read_address(bytes)) {
        assert(size == 4 || (size == 16));
        assert(dns::is_somebodys(*address));
    }
    return 0;
}
