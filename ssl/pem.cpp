#include "ssl/pem.h"

#include <array>
#include <cstdint>
#include <optional>

namespace postern::ssl {

namespace {

using namespace std::string_view_literals;

constexpr auto begin_marker = "-----BEGIN "sv;
constexpr auto dashes = "-----"sv;

constexpr std::int8_t not_base64 = -1;

constexpr auto sextets = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(not_base64);
    constexpr auto alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"sv;
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return table;
}();

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::optional<std::string> decode_base64(std::string_view text) {
    std::string result;
    result.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (is_blank(c)) continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const auto value = sextets.at(static_cast<std::uint8_t>(c));
        if (value == not_base64 || padding != 0) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            result += static_cast<char>((bits >> count) & 0xff);
        }
    }
    // What is left over are the bits that padding stands for: none, two or four, and never a whole
    // sextet.
    if (padding > 2 || count >= 6) return std::nullopt;
    return result;
}

} // namespace

PemBlocks read_pem(std::string_view text, std::string_view label) {
    const std::string begin = std::string(begin_marker) + std::string(label) + std::string(dashes);
    const std::string end = "-----END " + std::string(label) + std::string(dashes);
    PemBlocks blocks;
    for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin)) {
        text.remove_prefix(at + begin.size());
        const auto stop = text.find(end);
        if (stop == std::string_view::npos) {
            ++blocks.damaged;
            break;
        }
        auto der = decode_base64(text.substr(0, stop));
        if (der && !der->empty()) {
            blocks.der.push_back(std::move(*der));
        } else {
            ++blocks.damaged;
        }
        text.remove_prefix(stop + end.size());
    }
    return blocks;
}

std::string_view first_pem_label(std::string_view text, std::string_view ending) {
    for (auto at = text.find(begin_marker); at != std::string_view::npos;
         at = text.find(begin_marker)) {
        text.remove_prefix(at + begin_marker.size());
        const auto label = text.substr(0, text.find(dashes));
        if (label.ends_with(ending) && !label.contains('\n')) return label;
    }
    return {};
}

} // namespace postern::ssl
