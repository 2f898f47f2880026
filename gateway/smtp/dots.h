#pragma once

#include "gateway/smtp/body.h"

#include <cstdint>
#include <string>
#include <string_view>

// Dot stuffing (RFC 5321 4.5.2), added and taken away.
namespace postern::smtp {

// Makes of plain content (BDAT, a file) what is sent behind DATA. One object per message. Nothing
// unproved is written: a CR on which a chunk ends is kept back.
class DotStuffer {
public:
    // Appends the chunk, dots doubled at the start of lines. `more`, or bare_cr, bare_lf, which
    // stay.
    [[nodiscard]] DataState stuff(std::string_view chunk, std::string& out);
    // After the last chunk: appends the CRLF that content must end in, if it is missing. The caller
    // then sends `end_of_data`.
    [[nodiscard]] DataState finish(std::string& out);
    [[nodiscard]] const ContentFacts& facts() const { return facts_; }

private:
    enum class At : std::uint8_t { line_start, in_line, cr };

    [[nodiscard]] std::size_t run(std::string_view bytes, std::string& out);
    void step(char byte, std::string& out);

    ContentFacts facts_;
    At at_ = At::line_start;
    DataState state_ = DataState::more;
};

// Takes the stuffed dots out of the content that DataScanner hands out. One object per message.
class DotUnstuffer {
public:
    void unstuff(std::string_view content, std::string& out);

private:
    bool line_start_ = true;
};

} // namespace postern::smtp
