// Whatever MAIL, RCPT and BDAT are understood to say, a client of ours says in a way that is
// understood the same; and nothing that could end a line gets through.
#include "gateway/smtp/client.h"
#include "gateway/smtp/command.h"
#include "gateway/smtp/envelope.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtp = postern::smtp;

namespace {

smtp::Extensions offered(unsigned bits) {
    smtp::Extensions extensions;
    if ((bits & 1U) != 0) extensions.add_size(100000);
    if ((bits & 2U) != 0) extensions.add(smtp::Extension::eight_bit_mime);
    if ((bits & 4U) != 0) extensions.add(smtp::Extension::smtputf8);
    if ((bits & 8U) != 0) extensions.add(smtp::Extension::dsn);
    return extensions;
}

std::string_view argument_of(const std::string& line) {
    assert(line.ends_with("\r\n"));
    const std::string_view text = std::string_view(line).substr(0, line.size() - 2);
    assert(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    return smtp::parse_command(text).argument;
}

void check_mail(std::string_view argument, const smtp::Extensions& extensions) {
    const auto mail = smtp::parse_mail(argument, extensions);
    if (!mail) {
        assert(smtp::is_permanent(mail.error().code));
        return;
    }
    assert(!smtp::lacking(*mail, extensions).has_value());
    std::string line;
    smtp::append_mail(line, *mail, extensions);
    const auto again = smtp::parse_mail(argument_of(line), extensions);
    assert(again.has_value());
    assert(*again == *mail);
}

void check_rcpt(std::string_view argument, const smtp::Extensions& extensions, smtp::Utf8 utf8) {
    const auto recipient = smtp::parse_rcpt(argument, extensions, utf8);
    if (!recipient) {
        assert(smtp::is_permanent(recipient.error().code));
        return;
    }
    assert(!recipient->path.is_null());
    std::string line;
    smtp::append_rcpt(line, *recipient, extensions);
    const auto again = smtp::parse_rcpt(argument_of(line), extensions, utf8);
    assert(again.has_value());
    assert(*again == *recipient);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > smtp::command_line_bytes_max) return 0;
    const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
    // The line reader lets none of these through.
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return 0;
    const smtp::Extensions extensions = offered(data[0]);
    const smtp::Utf8 utf8 =
        extensions.has(smtp::Extension::smtputf8) ? smtp::Utf8::allowed : smtp::Utf8::refused;

    const smtp::Command command = smtp::parse_command(line);
    assert(command.word.size() + command.argument.size() <= line.size());
    check_mail(command.argument, extensions);
    check_rcpt(command.argument, extensions, utf8);
    if (const auto name = smtp::parse_hello(command.argument))
        assert(!name->empty() && name->size() <= 255);
    if (const auto bdat = smtp::parse_bdat(command.argument)) {
        std::string text;
        smtp::append_bdat(
            text, bdat->bytes, bdat->last ? smtp::Chunk::last : smtp::Chunk::one_of_several);
        assert(smtp::parse_bdat(argument_of(text)) == *bdat);
    }
    return 0;
}
