// The checker's own tests: a snippet that breaks a rule is caught, its neighbour on the right side
// is not.

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/arrows.h"
#include "tests/tidy/rules.h"

using namespace postern::tidy;

namespace {

const std::filesystem::path root{POSTERN_SOURCE_DIR};

struct Snippet {
    std::string path;
    std::string text;
    std::size_t complaints;
};

} // namespace

TEST_CASE("comments and literals are not code, and lines keep their numbers", "[tidy]") {
    const auto source = parse("policy/a.cpp",
                              "int a = 1; // throw\n"
                              "/* throw\n"
                              "   throw */ int b;\n"
                              "auto c = \"throw \\\" throw\"; auto d = 10'000; throw_it();\n"
                              "auto e = R\"x(throw \" )\" throw)x\"; int f;\n");
    REQUIRE(source.code.size() == 5);
    for (const auto& line : source.code)
        CHECK_FALSE(has_word(line, "throw"));
    CHECK(has_word(source.code[2], "b"));
    CHECK(has_word(source.code[3], "d"));
    CHECK(has_word(source.code[3], "throw_it"));
    CHECK(has_word(source.code[4], "f"));
    CHECK(has_word(source.prose[0], "throw"));
    CHECK_FALSE(has_word(source.prose[3], "throw"));
}

TEST_CASE("an include that goes up is caught, one that goes down is not", "[tidy]") {
    const std::vector<Snippet> snippets{
        {"policy/a.cpp", "#include \"policy/b.h\"\n#include <string>\n", 0},
        {"policy/a.cpp", "#include \"ssl/engine.h\"\n", 1},
        {"ssl/a.cpp", "#include \"policy/demand.h\"\n", 1},
        {"gateway/io/a.cpp", "#include \"gateway/smtp/line.h\"\n", 1},
        {"gateway/smtp/a.h", "#include \"gateway/limits.h\"\n", 1},
        {"gateway/report/a.h", "#include \"gateway/io/ring.h\"\n", 1},
        {"gateway/channel.h", "#include \"ssl/engine.h\"\n#include \"gateway/io/ring.h\"\n", 0},
        {"gateway/channel.h", "#include \"policy/demand.h\"\n", 1},
        {"gateway/receive/a.cpp", "#include \"gateway/relay/pool.h\"\n", 0},
        {"gateway/relay/a.cpp", "#include \"gateway/receive/session.h\"\n", 1},
        {"gateway/relay/a.cpp", "#include \"gateway/core.h\"\n", 1},
        {"gateway/core.cpp", "#include \"gateway/receive/door.h\"\n", 0},
        {"gateway/core.cpp", "#include \"gateway/gateway.h\"\n", 1},
        {"gateway/command/a.cpp", "#include \"gateway/gateway.h\"\n", 0},
        {"gateway/loader.cpp", "#include \"gateway/receive/session.h\"\n", 1},
        {"perf/a.cpp", "#include \"gateway/io/ring.h\"\n#include \"policy/demand.h\"\n", 1},
        {"tests/policy/a_test.cpp", "#include \"policy/demand.h\"\n", 0},
        {"policy/a.cpp", "#include \"tests/support/b.h\"\n", 1},
        {"gateway/util/a.cpp", "", 1}, // a folder the table does not know
    };
    for (const auto& [path, text, complaints] : snippets) {
        CAPTURE(path, text);
        CHECK(upward_includes(parse(path, text)).size() == complaints);
    }
}

TEST_CASE("a row of the table allows only what another row describes", "[tidy]") {
    const auto described = [](const std::string& path) {
        return std::any_of(arrows().begin(), arrows().end(), [&](const Arrow& arrow) {
            return path.starts_with(arrow.part);
        });
    };
    for (const auto& arrow : arrows()) {
        for (std::string_view rest = arrow.may_include; !rest.empty();) {
            const auto end = std::min(rest.find(' '), rest.size());
            const std::string allowed{rest.substr(0, end)};
            rest.remove_prefix(std::min(end + 1, rest.size()));
            CAPTURE(arrow.part, allowed);
            CHECK((allowed == rows_above || described(allowed)));
        }
    }
}

TEST_CASE("a package that leaves its wrapper is caught", "[tidy]") {
    const std::vector<Snippet> snippets{
        {"ssl/a.cpp", "#include <wolfssl/ssl.h>\nWOLFSSL* ssl;\n", 0},
        {"ssl/a.h", "struct WOLFSSL;\n", 0},
        {"ssl/a.h", "#include <wolfssl/ssl.h>\n", 1},
        {"gateway/channel.cpp", "#include <wolfssl/ssl.h>\n", 1},
        {"gateway/channel.cpp", "struct WOLFSSL_CTX;\nint a = wolfSSL_read(b);\n", 2},
        {"gateway/channel.cpp", "// as wolfSSL_read does\n", 0},
        {"gateway/io/ring.h", "#include <liburing.h>\nio_uring ring_;\n", 0},
        {"gateway/core.cpp", "#include <liburing.h>\n", 1},
        {"gateway/core.cpp", "io_uring_cqe* cqe;\n", 1},
        {"policy/document.cpp", "#include <toml++/toml.h>\n", 0},
        {"policy/load.cpp", "#include <toml++/toml.h>\ntoml::table t;\n", 2},
    };
    for (const auto& [path, text, complaints] : snippets) {
        CAPTURE(path, text);
        CHECK(leaked_packages(parse(path, text)).size() == complaints);
    }
}

TEST_CASE("a file may have 400 lines and not 401", "[tidy]") {
    std::string text;
    for (std::size_t line = 0; line < file_lines_max; ++line)
        text += "int a;\n";
    CHECK(too_long(parse("policy/a.cpp", text)).empty());
    CHECK(too_long(parse("policy/a.cpp", text + "int b;\n")).size() == 1);
}

TEST_CASE("a banned word is caught in code, and only there where comments may say it", "[tidy]") {
    const std::vector<Snippet> snippets{
        {"policy/a.cpp", "auto* a = new int;\n", 1},
        {"policy/a.cpp", "const std::unique_ptr<A> a{new A};\n", 0},
        {"policy/a.cpp", "void* operator new(std::size_t size);\n", 0},
        {"policy/a.cpp", "// a new line\nint new_line;\n", 0},
        {"policy/a.cpp", "delete a;\n", 1},
        {"policy/a.h", "#pragma once\nA(const A&) = delete;\n", 0},
        {"policy/a.cpp", "std::cout << 1;\n", 1},
        {"gateway/main.cpp", "std::cout << 1;\n", 0},
        {"policy/a.cpp", "std::mutex lock;\n", 1},
        {"policy/a.cpp", "throw 1;\n", 1},
        {"policy/a.cpp", "try {\n} catch (...) {\n}\n", 1},
        {"tests/policy/a_test.cpp", "try {\n} catch (...) {\n}\n", 0},
        {"policy/a.h", "using namespace std;\n", 1},
        {"policy/a.cpp", "// FIXME: wrong\n", 1},
        {"policy/a.cpp", "// TODO: faster\n", 1},
        {"policy/a.cpp", "// TODO: use send_zc once Linux 6.7 is the floor\n", 0},
        {"policy/a.cpp", "int a; // NOLINT\n", 1},
        {"policy/a.cpp", "int a; // NOLINT(some-check)\n", 1},
        {"policy/a.cpp", "int a; // NOLINT(some-check): the kernel writes it\n", 0},
    };
    for (const auto& [path, text, complaints] : snippets) {
        CAPTURE(path, text);
        CHECK(banned_words(parse(path, text)).size() == complaints);
    }
}

TEST_CASE("a header without a guard and a source without its header first are caught", "[tidy]") {
    CHECK(header_habits(parse("policy/a.h", "#pragma once\n"), root).empty());
    CHECK(header_habits(parse("policy/a.h", "// #pragma once\n"), root).size() == 1);
    const std::string own = "#include \"tests/tidy/rules.h\"\n";
    CHECK(header_habits(parse("tests/tidy/rules.cpp", own), root).empty());
    CHECK(header_habits(parse("tests/tidy/rules.cpp", "#include <array>\n" + own), root).size() ==
          1);
}

TEST_CASE("a source without a test is caught", "[tidy]") {
    const auto source = parse("policy/a.cpp", "");
    CHECK(untested({source}).size() == 1);
    CHECK(untested({source, parse("tests/policy/a_test.cpp", "")}).empty());
    CHECK(untested({parse("perf/a.cpp", ""), parse("policy/a.h", "")}).empty());
    CHECK(untested({parse("gateway/main.cpp", "")}).empty());
    CHECK(untested({parse("tests/gateway/main_test.cpp", "")}).size() == 1);
}

TEST_CASE("an unknown entry of the top folder is caught", "[tidy]") {
    CHECK(unknown_entries({"README.md", "policy", ".clang-tidy"}).empty());
    CHECK(unknown_entries({"notes.txt"}).size() == 1);
}

TEST_CASE("a document that names a missing file is caught", "[tidy]") {
    const std::vector<Snippet> snippets{
        {"A.md", "see `tests/tidy/rules.h` and tests/tidy/rules, also tests/.", 0},
        {"A.md", "see [there](tests/tidy/no_such_file.h)", 1},
        {"A.md", "run `tests/no_such_script --help`", 1},
        {"A.md", "every `tests/fuzz/fuzz_NAME.cpp` and tests/*/x and https://a.example/tests/b", 0},
        {"A.md", "build/dev/unit_tests and postern.toml", 0},
    };
    for (const auto& [path, text, complaints] : snippets) {
        CAPTURE(text);
        CHECK(missing_files(path, text, root).size() == complaints);
    }
}
