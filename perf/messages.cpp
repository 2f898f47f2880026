#include "perf/messages.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "perf/body_hash.h"

namespace postern::perf {
namespace {

constexpr std::uint64_t size_min = 200;
constexpr std::uint64_t size_max = 1UL << 30;
constexpr std::uint64_t share_max = 1'000'000;
constexpr std::size_t record_bytes = 16384;
constexpr std::size_t line_bytes = 78;
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_line = ".\r\n";

// The number a text begins with, which is taken away.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [behind, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(behind - text.data()));
    return number;
}

// "64k:25"
std::optional<SizeShare> parse_size(std::string_view text) {
    SizeShare size;
    const auto bytes = take_number(text);
    if (!bytes || *bytes > size_max) return std::nullopt;
    size.bytes = *bytes;
    if (text.starts_with('k') || text.starts_with('m')) {
        size.bytes <<= text.front() == 'k' ? 10U : 20U;
        text.remove_prefix(1);
    }
    if (text.starts_with(':')) {
        text.remove_prefix(1);
        const auto share = take_number(text);
        if (!share || *share == 0 || *share > share_max) return std::nullopt;
        size.share = *share;
    }
    if (!text.empty() || size.bytes < size_min || size.bytes > size_max) return std::nullopt;
    return size;
}

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string header(std::string_view from, std::string_view to, std::size_t fill) {
    std::string text;
    ((text += "From: <") += from) += ">\r\n";
    ((text += "To: <") += to) += ">\r\n";
    text += "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <load@load.example>\r\n"
            "Subject: load";
    text.append(fill, '.');
    return text += "\r\n\r\n";
}

std::string_view longest(const std::vector<std::string>& texts) {
    return *std::ranges::max_element(texts, {}, &std::string::size);
}

// The line that a body begins with, so that all others have the same length.
std::string first_line(std::size_t body_bytes) {
    std::size_t bytes = body_bytes % line_bytes;
    if (bytes == 0) return {};
    if (bytes == 1) bytes += line_bytes; // "\n" is no line
    return std::string(bytes - line_end.size(), 'x') += line_end;
}

// A number that looks random, the same each time (splitmix64).
std::uint64_t scattered(std::uint64_t number) {
    number += 0x9E3779B97F4A7C15U;
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
    number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
    return number ^ (number >> 31U);
}

} // namespace

std::expected<std::vector<SizeShare>, std::string> parse_sizes(std::string_view text) {
    std::vector<SizeShare> sizes;
    for (;;) {
        const std::string_view one = text.substr(0, text.find(','));
        const auto size = parse_size(one);
        if (!size) {
            return std::unexpected{"a size is between 200 bytes and 1024m, with a share behind a "
                                   "colon where there are several: 2k:70,1m:5; not '" +
                                   std::string{one} + "'"};
        }
        sizes.push_back(*size);
        if (one.size() == text.size()) return sizes;
        text.remove_prefix(one.size() + 1);
    }
}

std::vector<std::string> parse_addresses(std::string_view text) {
    std::vector<std::string> addresses;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::string_view address = without_blanks(line.substr(0, line.find('#')));
        if (!address.empty()) addresses.emplace_back(address);
    }
    return addresses;
}

std::expected<Messages, std::string> Messages::make(std::vector<SizeShare> sizes,
                                                    std::vector<std::string> senders,
                                                    std::vector<std::string> recipients) {
    Messages made;
    const std::string_view from = longest(senders);
    const std::string_view to = longest(recipients);
    const std::size_t header_bytes = header(from, to, 0).size();
    made.addresses_bytes_ = from.size() + to.size();
    made.senders_ = std::move(senders);
    made.recipients_ = std::move(recipients);
    const std::uint64_t most = std::ranges::max(sizes, {}, &SizeShare::bytes).bytes;
    const std::string line = std::string(line_bytes - line_end.size(), 'x') += line_end;
    made.lines_.reserve(most + line_bytes);
    while (made.lines_.size() < most) {
        made.lines_ += line;
    }
    made.lines_ += last_line;
    std::uint64_t shares = 0;
    for (const SizeShare& size : sizes) {
        if (size.bytes < header_bytes + line_end.size()) {
            return std::unexpected{std::to_string(size.bytes) +
                                   " bytes have no room for a header with these addresses"};
        }
        shares += size.share;
        made.kinds_.push_back({.up_to = shares, .bytes = size.bytes});
        BodyHash hash;
        const Mail mail = made.at(0, made.kinds_.back());
        hash.add(mail.beginning);
        hash.add(mail.rest);
        made.kinds_.back().hash = hash.value();
    }
    return made;
}

const Messages::Kind& Messages::kind_of(std::uint64_t number) const {
    const std::uint64_t drawn = scattered(number) % kinds_.back().up_to;
    return *std::ranges::upper_bound(kinds_, drawn, {}, &Kind::up_to);
}

Messages::Mail Messages::at(std::uint64_t number) const { return at(number, kind_of(number)); }

Messages::Mail Messages::at(std::uint64_t number, const Kind& kind) const {
    const std::string& from = senders_[number % senders_.size()];
    const std::string& to = recipients_[number % recipients_.size()];
    Mail mail{.mail = "MAIL FROM:<" + from + ">\r\n",
              .rcpt = "RCPT TO:<" + to + ">\r\n",
              .beginning = header(from, to, addresses_bytes_ - from.size() - to.size()),
              .rest = lines_,
              .bytes = kind.bytes,
              .hash = kind.hash};
    mail.beginning += first_line(kind.bytes - mail.beginning.size());
    mail.rest.remove_prefix(lines_.size() - last_line.size() -
                            (kind.bytes - mail.beginning.size()));
    const std::size_t room = record_bytes - std::min(record_bytes, mail.beginning.size());
    const std::string_view fitting = mail.rest.substr(0, room);
    mail.beginning += fitting;
    mail.rest.remove_prefix(fitting.size());
    return mail;
}

} // namespace postern::perf
