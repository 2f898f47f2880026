#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::smtp {

inline constexpr std::size_t fold_at = 78; // RFC 5322 2.1.1, without CRLF

// Puts the words of a header field behind each other, each on a line of its own where it would
// reach beyond `fold_at`. Borrows the text it appends to, which ends in the field's beginning.
class Folded {
public:
    explicit Folded(std::string& out) : Folded(out, out.size()) {}
    // For a field whose beginning stands already in `out`, from `line_begin` on.
    Folded(std::string& out, std::size_t line_begin) : out_(out), line_begin_(line_begin) {}

    void add(std::string_view word);
    void new_line();

private:
    std::string& out_;
    std::size_t line_begin_;
    bool fresh_ = false; // the line has only its indentation
};

} // namespace postern::smtp
