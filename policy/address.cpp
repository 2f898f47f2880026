#include "policy/address.h"

#include "policy/fold.h"

#include <algorithm>
#include <optional>

namespace postern::policy {
namespace {

bool is_control(char letter) {
    return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f';
}

// What a quoted string means (RFC 5322 3.2.4); nothing if it is not one.
std::optional<std::string> unquoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::string meaning;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') return std::nullopt;
        if (text[at] == '\\') ++at;
        if (at == text.size()) return std::nullopt;
        meaning.push_back(text[at]);
    }
    return meaning;
}

// RFC 5322 3.2.3: these need quotes.
bool needs_quotes(char letter) { return std::string_view(" ()<>[]:;@\\,\"").contains(letter); }

// Letters that need no second look: most addresses consist of nothing else.
bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_' ||
           letter == '+';
}

bool append_local_part(std::string_view local, std::string& out) {
    if (local.empty() || local.size() > local_part_bytes_max) return false;
    if (std::ranges::all_of(local, is_plain)) {
        for (const char letter : local)
            out.push_back(lower_case(letter));
        return true;
    }
    if (std::ranges::any_of(local, is_control) || !is_utf8(local)) return false;
    if (local.front() == '"') {
        const auto meaning = unquoted(local);
        if (!meaning || meaning->empty()) return false;
        append_lower_case(*meaning, out);
        return true;
    }
    if (std::ranges::any_of(local, needs_quotes)) return false;
    append_lower_case(local, out);
    return true;
}

} // namespace

std::expected<void, AddressError> append_canonical_address(std::string_view text,
                                                           std::string& out) {
    if (text.empty()) return std::unexpected(AddressError::empty);
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) return std::unexpected(AddressError::no_at);
    const std::size_t begin = out.size();
    if (!append_local_part(text.substr(0, at), out))
        return std::unexpected(AddressError::bad_local_part);
    out.push_back('@');
    const auto domain = append_canonical_domain(text.substr(at + 1), out);
    if (domain) return {};
    out.resize(begin);
    return std::unexpected(domain.error() == AddressError::empty ? AddressError::bad_domain
                                                                 : domain.error());
}

std::expected<Address, AddressError> Address::parse(std::string_view text) {
    Address address;
    const auto appended = append_canonical_address(text, address.text_);
    if (!appended) return std::unexpected(appended.error());
    address.at_ = address.text_.rfind('@');
    return address;
}

Address Address::of_mailbox(std::string_view local, std::string_view domain) {
    Address address;
    if (local.empty() && domain.empty()) return address;
    const auto meaning = unquoted(local);
    append_lower_case(meaning ? std::string_view(*meaning) : local, address.text_);
    // No entry has a control character: none must be able to make two texts look like one.
    std::ranges::replace_if(address.text_, is_control, '\x7f');
    address.at_ = address.text_.size();
    address.text_.push_back('@');
    append_domain_of_mailbox(domain, address.text_);
    return address;
}

} // namespace postern::policy
