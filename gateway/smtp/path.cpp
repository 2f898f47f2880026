#include "gateway/smtp/path.h"

#include "gateway/smtp/command.h"
#include "gateway/smtp/utf8.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace postern::smtp {

namespace {

bool is_letter_or_digit(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

bool is_beyond_ascii(char byte) { return static_cast<unsigned char>(byte) >= 0x80U; }

// RFC 5322 3.2.3; bytes beyond ASCII are judged once, for the whole path.
bool is_atom_byte(char byte) {
    constexpr std::string_view symbols = "!#$%&'*+-/=?^_`{|}~";
    return is_letter_or_digit(byte) || is_beyond_ascii(byte) ||
           (byte != '\0' && symbols.find(byte) != std::string_view::npos);
}

bool is_printable(char byte) { return (byte >= ' ' && byte <= '~') || is_beyond_ascii(byte); }

bool is_label(std::string_view label) {
    constexpr std::size_t label_bytes_max = 63; // RFC 1035 2.3.4
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    // A U-label is bounded by its A-label, which only the policy can work out.
    if (label.size() > label_bytes_max && is_ascii(label)) return false;
    return std::ranges::all_of(label, [](char byte) {
        return is_letter_or_digit(byte) || byte == '-' || byte == '_' || is_beyond_ascii(byte);
    });
}

bool is_ipv4(std::string_view text) {
    std::array<unsigned char, 4> address{};
    return text.find('\0') == std::string_view::npos &&
           inet_pton(AF_INET, std::string(text).c_str(), address.data()) == 1;
}

bool is_ipv6(std::string_view text) {
    std::array<unsigned char, 16> address{};
    return text.find('\0') == std::string_view::npos &&
           inet_pton(AF_INET6, std::string(text).c_str(), address.data()) == 1;
}

// Length of the dot-string at the start of `text` (atoms with single dots between); 0: none.
std::size_t dot_string_length(std::string_view text) {
    std::size_t end = 0;
    bool atom = false;
    while (end < text.size() && (is_atom_byte(text[end]) || (text[end] == '.' && atom))) {
        atom = text[end] != '.';
        ++end;
    }
    return atom ? end : 0;
}

// Length of the quoted string at the start of `text`, quotes included; 0: none.
std::size_t quoted_string_length(std::string_view text) {
    if (!text.starts_with('"')) return 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1;
        if (text[i] == '\\') ++i;
        if (i >= text.size() || !is_printable(text[i])) return 0;
    }
    return 0;
}

std::size_t local_part_length(std::string_view text) {
    const std::size_t quoted = quoted_string_length(text);
    return quoted > 0 ? quoted : dot_string_length(text);
}

// Domain or address literal: up to what cannot be in one.
std::size_t domain_length(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        return close == std::string_view::npos ? 0 : close + 1;
    }
    return std::min(text.find_first_of("> \t,:@"), text.size());
}

// Length of `@one,@two:` at the start of `text` (RFC 5321 C); 0: no route; npos: a broken one.
std::size_t source_route_length(std::string_view text, Utf8 utf8) {
    std::size_t at = 0;
    while (at < text.size() && text[at] == '@') {
        const std::size_t length = domain_length(text.substr(at + 1));
        const std::string_view host = text.substr(at + 1, length);
        if (!is_domain(host, utf8) && !is_address_literal(host)) return std::string_view::npos;
        at += 1 + length;
        if (at >= text.size()) return std::string_view::npos;
        const char separator = text[at++];
        if (separator == ':') return at;
        if (separator != ',') return std::string_view::npos;
    }
    return at == 0 ? 0 : std::string_view::npos;
}

} // namespace

// Builds a Path, which keeps its parts to itself.
class PathReader {
public:
    PathReader(PathKind kind, Utf8 utf8) : kind_(kind), utf8_(utf8) {}

    [[nodiscard]] std::expected<PathRead, PathError> read(std::string_view text) const {
        if (!text.starts_with('<')) return bare(text);
        if (text.starts_with("<>") && kind_ == PathKind::reverse)
            return PathRead{.path = {}, .rest = text.substr(2)};
        const std::size_t route = source_route_length(text.substr(1), utf8_);
        if (route == std::string_view::npos) return std::unexpected(PathError::syntax);
        auto read = mailbox(text.substr(1 + route));
        if (!read) return read;
        if (!read->rest.starts_with('>')) return std::unexpected(PathError::syntax);
        read->rest.remove_prefix(1);
        return read;
    }

private:
    [[nodiscard]] std::expected<PathRead, PathError> bare(std::string_view text) const {
        auto read = mailbox(text);
        if (!read) return read;
        const bool ended =
            read->rest.empty() || read->rest.starts_with(' ') || read->rest.starts_with('\t');
        if (!ended || read->path.domain().empty()) return std::unexpected(PathError::syntax);
        return read;
    }

    [[nodiscard]] std::expected<PathRead, PathError> mailbox(std::string_view text) const {
        const std::size_t local = local_part_length(text);
        if (local == 0) return std::unexpected(PathError::syntax);
        const std::string_view behind = text.substr(local);
        if (!behind.starts_with('@')) return without_domain(text.substr(0, local), behind);

        const std::size_t length = domain_length(behind.substr(1));
        const std::string_view domain = behind.substr(1, length);
        const std::string_view address = text.substr(0, local + 1 + length);
        if (!is_ascii(address)) {
            if (utf8_ == Utf8::refused) return std::unexpected(PathError::needs_utf8);
            if (!is_utf8(address)) return std::unexpected(PathError::syntax);
        }
        if (local > local_part_bytes_max || length > domain_bytes_max)
            return std::unexpected(PathError::too_long);
        if (!is_domain(domain, utf8_) && !smtp::is_address_literal(domain))
            return std::unexpected(PathError::syntax);

        PathRead read{.path = {}, .rest = behind.substr(1 + length)};
        read.path.address_ = address;
        read.path.domain_at_ = local + 1;
        read.path.needs_smtputf8_ = !is_ascii(address);
        return read;
    }

    // RFC 5321 4.1.1.3: `<Postmaster>` in any case is the only address without a domain.
    [[nodiscard]] std::expected<PathRead, PathError> without_domain(std::string_view local,
                                                                    std::string_view rest) const {
        if (kind_ != PathKind::forward || !equal_without_case(local, "postmaster"))
            return std::unexpected(PathError::syntax);
        PathRead read{.path = {}, .rest = rest};
        read.path.address_ = local;
        return read;
    }

    PathKind kind_;
    Utf8 utf8_;
};

std::string_view Path::local() const {
    const std::string_view address = address_;
    return domain_at_ == std::string::npos ? address : address.substr(0, domain_at_ - 1);
}

std::string Path::local_value() const {
    std::string_view written = local();
    if (!written.starts_with('"')) return std::string(written);
    written = written.substr(1, written.size() - 2);
    std::string value;
    for (std::size_t i = 0; i < written.size(); ++i) {
        if (written[i] == '\\' && i + 1 < written.size()) ++i;
        value += written[i];
    }
    return value;
}

std::string_view Path::domain() const {
    const std::string_view address = address_;
    return domain_at_ == std::string::npos ? std::string_view{} : address.substr(domain_at_);
}

std::expected<PathRead, PathError> read_path(std::string_view text, PathKind kind, Utf8 utf8) {
    return PathReader(kind, utf8).read(text);
}

bool is_domain(std::string_view text, Utf8 utf8) {
    if (text.empty() || text.size() > domain_bytes_max) return false;
    if (!is_ascii(text) && (utf8 == Utf8::refused || !is_utf8(text))) return false;
    std::string_view rest = text;
    for (;;) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        if (!is_label(rest.substr(0, dot))) return false;
        if (dot == rest.size()) return true;
        rest.remove_prefix(dot + 1);
    }
}

bool is_address_literal(std::string_view text) {
    if (text.size() < 3 || text.size() > domain_bytes_max) return false;
    if (!text.starts_with('[') || !text.ends_with(']')) return false;
    const std::string_view inside = text.substr(1, text.size() - 2);
    constexpr std::string_view ipv6_tag = "IPv6:";
    if (equal_without_case(inside.substr(0, ipv6_tag.size()), ipv6_tag))
        return is_ipv6(inside.substr(ipv6_tag.size()));
    return is_ipv4(inside);
}

} // namespace postern::smtp
