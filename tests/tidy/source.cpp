#include "tests/tidy/source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace postern::tidy {
namespace {

bool in_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Blanks what a view leaves out; line ends stay, so that lines keep their numbers.
void blank(std::string& view, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < std::min(to, view.size()); ++at) {
        if (view[at] != '\n') view[at] = ' ';
    }
}

/// The place behind the literal that begins at `from` with `quote`.
std::size_t end_of_literal(std::string_view text, std::size_t from) {
    const char quote = text[from];
    for (std::size_t at = from + 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == quote || text[at] == '\n') {
            return at + 1;
        }
    }
    return text.size();
}

/// The same for a raw string, whose `R"` begins at `from`.
std::size_t end_of_raw_literal(std::string_view text, std::size_t from) {
    const auto open = text.find('(', from);
    if (open == std::string_view::npos) return text.size();
    const auto close = ")" + std::string(text.substr(from + 2, open - from - 2)) + "\"";
    const auto end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_comment(std::string_view text, std::size_t from) {
    const auto close = text[from + 1] == '/' ? std::string_view("\n") : std::string_view("*/");
    const auto end = text.find(close, from + 2);
    if (end == std::string_view::npos) return text.size();
    return close == "\n" ? end : end + close.size();
}

/// Whether a quote at `at` separates digits, as in 10'000.
bool separates_digits(std::string_view text, std::size_t at) {
    return text[at] == '\'' && at > 0 && in_identifier(text[at - 1]);
}

void collect_includes(Source& source, std::string_view text) {
    const auto lines = lines_of(text);
    for (std::size_t number = 0; number < lines.size(); ++number) {
        const std::string_view line = lines[number];
        if (!line.starts_with("#include ") || line.size() < 11) continue;
        const bool quoted = line[9] == '"';
        const auto end = line.find(quoted ? '"' : '>', 10);
        if (end == std::string_view::npos) continue;
        source.includes.push_back({std::string(line.substr(10, end - 10)), quoted, number + 1});
    }
}

} // namespace

Source parse(std::string path, std::string_view text) {
    std::string code{text};
    std::string prose{text};
    for (std::size_t at = 0; at < text.size();) {
        const auto rest = text.substr(at);
        if (rest.starts_with("//") || rest.starts_with("/*")) {
            const auto end = end_of_comment(text, at);
            blank(code, at, end);
            at = end;
        } else if (rest.starts_with("R\"") && (at == 0 || !in_identifier(text[at - 1]))) {
            const auto end = end_of_raw_literal(text, at);
            blank(code, at, end);
            blank(prose, at, end);
            at = end;
        } else if ((text[at] == '"' || text[at] == '\'') && !separates_digits(text, at)) {
            const auto end = end_of_literal(text, at);
            blank(code, at, end);
            blank(prose, at, end);
            at = end;
        } else {
            ++at;
        }
    }
    Source source{std::move(path), lines_of(code), lines_of(prose), {}};
    collect_includes(source, text);
    return source;
}

std::vector<Source> sources_of(const std::filesystem::path& root) {
    static constexpr std::array folders{"gateway", "perf", "policy", "ssl", "tests"};
    std::vector<Source> sources;
    for (const char* const folder : folders) {
        if (!std::filesystem::exists(root / folder)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            const auto extension = entry.path().extension();
            if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
            const auto path = entry.path().lexically_relative(root).generic_string();
            sources.push_back(parse(path, read(entry.path())));
        }
    }
    std::sort(sources.begin(), sources.end(), [](const Source& one, const Source& other) {
        return one.path < other.path;
    });
    return sources;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool has_word(std::string_view line, std::string_view word) {
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const auto end = at + word.size();
        const bool begins = at == 0 || !in_identifier(line[at - 1]);
        if (begins && (end == line.size() || !in_identifier(line[end]))) return true;
    }
    return false;
}

} // namespace postern::tidy
