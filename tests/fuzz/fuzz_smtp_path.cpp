// A path that is accepted is read from its own text again, its parts make up the whole, and what it
// means can be quoted back.
#include "gateway/smtp/path.h"
#include "gateway/smtp/utf8.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtp = postern::smtp;

namespace {

void check(std::string_view text, smtp::PathKind kind, smtp::Utf8 utf8) {
    const auto read = smtp::read_path(text, kind, utf8);
    if (!read) return;
    assert(text.ends_with(read->rest));
    const smtp::Path& path = read->path;
    const std::string written = "<" + std::string(path.address()) + ">";
    const auto again = smtp::read_path(written, kind, utf8);
    assert(again.has_value());
    assert(again->path == path);
    assert(again->rest.empty());

    if (path.is_null()) {
        assert(kind == smtp::PathKind::reverse);
        return;
    }
    if (path.domain().empty()) {
        assert(kind == smtp::PathKind::forward);
        return;
    }
    assert(path.address() == std::string(path.local()) + "@" + std::string(path.domain()));
    assert(path.local().size() <= smtp::local_part_bytes_max);
    assert(smtp::is_domain(path.domain(), utf8) || smtp::is_address_literal(path.domain()));
    assert(smtp::is_utf8(path.address()));
    assert(path.needs_smtputf8() == !smtp::is_ascii(path.address()));
    assert(std::ranges::none_of(path.address(), [](char byte) { return byte >= 0 && byte < ' '; }));

    std::string quoted = "<\"";
    for (const char byte : path.local_value()) {
        if (byte == '"' || byte == '\\') quoted += '\\';
        quoted += byte;
    }
    quoted += "\"@" + std::string(path.domain()) + ">";
    const auto same = smtp::read_path(quoted, kind, utf8);
    // Two quotes and a backslash more may be over the limit.
    if (!same) {
        assert(same.error() == smtp::PathError::too_long);
        return;
    }
    assert(same->path.local_value() == path.local_value());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto kind : {smtp::PathKind::reverse, smtp::PathKind::forward})
        for (const auto utf8 : {smtp::Utf8::refused, smtp::Utf8::allowed})
            check(text, kind, utf8);
    return 0;
}
