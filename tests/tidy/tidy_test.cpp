// The tree as it is keeps the rules that no compiler checks. A failure names file, line and rule.

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/tidy/arrows.h"
#include "tests/tidy/rules.h"

using namespace postern::tidy;

namespace {

const std::filesystem::path root{POSTERN_SOURCE_DIR};

std::string together(const Complaints& complaints) {
    std::string text;
    for (const auto& complaint : complaints)
        text += "\n" + complaint;
    return text;
}

template<typename Rule>
Complaints from_all(Rule rule) {
    Complaints all;
    for (const auto& source : sources_of(root)) {
        const Complaints complaints = rule(source);
        all.insert(all.end(), complaints.begin(), complaints.end());
    }
    return all;
}

/// What git knows, so that a scratch file of a developer is no failure; nothing outside a checkout.
std::vector<std::string> tracked_files() {
    struct Closer {
        void operator()(std::FILE* pipe) const { pclose(pipe); }
    };
    const auto command =
        "git -c safe.directory='*' -C '" + root.string() + "' ls-files 2>/dev/null";
    const std::unique_ptr<std::FILE, Closer> pipe{popen(command.c_str(), "r")};
    std::string text;
    std::array<char, 4096> block{};
    while (pipe != nullptr) {
        const auto size = std::fread(block.data(), 1, block.size(), pipe.get());
        if (size == 0) break;
        text.append(block.data(), size);
    }
    return lines_of(text);
}

} // namespace

TEST_CASE("an include never goes up the table of who may include whom", "[tidy]") {
    CHECK(together(from_all(upward_includes)) == "");
}

TEST_CASE("a package's headers and names stay in the files that wrap it", "[tidy]") {
    CHECK(together(from_all(leaked_packages)) == "");
}

TEST_CASE("no file is longer than the bound", "[tidy]") {
    CHECK(together(from_all(too_long)) == "");
}

TEST_CASE("no banned word stands in the tree", "[tidy]") {
    CHECK(together(from_all(banned_words)) == "");
}

TEST_CASE("headers are guarded, and included first by their own source", "[tidy]") {
    CHECK(together(from_all([](const Source& source) { return header_habits(source, root); })) ==
          "");
}

TEST_CASE("every source has a test at the mirrored path, or a reason not to", "[tidy]") {
    CHECK(together(untested(sources_of(root))) == "");
}

TEST_CASE("nothing unknown lies in the top folder", "[tidy]") {
    std::vector<std::string> entries;
    for (const auto& file : tracked_files())
        entries.push_back(file.substr(0, file.find('/')));
    CHECK(together(unknown_entries(entries)) == "");
}

TEST_CASE("documents name only files that are there", "[tidy]") {
    Complaints all;
    for (const auto& file : tracked_files()) {
        if (!file.ends_with(".md") || !std::filesystem::exists(root / file)) continue;
        const auto complaints = missing_files(file, read(root / file), root);
        all.insert(all.end(), complaints.begin(), complaints.end());
    }
    CHECK(together(all) == "");
}
