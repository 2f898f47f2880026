#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::perf {

// "1234.57" for 1234.567 with two digits.
[[nodiscard]] inline std::string decimal(double value, int digits) {
    char text[64] = {};
    const auto written =
        std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
    return {text, written.ptr};
}

// Sixteen digits.
[[nodiscard]] inline std::string hexadecimal(std::uint64_t value) {
    char text[16] = {};
    const auto written = std::to_chars(text, text + sizeof text, value, 16);
    const std::string digits{text, written.ptr};
    return std::string(sizeof text - digits.size(), '0') + digits;
}

// Builds one JSON object, a field after the other.
class JsonObject {
public:
    JsonObject& number(std::string_view key, std::uint64_t value) {
        return raw(key, std::to_string(value));
    }
    JsonObject& number(std::string_view key, double value, int digits) {
        return raw(key, decimal(value, digits));
    }
    // `value` is JSON itself.
    JsonObject& raw(std::string_view key, std::string_view value) {
        text_ += text_.size() > 1 ? ",\"" : "\"";
        ((text_ += key) += "\":") += value;
        return *this;
    }
    // `value` holds nothing that JSON would want escaped.
    JsonObject& word(std::string_view key, std::string_view value) {
        return raw(key, '"' + std::string{value} + '"');
    }
    [[nodiscard]] std::string text() const { return text_ + '}'; }

private:
    std::string text_ = "{";
};

} // namespace postern::perf
