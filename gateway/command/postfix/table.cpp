#include "gateway/command/postfix/table.h"

#include "policy/fold.h"

#include <algorithm>
#include <cstdint>
#include <expected>
#include <utility>

namespace postern::command::postfix {
namespace {

// isspace(3) in the C locale, as Postfix has it.
constexpr std::string_view blanks = " \t\n\v\f\r";

bool is_blank(char letter) { return blanks.contains(letter); }

/// The lines that make up a logical one, joined without their line ends, as postmap joins them.
class LogicalLine {
public:
    void add(std::string_view line, std::uint32_t number) {
        pieces_.push_back({.begin = text_.size(), .line = number});
        text_ += line;
    }
    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] policy::Place place_of(std::size_t at) const {
        const auto behind = std::ranges::upper_bound(pieces_, at, {}, &Piece::begin);
        const Piece& piece = *std::prev(behind);
        return {.line = piece.line, .column = static_cast<std::uint32_t>(at - piece.begin + 1)};
    }

private:
    struct Piece {
        std::size_t begin;
        std::uint32_t line;
    };
    std::string text_;
    std::vector<Piece> pieces_;
};

struct KeyEnd {
    std::size_t at;
    bool in_quotes; // one of them was never closed
};

KeyEnd key_end(std::string_view text) {
    bool in_quotes = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '\\') {
            if (++at == text.size()) break;
        } else if (text[at] == '"') {
            in_quotes = !in_quotes;
        } else if (!in_quotes && is_blank(text[at])) {
            break;
        }
    }
    return {.at = at, .in_quotes = in_quotes};
}

std::vector<Word> words_behind(const LogicalLine& line, std::size_t at) {
    const std::string_view text = line.text();
    std::vector<Word> words;
    for (;;) {
        const std::size_t begin = text.find_first_not_of(blanks, at);
        if (begin == std::string_view::npos) return words;
        at = std::min(text.find_first_of(blanks, begin), text.size());
        words.push_back(
            {.text = std::string(text.substr(begin, at - begin)), .place = line.place_of(begin)});
    }
}

/// The error is why postmap ignores the line.
std::expected<TableEntry, std::string_view> entry_of(const LogicalLine& line) {
    const std::string_view text = line.text();
    if (is_blank(text.front())) return std::unexpected("begins with a blank and continues nothing");
    if (!policy::is_utf8(text)) return std::unexpected("is not UTF-8");
    const KeyEnd key = key_end(text);
    if (key.in_quotes) return std::unexpected("has a quote that is never closed");
    TableEntry entry{
        .key = {.text = std::string(text.substr(0, key.at)), .place = line.place_of(0)},
        .words = words_behind(line, key.at)};
    if (entry.words.empty()) return std::unexpected("has a key and no value");
    return entry;
}

} // namespace

std::vector<TableEntry>
read_table(std::string_view text, const std::string& file, policy::Mistakes& mistakes) {
    std::vector<TableEntry> entries;
    if (text.contains('\0')) {
        mistakes.error(
            file, {}, "is not text; give the file that postmap reads, not the one it makes");
        return entries;
    }
    LogicalLine line;
    const auto end_line = [&] {
        if (line.empty()) return;
        if (auto entry = entry_of(line))
            entries.push_back(std::move(*entry));
        else
            mistakes.error(file, line.place_of(0), "the line " + std::string(entry.error()));
        line = LogicalLine();
    };
    for (std::uint32_t number = 1; !text.empty(); ++number) {
        const std::string_view one = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        const std::size_t begin = one.find_first_not_of(blanks);
        if (begin == std::string_view::npos || one[begin] == '#') continue;
        if (begin == 0) end_line();
        line.add(one, number);
    }
    end_line();
    return entries;
}

std::vector<Word> without_commas(const std::vector<Word>& words) {
    std::vector<Word> parts;
    for (const Word& word : words) {
        const std::string_view text = word.text;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find(',', begin), text.size());
            policy::Place place = word.place;
            place.column += static_cast<std::uint32_t>(begin);
            if (end > begin)
                parts.push_back(
                    {.text = std::string(text.substr(begin, end - begin)), .place = place});
            begin = end + 1;
        }
    }
    return parts;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 80;
    std::string shown = "\"";
    for (const char letter : text.substr(0, shown_max)) {
        const bool is_control = (letter >= 0 && letter < ' ') || letter == '\x7f';
        shown += is_control ? '?' : letter;
    }
    return shown + (text.size() > shown_max ? "…\"" : "\"");
}

} // namespace postern::command::postfix
