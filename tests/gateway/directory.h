#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace postern::gateway::test {

// A fresh directory for a test's files, gone with the test.
class Directory {
public:
    Directory() : Directory(std::filesystem::temp_directory_path()) {}
    explicit Directory(const std::filesystem::path& parent) {
        std::string pattern = (parent / "postern-XXXXXX").string();
        const char* const made = ::mkdtemp(pattern.data());
        REQUIRE(made != nullptr);
        path_ = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
    // Returns the path.
    std::string write(std::string_view name, std::string_view text) const {
        std::ofstream(path_ / name) << text;
        return path(name);
    }
    // Takes the directory's own name out of a text, so that it can be compared.
    [[nodiscard]] std::string without(std::string text) const {
        const std::string prefix = path_.string() + "/";
        for (std::size_t at = 0; (at = text.find(prefix)) != std::string::npos;) {
            text.erase(at, prefix.size());
        }
        return text;
    }

private:
    std::filesystem::path path_;
};

} // namespace postern::gateway::test
