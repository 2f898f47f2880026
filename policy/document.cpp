#include "policy/document.h"

#include "policy/file.h"
#include "policy/quantity.h"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <utility>

// A document such as "[!]" breaks what toml++ 3.3 asserts in a debug build and has the compiler
// take for granted in a release build. Without either it reports the error as it should.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace postern::policy {
namespace {

Place place_of(const toml::source_region& region) {
    return {.line = region.begin.line, .column = region.begin.column};
}

Place place_of(const toml::node& node) { return place_of(node.source()); }

/// What somebody wrote, as they would call it.
std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    }
    return "something else";
}

/// libstdc++ 12 has no std::format yet.
std::string text_of(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
        text += part;
    return text;
}

std::string not_one_of(std::string_view value, std::span<const std::string_view> names) {
    const std::string_view meant = nearest(value, names);
    if (!meant.empty())
        return text_of({"\"", value, "\" is not known; did you mean \"", meant, "\"?"});
    return text_of({"\"", value, "\" is not known; use ", alternatives(names)});
}

} // namespace

struct Document::Content {
    std::string file;
    toml::table root;
};

struct Table::Content {
    const toml::table& table;
    const std::string& file;
    Mistakes& mistakes;
    std::vector<std::string> asked;

    [[nodiscard]] const toml::node* find(std::string_view key) const { return table.get(key); }

    /// The value of a key, which is known from now on.
    [[nodiscard]] const toml::node* ask(std::string_view key) {
        if (std::ranges::find(asked, key) == asked.end()) asked.emplace_back(key);
        return find(key);
    }

    void wrong_kind(std::string_view key, const toml::node& node, std::string_view wanted) const {
        mistakes.error(
            file, place_of(node), text_of({key, " must be ", wanted, ", not ", kind_of(node)}));
    }

    [[nodiscard]] std::optional<std::string>
    string_in(std::string_view key, const toml::node& node, std::string_view wanted) const {
        if (const auto* const string = node.as_string()) return string->get();
        wrong_kind(key, node, wanted);
        return std::nullopt;
    }

    void read_below(const toml::table& below, const std::function<void(Table&)>& read) const {
        Table view(std::make_unique<Content>(below, file, mistakes));
        read(view);
        view.report_unknown_keys();
    }
};

Table::Table(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Table::~Table() = default;

std::optional<std::string> Table::string(std::string_view key) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    return content_->string_in(key, *node, "a string");
}

std::optional<std::string> Table::required_string(std::string_view key) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) {
        error(place(), text_of({key, " is missing"}));
        return std::nullopt;
    }
    auto value = content_->string_in(key, *node, "a string");
    if (!value || !value->empty()) return value;
    error(key, text_of({key, " must not be empty"}));
    return std::nullopt;
}

std::optional<std::string> Table::path(std::string_view key) {
    auto named = string(key);
    if (!named || named->empty()) return named;
    return path_beside(file(), *named);
}

std::optional<std::string> Table::required_path(std::string_view key) {
    if (!required_string(key)) return std::nullopt;
    return path(key);
}

std::optional<bool> Table::boolean(std::string_view key) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* const value = node->as_boolean()) return value->get();
    content_->wrong_kind(key, *node, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Table::integer(std::string_view key, Range<std::int64_t> range) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    const auto* const value = node->as_integer();
    if (value == nullptr) {
        content_->wrong_kind(key, *node, "an integer");
        return std::nullopt;
    }
    const std::int64_t number = value->get();
    if (number >= range.least && number <= range.most) return number;
    error(key,
          range.most == any_integer.most
              ? text_of({key, " must be at least ", std::to_string(range.least)})
              : text_of({key,
                         " must be between ",
                         std::to_string(range.least),
                         " and ",
                         std::to_string(range.most)}));
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> Table::duration(std::string_view key,
                                                         Range<std::chrono::milliseconds> range) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    const auto text = content_->string_in(key, *node, "a duration such as \"90s\" or \"1h30m\"");
    if (!text) return std::nullopt;
    const auto value = duration_from(*text);
    if (!value) {
        error(key,
              text_of({"\"", *text, "\" is not a duration; write \"90s\", \"5m\" or \"1h30m\""}));
        return std::nullopt;
    }
    if (*value >= range.least && *value <= range.most) return value;
    error(key,
          range.most > duration_max
              ? text_of({key, " must be at least ", duration_text(range.least)})
              : text_of({key,
                         " must be between ",
                         duration_text(range.least),
                         " and ",
                         duration_text(range.most)}));
    return std::nullopt;
}

std::optional<std::uint64_t> Table::size(std::string_view key, Range<std::uint64_t> range) {
    constexpr std::string_view wanted =
        "a size such as \"50MiB\" or a number of bytes (units: B, KiB, MiB, GiB, TiB)";
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    std::optional<std::uint64_t> value;
    if (const auto* const integer = node->as_integer()) {
        if (integer->get() >= 0) value = static_cast<std::uint64_t>(integer->get());
    } else {
        const auto text = content_->string_in(key, *node, wanted);
        if (!text) return std::nullopt;
        value = size_from(*text);
        if (!value) {
            error(key, text_of({key, " must be ", wanted, ", not \"", *text, "\""}));
            return std::nullopt;
        }
    }
    if (!value) {
        error(key, text_of({key, " must be ", wanted}));
        return std::nullopt;
    }
    if (*value >= range.least && *value <= range.most) return value;
    error(key,
          range.most == any_size.most ? text_of({key, " must be at least ", size_text(range.least)})
                                      : text_of({key,
                                                 " must be between ",
                                                 size_text(range.least),
                                                 " and ",
                                                 size_text(range.most)}));
    return std::nullopt;
}

std::optional<std::vector<Text>> Table::strings(std::string_view key) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return std::nullopt;
    const toml::array* const array = node->as_array();
    if (array == nullptr) {
        content_->wrong_kind(key, *node, "an array of strings");
        return std::nullopt;
    }
    std::vector<Text> strings;
    strings.reserve(array->size());
    for (const toml::node& item : *array) {
        auto value = content_->string_in(text_of({"an item of ", key}), item, "a string");
        if (value) strings.push_back({.value = std::move(*value), .place = place_of(item)});
    }
    return strings;
}

std::optional<std::size_t> Table::choice(std::string_view key,
                                         std::span<const std::string_view> names) {
    const auto value = string(key);
    if (!value) return std::nullopt;
    const auto found = std::ranges::find(names, *value);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    error(key, not_one_of(*value, names));
    return std::nullopt;
}

std::optional<std::vector<std::size_t>> Table::choices(std::string_view key,
                                                       std::span<const std::string_view> names) {
    const auto values = strings(key);
    if (!values) return std::nullopt;
    std::vector<std::size_t> chosen;
    for (const Text& value : *values) {
        const auto found = std::ranges::find(names, value.value);
        if (found == names.end()) {
            error(value.place, not_one_of(value.value, names));
            continue;
        }
        const auto index = static_cast<std::size_t>(found - names.begin());
        if (std::ranges::find(chosen, index) == chosen.end()) {
            chosen.push_back(index);
        } else {
            error(value.place, text_of({"\"", value.value, "\" is given twice"}));
        }
    }
    return chosen;
}

bool Table::table(std::string_view key, const std::function<void(Table&)>& read) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return false;
    const toml::table* const below = node->as_table();
    if (below == nullptr) {
        content_->wrong_kind(key, *node, "a table");
        return false;
    }
    content_->read_below(*below, read);
    return true;
}

void Table::each(std::string_view key, const std::function<void(Table&)>& read) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return;
    const toml::array* const array = node->as_array();
    if (array == nullptr) {
        content_->wrong_kind(key, *node, text_of({"an array of tables: [[", key, "]]"}));
        return;
    }
    for (const toml::node& item : *array) {
        if (const toml::table* const below = item.as_table()) {
            content_->read_below(*below, read);
        } else {
            content_->wrong_kind(text_of({"an item of ", key}), item, "a table");
        }
    }
}

void Table::each(std::string_view key,
                 const std::function<void(const Text&)>& read_text,
                 const std::function<void(Table&)>& read_table) {
    const toml::node* const node = content_->ask(key);
    if (node == nullptr) return;
    const toml::array* const array = node->as_array();
    if (array == nullptr) {
        content_->wrong_kind(key, *node, "an array");
        return;
    }
    for (const toml::node& item : *array) {
        if (const toml::table* const below = item.as_table()) {
            content_->read_below(*below, read_table);
        } else if (const auto* const string = item.as_string()) {
            read_text({.value = string->get(), .place = place_of(item)});
        } else {
            content_->wrong_kind(text_of({"an item of ", key}), item, "a string or a table");
        }
    }
}

bool Table::has(std::string_view key) { return content_->ask(key) != nullptr; }

Place Table::place(std::string_view key) const {
    const toml::node* const node = content_->find(key);
    return node == nullptr ? place() : place_of(*node);
}

Place Table::place() const { return place_of(content_->table); }
const std::string& Table::file() const { return content_->file; }

void Table::error(std::string_view key, std::string message) {
    error(place(key), std::move(message));
}
void Table::error(Place place, std::string message) {
    content_->mistakes.error(content_->file, place, std::move(message));
}
void Table::warning(std::string_view key, std::string message) {
    warning(place(key), std::move(message));
}
void Table::warning(Place place, std::string message) {
    content_->mistakes.warning(content_->file, place, std::move(message));
}

void Table::report_unknown_keys() {
    const std::vector<std::string_view> known(content_->asked.begin(), content_->asked.end());
    for (const auto& [key, value] : content_->table) {
        if (std::ranges::find(known, key.str()) != known.end()) continue;
        std::string message = text_of({"unknown key ", key.str()});
        const std::string_view meant = nearest(key.str(), known);
        if (!meant.empty()) message += text_of({"; did you mean ", meant, "?"});
        error(place_of(key.source()), std::move(message));
    }
}

std::expected<Document, Mistake> Document::parse(std::string_view text, std::string file) {
    toml::parse_result parsed = toml::parse(text, std::string_view(file));
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return std::unexpected(Mistake{.severity = Severity::error,
                                       .file = std::move(file),
                                       .place = place_of(error.source()),
                                       .message = std::string(error.description())});
    }
    auto content = std::make_unique<Content>(std::move(file), std::move(parsed).table());
    return Document(std::move(content));
}

std::expected<Document, Mistake> Document::load(std::string file) {
    const auto text = read_file(file, document_bytes_max);
    if (text) return parse(*text, std::move(file));
    return std::unexpected(Mistake{.severity = Severity::error,
                                   .file = std::move(file),
                                   .place = {},
                                   .message = text.error()});
}

Document::Document(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const std::string& Document::file() const { return content_->file; }

void Document::read(Mistakes& mistakes, const std::function<void(Table&)>& read) const {
    Table root(std::make_unique<Table::Content>(content_->root, content_->file, mistakes));
    read(root);
    root.report_unknown_keys();
}

} // namespace postern::policy
