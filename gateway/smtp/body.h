#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::smtp {

inline constexpr std::size_t text_line_bytes_max = 1000; // RFC 5321 4.5.3.1.6, CRLF included
inline constexpr std::string_view end_of_data =
    ".\r\n"; // behind content, which ends in CRLF or is empty

enum class DataState : std::uint8_t {
    more,    // the message goes on
    end,     // its CRLF . CRLF was read; scan nothing further
    bare_cr, // a CR without LF behind it: smuggling, 550 5.6.11, close. Stays so
    bare_lf, // an LF without CR before it: likewise
};

struct Scanned {
    DataState state = DataState::more;
    std::size_t consumed = 0; // bytes of the chunk that were read; less than all of it only at
                              // `end` (what follows are commands) and after an error
    // Content to pass on, `before` first. Both are proved clean: no bare CR or LF, no end of data.
    // A CR, or a dot at the start of a line, on which a chunk ends is kept back; it comes as
    // `before` of a later chunk. At `end` the dot line itself is in neither: send `end_of_data`
    // when the message is to be completed. After an error both are empty.
    std::string_view before;  // "", "\r" or "."
    std::string_view content; // part of the chunk
};

// What is known of the content so far.
struct ContentFacts {
    std::uint64_t bytes = 0; // as the SIZE extension counts: without stuffed dots and end of data
    std::uint64_t lines = 0;
    bool eight_bit = false;     // some byte was not ASCII
    bool nul = false;           // some byte was NUL
    bool line_too_long = false; // some line was over the bound given
    bool operator==(const ContentFacts&) const = default;
};

// Reads the dot-stuffed stream behind DATA as it arrives, cut up anyhow, and passes it through
// unchanged. One object per message. Only CRLF . CRLF ends a message, or . CRLF as its very first
// line (RFC 5321 4.1.1.4).
class DataScanner {
public:
    // 0: lines may have any length. A leading stuffed dot does not count.
    explicit DataScanner(std::size_t line_bytes_max = text_line_bytes_max)
        : line_bytes_max_(line_bytes_max) {}

    [[nodiscard]] Scanned scan(std::string_view chunk);
    [[nodiscard]] const ContentFacts& facts() const { return facts_; }

private:
    enum class At : std::uint8_t { line_start, dot, dot_cr, in_line, cr, end, bare_cr, bare_lf };

    [[nodiscard]] bool halted() const { return at_ >= At::end; }
    [[nodiscard]] std::size_t read(std::string_view chunk);
    [[nodiscard]] std::size_t run(std::string_view bytes);
    void step(char byte);
    void count(char byte);
    [[nodiscard]] std::string_view kept_back() const;
    [[nodiscard]] DataState state() const;

    std::size_t line_bytes_max_;
    std::size_t line_bytes_ = 0;
    ContentFacts facts_;
    At at_ = At::line_start;
};

} // namespace postern::smtp
