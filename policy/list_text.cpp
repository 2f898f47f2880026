#include "policy/list_text.h"

namespace postern::policy {
namespace {

bool is_between(char letter) {
    return letter == ' ' || letter == '\t' || letter == ',' || letter == '\r' || letter == '\n';
}

// Editors of some systems put this before everything else; it belongs to no entry.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

Place ListText::place_of_entry() const {
    return Place{.line = line_,
                 .column = static_cast<std::uint32_t>(entry_begins_ - line_begins_ + 1)};
}

void ListText::feed(std::string_view piece, const TakeEntry& take) {
    std::size_t begin = 0; // of the entry's part in this piece
    const auto end_entry = [&](std::size_t end) {
        const std::string_view part = piece.substr(begin, end - begin);
        if (begun_.empty()) {
            take(part, place_of_entry());
        } else {
            begun_.append(part);
            take(begun_, place_of_entry());
            begun_.clear();
        }
        state_ = State::between;
    };
    for (std::size_t at = 0; at < piece.size(); ++at) {
        const char letter = piece[at];
        if (read_ + at == byte_order_mark.size() && state_ == State::in_entry &&
            begun_ + std::string(piece.substr(begin, at - begin)) == byte_order_mark) {
            begun_.clear();
            state_ = State::between;
        }
        switch (state_) {
        case State::in_entry:
            if (!is_between(letter)) continue;
            end_entry(at);
            break;
        case State::in_quotes:
            if (letter == '\\') state_ = State::behind_backslash;
            if (letter == '"') state_ = State::in_entry;
            if (letter != '\n') continue;
            end_entry(at); // the quote was never closed: the entry will be refused
            break;
        case State::behind_backslash:
            state_ = State::in_quotes;
            if (letter != '\n') continue;
            end_entry(at);
            break;
        case State::in_comment: break;
        case State::between:
            if (is_between(letter)) break;
            begin = at;
            entry_begins_ = read_ + at;
            state_ = letter == '#'   ? State::in_comment
                     : letter == '"' ? State::in_quotes
                                     : State::in_entry;
            continue;
        }
        if (letter != '\n') continue;
        state_ = State::between;
        ++line_;
        line_begins_ = read_ + at + 1;
    }
    if (state_ != State::between && state_ != State::in_comment) begun_.append(piece.substr(begin));
    read_ += piece.size();
}

void ListText::finish(const TakeEntry& take) {
    if (!begun_.empty()) take(begun_, place_of_entry());
    begun_.clear();
    state_ = State::between;
}

} // namespace postern::policy
