#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Numbers and texts as they stand in a file: little-endian, texts behind their length.
namespace postern::spool {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

template<std::unsigned_integral Number>
void put(std::string& out, Number value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template<std::unsigned_integral Number>
[[nodiscard]] Number get(std::string_view bytes, std::size_t at) {
    Number value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// At most 65,535 bytes: what is longer is cut.
inline void put_text(std::string& out, std::string_view text) {
    text = text.substr(0, UINT16_MAX);
    put(out, static_cast<std::uint16_t>(text.size()));
    out += text;
}

// Takes values off the front of foreign bytes. Asked for more than there is, it gives zeros and
// empty texts from then on, and fails.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : left_(bytes) {}

    template<std::unsigned_integral Number>
    [[nodiscard]] Number number() {
        const std::string_view bytes = take(sizeof(Number));
        return bytes.size() == sizeof(Number) ? get<Number>(bytes, 0) : Number{};
    }
    [[nodiscard]] std::string_view text() { return take(number<std::uint16_t>()); }
    [[nodiscard]] std::size_t left() const { return left_.size(); }
    [[nodiscard]] bool failed() const { return failed_; }
    void fail() {
        failed_ = true;
        left_ = {};
    }
    // Everything was there, and nothing is left.
    [[nodiscard]] bool complete() const { return !failed_ && left_.empty(); }

private:
    std::string_view take(std::size_t size) {
        if (size > left_.size()) {
            fail();
            return {};
        }
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::string_view left_;
    bool failed_ = false;
};

} // namespace postern::spool
