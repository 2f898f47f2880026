#pragma once

#include "policy/mistake.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace postern::policy {

/// Reads the text of a list file: entries with blanks, commas or line ends between, `#` before an
/// entry begins a comment up to the end of the line. A quoted local part may contain blanks. The
/// text comes in pieces cut anyhow.
class ListText {
public:
    using TakeEntry = std::function<void(std::string_view entry, Place place)>;

    /// Hands out each entry that ends within the piece. The views are valid during the call only.
    void feed(std::string_view piece, const TakeEntry& take);
    /// The text is over: hands out the entry that ends with it.
    void finish(const TakeEntry& take);

private:
    enum class State : std::uint8_t { between, in_entry, in_quotes, behind_backslash, in_comment };

    [[nodiscard]] static bool is_inside(State state);
    [[nodiscard]] State behind(char letter) const;
    [[nodiscard]] Place place_of_entry() const;

    State state_ = State::between;
    std::string begun_; // of an entry that earlier pieces began
    std::uint32_t line_ = 1;
    std::uint64_t read_ = 0; // bytes of earlier pieces
    std::uint64_t line_begins_ = 0;
    std::uint64_t entry_begins_ = 0;
};

} // namespace postern::policy
