#include "policy/domain.h"

#include "policy/fold.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace postern::policy {
namespace {

// What each byte of a plain domain becomes; 0: no plain domain has it.
constexpr std::array<char, 256> plain_letters = [] {
    std::array<char, 256> letters{};
    for (const char letter : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789-_."))
        letters[static_cast<unsigned char>(letter)] = letter;
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        letters[static_cast<unsigned char>(letter)] = lower_case(letter);
    return letters;
}();

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// A domain whose last label is a number is a bare IP address or nothing at all.
bool ends_in_number(std::string_view domain) {
    const std::string_view label = domain.substr(domain.rfind('.') + 1);
    return std::ranges::all_of(label, is_digit);
}

std::string_view without_root_dot(std::string_view domain) {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    return domain;
}

// Letters, digits, hyphens, underscores and dots: what nearly every domain is.
std::expected<void, AddressError> append_plain(std::string_view domain, std::string& out) {
    domain = without_root_dot(domain);
    if (domain.empty()) return std::unexpected(AddressError::empty);
    const std::size_t begin = out.size();
    const auto fail = [&](AddressError error) {
        out.resize(begin);
        return std::unexpected(error);
    };
    out.resize(begin + domain.size());
    char* write = out.data() + begin;
    std::size_t label = 0;
    bool too_long = domain.size() > domain_bytes_max;
    for (const char letter : domain) {
        const char plain = plain_letters[static_cast<unsigned char>(letter)];
        if (plain == '\0') return fail(AddressError::bad_domain);
        *write++ = plain;
        if (plain != '.') {
            ++label;
            continue;
        }
        if (label == 0) return fail(AddressError::bad_domain);
        too_long |= label > domain_label_bytes_max;
        label = 0;
    }
    if (label == 0 || ends_in_number(domain)) return fail(AddressError::bad_domain);
    if (too_long || label > domain_label_bytes_max) return fail(AddressError::domain_too_long);
    return {};
}

bool has_beyond_ascii(std::string_view text) {
    return std::ranges::any_of(
        text, [](char letter) { return static_cast<unsigned char>(letter) >= 0x80; });
}

struct FreeIdna {
    void operator()(std::uint8_t* text) const { idn2_free(text); }
};

// UTS 46 mapping, then IDNA2008. Non-transitional: "ß" stays a letter of its own.
std::expected<std::string, AddressError> a_labels(std::string_view domain) {
    const std::string input(domain);
    if (input.find('\0') != std::string::npos) return std::unexpected(AddressError::bad_domain);
    std::uint8_t* raw = nullptr;
    const int result = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()),
                                      &raw,
                                      IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const std::unique_ptr<std::uint8_t, FreeIdna> output(raw);
    if (result == IDN2_TOO_BIG_DOMAIN || result == IDN2_TOO_BIG_LABEL)
        return std::unexpected(AddressError::domain_too_long);
    if (result != IDN2_OK || output == nullptr) return std::unexpected(AddressError::bad_domain);
    return std::string(reinterpret_cast<const char*>(output.get()));
}

// RFC 5321 4.1.3. The tag of IPv6 is written small here, for it is compared as text.
std::optional<std::string> address_literal(std::string_view domain) {
    if (domain.size() < 2 || domain.front() != '[' || domain.back() != ']') return std::nullopt;
    std::string inner;
    append_lower_case(domain.substr(1, domain.size() - 2), inner);
    if (inner.find('\0') != std::string::npos) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> written{};
    constexpr std::string_view tag = "ipv6:";
    if (inner.starts_with(tag)) {
        in6_addr address{};
        if (inet_pton(AF_INET6, inner.c_str() + tag.size(), &address) != 1) return std::nullopt;
        if (inet_ntop(AF_INET6, &address, written.data(), written.size()) == nullptr)
            return std::nullopt;
        return "[ipv6:" + std::string(written.data()) + "]";
    }
    in_addr address{};
    if (inet_pton(AF_INET, inner.c_str(), &address) != 1) return std::nullopt;
    if (inet_ntop(AF_INET, &address, written.data(), written.size()) == nullptr)
        return std::nullopt;
    return "[" + std::string(written.data()) + "]";
}

// The dots that UTS 46 takes for one.
std::string with_plain_dots(std::string_view domain) {
    std::string out(domain);
    for (const std::string_view dot : {"\u3002", "\uff0e", "\uff61"}) {
        for (std::size_t at = out.find(dot); at != std::string::npos; at = out.find(dot, at))
            out.replace(at, dot.size(), ".");
    }
    return out;
}

// What cannot be in a canonical text of ours, so that the odd domain equals no entry by accident.
constexpr char replacement = '\x7f';

void append_label_of_mailbox(std::string_view label, std::string& out) {
    if (has_beyond_ascii(label)) {
        const auto converted = a_labels(label);
        if (converted && append_plain(*converted, out)) return;
    }
    const std::size_t begin = out.size();
    append_lower_case(label, out);
    for (std::size_t at = begin; at < out.size(); ++at) {
        const auto byte = static_cast<unsigned char>(out[at]);
        if (byte < ' ' || byte == '@') out[at] = replacement;
    }
}

} // namespace

std::string_view text(AddressError error) {
    switch (error) {
    case AddressError::empty: return "is empty";
    case AddressError::no_at: return "has no \"@\"";
    case AddressError::bad_local_part: return "has no proper name before the \"@\"";
    case AddressError::bad_domain: return "has no proper domain";
    case AddressError::domain_too_long: return "has a domain that is too long";
    }
    return "";
}

std::expected<void, AddressError> append_canonical_domain(std::string_view domain,
                                                          std::string& out) {
    const auto plain = append_plain(domain, out);
    if (plain || plain.error() != AddressError::bad_domain) return plain;
    if (domain.starts_with('[')) {
        const auto literal = address_literal(domain);
        if (!literal) return std::unexpected(AddressError::bad_domain);
        out += *literal;
        return {};
    }
    if (!has_beyond_ascii(domain)) return plain;
    const auto converted = a_labels(domain);
    if (!converted) return std::unexpected(converted.error());
    return append_plain(*converted, out);
}

std::expected<std::string, AddressError> canonical_domain(std::string_view domain) {
    std::string out;
    const auto appended = append_canonical_domain(domain, out);
    if (!appended) return std::unexpected(appended.error());
    return out;
}

void append_domain_of_mailbox(std::string_view domain, std::string& out) {
    if (append_canonical_domain(domain, out)) return;
    const std::string dotted = with_plain_dots(domain);
    std::string_view rest = dotted;
    while (rest.ends_with('.'))
        rest.remove_suffix(1);
    for (;;) {
        const std::size_t dot = rest.find('.');
        append_label_of_mailbox(rest.substr(0, dot), out);
        if (dot == std::string_view::npos) return;
        out.push_back('.');
        rest.remove_prefix(dot + 1);
    }
}

} // namespace postern::policy
