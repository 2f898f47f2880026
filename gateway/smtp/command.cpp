#include "gateway/smtp/command.h"

#include "gateway/smtp/path.h"
#include "gateway/smtp/replies.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace postern::smtp {

namespace {

struct Row {
    std::string_view word;
    Verb verb;
};

// The most frequent first.
constexpr std::array verbs{
    Row{"RCPT", Verb::rcpt},         Row{"MAIL", Verb::mail},
    Row{"DATA", Verb::data},         Row{"EHLO", Verb::ehlo},
    Row{"QUIT", Verb::quit},         Row{"STARTTLS", Verb::starttls},
    Row{"BDAT", Verb::bdat},         Row{"RSET", Verb::rset},
    Row{"HELO", Verb::helo},         Row{"NOOP", Verb::noop},
    Row{"AUTH", Verb::auth},         Row{"XCLIENT", Verb::xclient},
    Row{"XFORWARD", Verb::xforward}, Row{"VRFY", Verb::vrfy},
    Row{"EXPN", Verb::expn},         Row{"HELP", Verb::help},
    Row{"ETRN", Verb::etrn},         Row{"LHLO", Verb::lhlo},
    Row{"GET", Verb::http},          Row{"POST", Verb::http},
    Row{"HEAD", Verb::http},         Row{"PUT", Verb::http},
    Row{"CONNECT", Verb::http},      Row{"OPTIONS", Verb::http},
    Row{"PATCH", Verb::http},        Row{"DELETE", Verb::http},
    Row{"TRACE", Verb::http},        Row{"Host:", Verb::http},
    Row{"User-Agent:", Verb::http},
};

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    const std::size_t end = text.find_last_not_of(blanks);
    return end == std::string_view::npos ? text.substr(text.size())
                                         : text.substr(begin, end + 1 - begin);
}

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

} // namespace

bool equal_without_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

Command parse_command(std::string_view line) {
    const std::string_view text = trimmed(line);
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    Command command{.word = text.substr(0, end), .argument = trimmed(text.substr(end))};
    const auto* const row = std::ranges::find_if(
        verbs, [&](const Row& known) { return equal_without_case(known.word, command.word); });
    if (row != verbs.end()) command.verb = row->verb;
    return command;
}

std::expected<std::string_view, Reply> parse_hello(std::string_view argument) {
    const std::string_view name = argument.substr(0, argument.find_first_of(blanks));
    // Something behind the name is ignored, as Postfix does; old clients append comments.
    const bool printable = std::ranges::all_of(argument, [](char byte) {
        const auto value = static_cast<unsigned char>(byte);
        return (value >= ' ' && value != 0x7F) || byte == '\t';
    });
    if (name.empty() || name.size() > domain_bytes_max || !printable)
        return std::unexpected(replies::syntax("EHLO hostname"));
    // A wrong literal or name is no reason to refuse (RFC 5321 4.1.4), but what would need quoting
    // in a Received field, or could end it, is no name at all.
    if (name.find_first_of("<>()\",;\\") != std::string_view::npos)
        return std::unexpected(replies::syntax("EHLO hostname"));
    return name;
}

std::expected<Bdat, Reply> parse_bdat(std::string_view argument) {
    const std::size_t end = std::min(argument.find_first_of(blanks), argument.size());
    const std::string_view digits = argument.substr(0, end);
    const std::string_view behind = trimmed(argument.substr(end));
    Bdat bdat;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bdat.bytes);
    const bool number = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
    bdat.last = equal_without_case(behind, "LAST");
    if (!number || (!bdat.last && !behind.empty()))
        return std::unexpected(replies::syntax("BDAT size [LAST]"));
    return bdat;
}

} // namespace postern::smtp
