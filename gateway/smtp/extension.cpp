#include "gateway/smtp/extension.h"

#include "gateway/smtp/command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace postern::smtp {

namespace {

template<class Named>
struct Row {
    std::string_view keyword;
    Named named;
};

constexpr std::array keywords{
    Row<Extension>{"PIPELINING", Extension::pipelining},
    Row<Extension>{"SIZE", Extension::size},
    Row<Extension>{"8BITMIME", Extension::eight_bit_mime},
    Row<Extension>{"ENHANCEDSTATUSCODES", Extension::enhanced_status_codes},
    Row<Extension>{"CHUNKING", Extension::chunking},
    Row<Extension>{"SMTPUTF8", Extension::smtputf8},
    Row<Extension>{"DSN", Extension::dsn},
    Row<Extension>{"STARTTLS", Extension::starttls},
    Row<Extension>{"AUTH", Extension::auth},
    Row<Extension>{"BINARYMIME", Extension::binary_mime},
    Row<Extension>{"XCLIENT", Extension::xclient},
};

constexpr std::array attributes{
    Row<XclientAttribute>{"NAME", XclientAttribute::name},
    Row<XclientAttribute>{"ADDR", XclientAttribute::addr},
    Row<XclientAttribute>{"PORT", XclientAttribute::port},
    Row<XclientAttribute>{"PROTO", XclientAttribute::proto},
    Row<XclientAttribute>{"HELO", XclientAttribute::helo},
    Row<XclientAttribute>{"LOGIN", XclientAttribute::login},
    Row<XclientAttribute>{"DESTADDR", XclientAttribute::destaddr},
    Row<XclientAttribute>{"DESTPORT", XclientAttribute::destport},
};

template<class Table>
auto look_up(const Table& table, std::string_view keyword) {
    const auto* const found = std::ranges::find_if(
        table, [&](const auto& row) { return equal_without_case(row.keyword, keyword); });
    using Named = decltype(found->named);
    return found == table.end() ? std::optional<Named>{} : std::optional<Named>{found->named};
}

// Takes the first word off `text`; "" when there is none left.
std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

void add_size(Extensions& extensions, std::string_view word) {
    if (word.empty()) {
        extensions.add_size(0);
        return;
    }
    std::uint64_t bytes = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), bytes);
    if (read.ec == std::errc{} && read.ptr == word.data() + word.size()) extensions.add_size(bytes);
}

void add_line(Extensions& extensions, std::string_view line) {
    std::string_view rest = line;
    std::string_view word = take_word(rest);
    if (word.size() > 5 && equal_without_case(word.substr(0, 5), "AUTH=")) word = word.substr(0, 4);
    const auto extension = look_up(keywords, word);
    if (!extension) return;
    if (*extension == Extension::size) {
        add_size(extensions, take_word(rest));
        return;
    }
    extensions.add(*extension);
    if (*extension != Extension::xclient) return;
    for (std::string_view name = take_word(rest); !name.empty(); name = take_word(rest)) {
        if (const auto attribute = look_up(attributes, name)) extensions.add(*attribute);
    }
}

void append_line(std::string& text, const Row<Extension>& row, const Extensions& offered) {
    text += '\n';
    text += row.keyword;
    if (row.named == Extension::size && offered.size_max() > 0) {
        text += ' ';
        text += std::to_string(offered.size_max());
    }
    if (row.named != Extension::xclient) return;
    for (const auto& attribute : attributes) {
        if (!offered.has(attribute.named)) continue;
        text += ' ';
        text += attribute.keyword;
    }
}

} // namespace

Extensions common(const Extensions& ours, const Extensions& theirs) {
    Extensions both;
    both.bits_ = ours.bits_ & theirs.bits_;
    both.xclient_ = ours.xclient_ & theirs.xclient_;
    if (!both.has(Extension::size)) return both;
    both.size_max_ = std::min(ours.size_max_, theirs.size_max_);
    if (both.size_max_ == 0) both.size_max_ = std::max(ours.size_max_, theirs.size_max_);
    return both;
}

Extensions parse_extensions(std::span<const std::string> ehlo_lines) {
    Extensions extensions;
    for (const std::string& line : ehlo_lines.subspan(std::min<std::size_t>(1, ehlo_lines.size())))
        add_line(extensions, line);
    return extensions;
}

Reply ehlo_reply(std::string_view hostname, const Extensions& offered) {
    Reply reply{.code = 250, .enhanced = {}, .text = std::string(hostname)};
    for (const auto& row : keywords) {
        if (offered.has(row.named)) append_line(reply.text, row, offered);
    }
    return reply;
}

} // namespace postern::smtp
