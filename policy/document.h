#pragma once

#include "policy/mistake.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Our configuration files as typed values. This is the only part that knows the TOML package; it
// knows nothing of what the keys mean.

namespace postern::policy {

/// A word of an array, with its place for what is found out about it later.
struct Text {
    std::string value;
    Place place;
};

/// Allowed values, both ends included.
template<typename Value>
struct Range {
    Value least;
    Value most;
};

/// A row of the name table of an enumeration.
template<typename Value>
struct Named {
    std::string_view name;
    Value value;
};

/// One table of a document while it is being read. It only exists inside the function that is given
/// to Document::read, Table::table or Table::each.
///
/// Each question is asked with a key and answers the value, or nothing when the key is absent or
/// its value is wrong; then the mistake is already recorded with its place. The keys asked for are
/// the keys known: when the function returns, every other key of the table is recorded as an error,
/// with the nearest known key as a suggestion. So ask for every key always; do not return early
/// because one was wrong.
///
///     root.each("listener", [&](Table& listener) {
///         Listener& made = settings.listeners.emplace_back();
///         made.name = listener.required_string("name").value_or("");
///         made.tls = listener.one_of("tls", tls_names).value_or(ListenerTls::starttls);
///     });
class Table {
public:
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    ~Table();

    [[nodiscard]] std::optional<std::string> string(std::string_view key);
    /// An absent or empty value is an error too.
    [[nodiscard]] std::optional<std::string> required_string(std::string_view key);
    /// A string taken as a file name relative to the directory of this document; "" stays "".
    [[nodiscard]] std::optional<std::string> path(std::string_view key);
    [[nodiscard]] std::optional<std::string> required_path(std::string_view key);
    [[nodiscard]] std::optional<bool> boolean(std::string_view key);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key,
                                                      Range<std::int64_t> range = any_integer);
    /// `"1h30m"`, see policy/quantity.h.
    [[nodiscard]] std::optional<std::chrono::milliseconds>
    duration(std::string_view key, Range<std::chrono::milliseconds> range = any_duration);
    /// `"50MiB"` or a number of bytes, see policy/quantity.h.
    [[nodiscard]] std::optional<std::uint64_t> size(std::string_view key,
                                                    Range<std::uint64_t> range = any_size);
    /// The strings of an array. Items of another type are recorded and left out.
    [[nodiscard]] std::optional<std::vector<Text>> strings(std::string_view key);

    /// The value that a string stands for in a table of names.
    template<typename Value, std::size_t count>
    [[nodiscard]] std::optional<Value> one_of(std::string_view key,
                                              const std::array<Named<Value>, count>& names) {
        const auto index = choice(key, names_of(names));
        if (!index) return std::nullopt;
        return names[*index].value;
    }
    /// The same for an array of strings; a value given twice is recorded and left out.
    template<typename Value, std::size_t count>
    [[nodiscard]] std::optional<std::vector<Value>>
    several_of(std::string_view key, const std::array<Named<Value>, count>& names) {
        const auto indices = choices(key, names_of(names));
        if (!indices) return std::nullopt;
        std::vector<Value> values;
        for (const std::size_t index : *indices)
            values.push_back(names[index].value);
        return values;
    }

    /// Reads the sub-table `[key]` or `key = {...}`. False: it is absent or not a table, and `read`
    /// was not called.
    bool table(std::string_view key, const std::function<void(Table&)>& read);
    /// Reads each table of `[[key]]` in turn. Absent is none.
    void each(std::string_view key, const std::function<void(Table&)>& read);
    /// Reads an array that may hold both strings and tables, in order.
    void each(std::string_view key,
              const std::function<void(const Text&)>& read_text,
              const std::function<void(Table&)>& read_table);

    /// Whether the key stands there at all, with whatever value. Asking makes it known.
    [[nodiscard]] bool has(std::string_view key);

    /// Where the value of a key stands; the place of the table itself when the key is absent.
    [[nodiscard]] Place place(std::string_view key) const;
    [[nodiscard]] Place place() const;
    [[nodiscard]] const std::string& file() const;

    /// Records a mistake at the value of a key, or at a place that this table gave.
    void error(std::string_view key, std::string message);
    void error(Place place, std::string message);
    void warning(std::string_view key, std::string message);
    void warning(Place place, std::string message);

    static constexpr Range<std::int64_t> any_integer{std::numeric_limits<std::int64_t>::min(),
                                                     std::numeric_limits<std::int64_t>::max()};
    static constexpr Range<std::chrono::milliseconds> any_duration{
        std::chrono::milliseconds::zero(), std::chrono::milliseconds::max()};
    static constexpr Range<std::uint64_t> any_size{0, std::numeric_limits<std::uint64_t>::max()};

private:
    friend class Document;
    struct Content;
    explicit Table(std::unique_ptr<Content> content);

    [[nodiscard]] std::optional<std::size_t> choice(std::string_view key,
                                                    std::span<const std::string_view> names);
    [[nodiscard]] std::optional<std::vector<std::size_t>>
    choices(std::string_view key, std::span<const std::string_view> names);
    void report_unknown_keys();

    template<typename Value, std::size_t count>
    static std::array<std::string_view, count>
    names_of(const std::array<Named<Value>, count>& names) {
        std::array<std::string_view, count> only_names;
        for (std::size_t index = 0; index < count; ++index)
            only_names[index] = names[index].name;
        return only_names;
    }

    std::unique_ptr<Content> content_;
};

/// A parsed TOML file. Owns everything its tables look at.
class Document {
public:
    /// `file` is the name that mistakes carry and that relative paths start from. A text that is
    /// not TOML has one mistake: the package stops at the first.
    [[nodiscard]] static std::expected<Document, Mistake> parse(std::string_view text,
                                                                std::string file);
    [[nodiscard]] static std::expected<Document, Mistake> load(std::string file);

    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    [[nodiscard]] const std::string& file() const;

    /// Hands the root table to `read`, then records its unknown keys.
    void read(Mistakes& mistakes, const std::function<void(Table&)>& read) const;

private:
    struct Content;
    explicit Document(std::unique_ptr<Content> content);

    std::unique_ptr<Content> content_;
};

/// Room for some hundred thousand list entries written in place; longer lists belong in files.
inline constexpr std::size_t document_bytes_max = std::size_t{16} * 1024 * 1024;

} // namespace postern::policy
