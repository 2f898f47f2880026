#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace postern::tidy {
namespace {

/// A file that the rule would complain about, and why it need not.
struct Exception {
    std::string_view path;
    std::string_view reason;
};

// Files that wrap a package which throws.
constexpr std::array catchers{
    Exception{"tests/", "Catch2 and the standard library's file system"},
};

// Files that write to the standard output.
constexpr std::array printers{
    Exception{"gateway/main.cpp", "it hands its streams to the commands"},
};

// Files that allocate and free by hand.
constexpr std::array allocators{
    Exception{"gateway/io/acceptor.cpp", "a request lives until the kernel has answered it"},
    Exception{"gateway/io/socket.cpp", "a request lives until the kernel has answered it"},
};

constexpr std::array untested_files{
    Exception{"gateway/main.cpp", "the program itself: tests/scenario"},
    Exception{"gateway/gateway",
              "the process: tests/scenario starts, reloads, drains and kills it"},
    Exception{"gateway/settings_bounds.cpp",
              "a part of gateway/settings: tests/gateway/settings_test.cpp"},
    Exception{"gateway/endpoints.cpp",
              "sockets of the process: tests/scenario/observability_test.py"},
    Exception{"gateway/command/serve.cpp", "the process: as above"},
    Exception{"gateway/command/take_over.cpp", "two processes: tests/scenario/take_over_test.py"},
    Exception{"gateway/receive/door.cpp", "needs a whole core: tests/scenario/limits_test.py"},
    Exception{"gateway/receive/session", "a whole conversation: every scenario is one"},
};

constexpr std::array known_entries{
    std::string_view{".ci"},
    std::string_view{".clang-format"},
    std::string_view{".clang-tidy"},
    std::string_view{".gitignore"},
    std::string_view{"ARCHITECTURE.md"},
    std::string_view{"CHANGELOG.md"},
    std::string_view{"CMakeLists.txt"},
    std::string_view{"CMakePresets.json"},
    std::string_view{"CONTRIBUTING.md"},
    std::string_view{"LICENSE"},
    std::string_view{"README.md"},
    std::string_view{"deploy"},
    std::string_view{"gateway"},
    std::string_view{"perf"},
    std::string_view{"policy"},
    std::string_view{"ssl"},
    std::string_view{"tests"},
};

template<typename Exceptions>
bool excepted(const Exceptions& exceptions, std::string_view path) {
    return std::any_of(exceptions.begin(), exceptions.end(), [&](const Exception& exception) {
        return path.starts_with(exception.path);
    });
}

bool contains(std::string_view line, std::string_view text) {
    return line.find(text) != std::string_view::npos;
}

/// `new` whose result has an owner on the same line, or is no allocation at all.
bool owned_new(std::string_view code) {
    return contains(code, "unique_ptr") || contains(code, "reset(new") ||
           contains(code, "operator new") || code.starts_with("#");
}

/// "TODO: use X once the floor is Linux 6.7" says what ends it.
bool has_condition(std::string_view prose) {
    static constexpr std::array conditions{"when", "once", "until", "as soon as"};
    return std::any_of(conditions.begin(), conditions.end(), [&](const char* condition) {
        return contains(prose, condition);
    });
}

/// "NOLINTNEXTLINE(name-of-check): why", or the reason in the comment before it on the same line.
bool explained_suppression(std::string_view prose) {
    const auto begin = prose.find("NOLINT");
    const auto open = prose.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", begin);
    if (open == std::string_view::npos || prose[open] != '(') return false;
    const auto close = prose.find(')', open);
    if (close == std::string_view::npos || close == open + 1) return false;
    return prose.size() > close + 5;
}

std::string banned_in_code(const Source& source, std::string_view code) {
    const bool allocates = excepted(allocators, source.path);
    if (!allocates && has_word(code, "new") && !owned_new(code)) return "`new` without an owner";
    if (!allocates && has_word(code, "delete") && !contains(code, "= delete") &&
        !contains(code, "operator delete"))
        return "`delete`: what owns this?";
    if (contains(code, "std::cout") && !excepted(printers, source.path))
        return "std::cout: take a stream, or return text";
    if (contains(code, "std::mutex")) return "a lock: send a message instead";
    if (source.is_header() && has_word(code, "using namespace"))
        return "`using namespace` in a header";
    if (excepted(catchers, source.path)) return {};
    if (has_word(code, "throw")) return "our code does not throw";
    if (has_word(code, "catch"))
        return "catch belongs in the file that wraps a package which throws";
    return {};
}

std::string banned_in_prose(std::string_view prose) {
    if (has_word(prose, "FIXME")) return "mend it, or say what ends it";
    if (has_word(prose, "TODO") && !has_condition(prose))
        return "a to-do without the condition that ends it";
    if (contains(prose, "NOLINT") && !contains(prose, "NOLINTEND") && !explained_suppression(prose))
        return "a suppression names its check and says why";
    return {};
}

bool tested_folder(std::string_view path) {
    return path.starts_with("gateway/") || path.starts_with("policy/") || path.starts_with("ssl/");
}

std::string test_of(std::string_view path) {
    return "tests/" + std::string(path.substr(0, path.size() - 4)) + "_test.cpp";
}

} // namespace

std::string place(const Source& source, std::size_t line) {
    return source.path + ":" + std::to_string(line) + ": ";
}

Complaints too_long(const Source& source) {
    const auto lines = source.code.size();
    if (lines <= file_lines_max) return {};
    return {source.path + ": " + std::to_string(lines) + " lines; " +
            std::to_string(file_lines_max) + " is the bound"};
}

Complaints banned_words(const Source& source) {
    Complaints complaints;
    for (std::size_t line = 0; line < source.code.size(); ++line) {
        for (const auto& why :
             {banned_in_code(source, source.code[line]), banned_in_prose(source.prose[line])}) {
            if (!why.empty()) complaints.push_back(place(source, line + 1) + why);
        }
    }
    return complaints;
}

Complaints header_habits(const Source& source, const std::filesystem::path& root) {
    if (source.is_header()) {
        const bool guarded =
            std::find(source.code.begin(), source.code.end(), "#pragma once") != source.code.end();
        if (guarded) return {};
        return {source.path + ": no #pragma once"};
    }
    const auto own = source.path.substr(0, source.path.size() - 4) + ".h";
    if (!std::filesystem::exists(root / own)) return {};
    if (!source.includes.empty() && source.includes.front().path == own) return {};
    return {source.path + ": its own header is not included first"};
}

Complaints untested(const std::vector<Source>& sources) {
    const auto exists = [&](std::string_view path) {
        return std::any_of(sources.begin(), sources.end(), [&](const Source& source) {
            return source.path == path;
        });
    };
    Complaints complaints;
    for (const auto& source : sources) {
        if (source.is_header() || !tested_folder(source.path)) continue;
        if (exists(test_of(source.path)) || excepted(untested_files, source.path)) continue;
        complaints.push_back(source.path + ": no " + test_of(source.path));
    }
    for (const auto& exception : untested_files) {
        if (exists(test_of(exception.path))) {
            complaints.push_back(std::string(exception.path) + ": has a test, yet is an exception");
        }
    }
    return complaints;
}

Complaints unknown_entries(const std::vector<std::string>& entries) {
    Complaints complaints;
    for (const auto& entry : entries) {
        if (std::find(known_entries.begin(), known_entries.end(), entry) != known_entries.end())
            continue;
        complaints.push_back(entry + ": not a known entry of the top folder");
    }
    return complaints;
}

} // namespace postern::tidy
