#include "gateway/identifiers.h"

#include <array>
#include <charconv>

namespace postern::gateway {
namespace {

void append_hex(std::string& out, std::uint64_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    out.append(digits.data(), end.ptr);
}

} // namespace

Identifiers::Identifiers(std::chrono::system_clock::time_point start, unsigned core) {
    // Microseconds: a restart within the same second starts another series.
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(start.time_since_epoch());
    append_hex(prefix_, static_cast<std::uint64_t>(since.count()));
    prefix_ += '-';
    append_hex(prefix_, core);
    prefix_ += '-';
}

std::string Identifiers::next() {
    std::string id = prefix_;
    append_hex(id, ++count_);
    return id;
}

} // namespace postern::gateway
