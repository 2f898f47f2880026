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

bool ListText::is_inside(State state) {
    return state != State::between && state != State::in_comment;
}

ListText::State ListText::behind(char letter) const {
    switch (state_) {
    case State::in_entry: return is_between(letter) ? State::between : State::in_entry;
    case State::in_quotes:
        if (letter == '\n') return State::between; // never closed: the entry will be refused
        if (letter == '\\') return State::behind_backslash;
        return letter == '"' ? State::in_entry : State::in_quotes;
    case State::behind_backslash: return letter == '\n' ? State::between : State::in_quotes;
    case State::in_comment: return letter == '\n' ? State::between : State::in_comment;
    case State::between: break;
    }
    if (is_between(letter)) return State::between;
    if (letter == '#') return State::in_comment;
    return letter == '"' ? State::in_quotes : State::in_entry;
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
    };
    for (std::size_t at = 0; at < piece.size(); ++at) {
        if (read_ + at == byte_order_mark.size() && state_ == State::in_entry &&
            begun_ + std::string(piece.substr(begin, at - begin)) == byte_order_mark) {
            begun_.clear();
            state_ = State::between;
        }
        const State next = behind(piece[at]);
        if (!is_inside(state_) && is_inside(next)) {
            begin = at;
            entry_begins_ = read_ + at;
        }
        if (is_inside(state_) && !is_inside(next)) end_entry(at);
        state_ = next;
        if (piece[at] != '\n') continue;
        ++line_;
        line_begins_ = read_ + at + 1;
    }
    if (is_inside(state_)) begun_.append(piece.substr(begin));
    read_ += piece.size();
}

void ListText::finish(const TakeEntry& take) {
    if (!begun_.empty()) take(begun_, place_of_entry());
    begun_.clear();
    state_ = State::between;
}

} // namespace postern::policy
