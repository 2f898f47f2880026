#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

/// Where something stands in a file; both count from 1, and 0 means "the file as a whole".
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    auto operator<=>(const Place&) const = default;
};

enum class Severity : std::uint8_t {
    error,   // the files cannot be used as they are
    warning, // usable, but hardly what was meant
};

/// One thing wrong in a file that people write. The message says what is wrong and what would be
/// right, in a form that can stand alone: `"inbnd" is not a direction; use inbound or outbound`.
struct Mistake {
    Severity severity = Severity::error;
    std::string file;
    Place place;
    std::string message;

    bool operator==(const Mistake&) const = default;

    /// `file:line:column: message`, warnings as `file:line:column: warning: message`; without a
    /// line when the mistake is about the whole file. This is the form that editors can jump to.
    [[nodiscard]] std::string text() const;
};

/// Every mistake found while loading, in the order found. A plain value: loaders append, commands
/// print. Bounded: past `mistakes_kept_max` mistakes are counted but no longer kept.
class Mistakes {
public:
    void error(std::string_view file, Place place, std::string message);
    void warning(std::string_view file, Place place, std::string message);
    void add(Mistake mistake);
    void append(const Mistakes& others);

    /// By file, then line, then column; equal places keep their order.
    void sort();

    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] std::size_t warnings() const { return warnings_; }
    [[nodiscard]] bool empty() const { return errors_ + warnings_ == 0; }
    [[nodiscard]] std::span<const Mistake> all() const { return kept_; }

    /// One line for each; a last line says how many more there were than are kept.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Mistake> kept_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
};

/// A list file with another format entirely would be a mistake in each of its million lines.
inline constexpr std::size_t mistakes_kept_max = 1000;

} // namespace postern::policy
