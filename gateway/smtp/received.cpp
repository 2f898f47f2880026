#include "gateway/smtp/received.h"

#include "gateway/smtp/fold.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace postern::smtp {

namespace {

constexpr std::size_t word_bytes_max = 320;

void append_padded(std::string& out, std::int64_t number, std::size_t digits) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
    const auto length = static_cast<std::size_t>(end.ptr - text.data());
    out.append(digits - std::min(digits, length), '0');
    out.append(text.data(), length);
}

// Foreign text as one word: what would end it, or begin something else, is replaced.
std::string cleaned(std::string_view text) {
    constexpr std::string_view harmful = "()<>;,\"\\";
    std::string word;
    for (const char byte : text.substr(0, word_bytes_max)) {
        const auto value = static_cast<unsigned char>(byte);
        const bool plain =
            value > ' ' && value != 0x7F && harmful.find(byte) == std::string_view::npos;
        word += plain ? byte : '?';
    }
    return word.empty() ? "unknown" : word;
}

// A path may hold quotes and backslashes; only what ends the line or the brackets is replaced.
std::string cleaned_path(std::string_view text) {
    std::string path;
    for (const char byte : text.substr(0, word_bytes_max)) {
        const auto value = static_cast<unsigned char>(byte);
        path += value >= ' ' && value != 0x7F && byte != '<' && byte != '>' ? byte : '?';
    }
    return path;
}

// The registered names for "with" (RFC 3848, RFC 6531 4.3).
std::string_view protocol(const ReceivedFacts& facts) {
    const bool tls = !facts.tls_version.empty();
    if (facts.smtputf8) return tls ? "UTF8SMTPS" : "UTF8SMTP";
    if (!facts.extended) return "SMTP";
    return tls ? "ESMTPS" : "ESMTP";
}

} // namespace

void append_date(std::string& out, std::time_t time, int offset_minutes) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t local = time + static_cast<std::time_t>(offset_minutes) * 60;
    std::tm date{};
    // UTC needs no time zone of the process: the offset is in it already.
    if (gmtime_r(&local, &date) == nullptr) return append_date(out, 0, 0);
    out += days[static_cast<std::size_t>(date.tm_wday)];
    out += ", ";
    append_padded(out, date.tm_mday, 1);
    out += ' ';
    out += months[static_cast<std::size_t>(date.tm_mon)];
    out += ' ';
    append_padded(out, std::int64_t{date.tm_year} + 1900, 4);
    out += ' ';
    append_padded(out, date.tm_hour, 2);
    out += ':';
    append_padded(out, date.tm_min, 2);
    out += ':';
    append_padded(out, date.tm_sec, 2);
    out += offset_minutes < 0 ? " -" : " +";
    const int offset = std::abs(offset_minutes);
    append_padded(out, offset / 60, 2);
    append_padded(out, offset % 60, 2);
}

void append_received(std::string& out, const ReceivedFacts& facts) {
    Folded field(out);
    out += "Received: from ";
    out += cleaned(facts.helo);
    const bool ipv6 = facts.client_address.find(':') != std::string_view::npos;
    field.add(std::string(ipv6 ? "([IPv6:" : "([") + cleaned(facts.client_address) + "])");
    field.new_line();
    field.add("by");
    field.add(cleaned(facts.hostname));
    field.add("with");
    field.add(protocol(facts));
    if (!facts.tls_version.empty()) {
        field.add("(" + cleaned(facts.tls_version));
        field.add(cleaned(facts.tls_cipher) + ")");
    }
    field.add("id");
    std::string last = cleaned(facts.id);
    if (!facts.recipient.empty()) {
        field.add(last);
        field.new_line();
        field.add("for");
        last = "<" + cleaned_path(facts.recipient) + ">";
    }
    field.add(last + ";");
    field.new_line();
    std::string date;
    append_date(date, facts.time, facts.offset_minutes);
    field.add(date);
    out += "\r\n";
}

} // namespace postern::smtp
