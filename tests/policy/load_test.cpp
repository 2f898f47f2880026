#include "policy/load.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

using namespace postern::policy;

namespace {

using Texts = std::map<std::string, std::string>;

Loaded load_files(const Texts& texts) { return load("dir/policy.toml", MemoryFiles(texts), 7); }

bool looked_at(const Loaded& loaded, std::string_view path) {
    return std::ranges::find(loaded.files, path) != loaded.files.end();
}

const std::string valid = R"(
[[organization]]
name = "example"
domains = ["example.org"]
[[address_list]]
name = "banks"
entries = ["bank.example"]
file = "lists/banks.txt"
[[tls_compliance]]
name = "banks over TLS"
directions = ["inbound"]
address_lists = ["banks"]
[[route]]
name = "mailbox servers"
domains = ["example.org"]
hosts = ["10.0.0.5:25"]
)";

} // namespace

TEST_CASE("a policy is loaded with its lists, and carries its generation") {
    const Loaded loaded = load_files(
        {{"dir/policy.toml", valid}, {"dir/lists/banks.txt", "savings.example # one\n"}});
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    CHECK(loaded.mistakes.empty());
    CHECK(loaded.snapshot->generation() == 7);
    CHECK(loaded.snapshot->counts().entries == 2);
    CHECK(looked_at(loaded, "dir/policy.toml"));
    CHECK(looked_at(loaded, "dir/lists/banks.txt"));
}

TEST_CASE("every mistake of every file is told in one go, by file, line and column") {
    std::string broken = valid;
    broken +=
        "[[route]]\nname = \"second\"\ndomains = [\"example.org\", \"a..b\"]\nhosts = [\"x:0\"]\n";
    broken +=
        "[[tls_compliance]]\nname = \"x\"\ndirections = [\"inbond\"]\naddress_lists = [\"bank\"]\n";
    const Loaded loaded =
        load_files({{"dir/policy.toml", broken}, {"dir/lists/banks.txt", "a b..c\n\n  .d\n"}});
    CHECK_FALSE(loaded.snapshot);
    const std::string text = loaded.mistakes.text();
    INFO(text);
    CHECK(loaded.mistakes.errors() == 7);
    CHECK_THAT(text, Catch::Contains("dir/lists/banks.txt:1:3: \"b..c\" is no entry"));
    CHECK_THAT(text, Catch::Contains("dir/lists/banks.txt:3:3: \".d\" is no entry"));
    CHECK_THAT(text, Catch::Contains("example.org belongs to the route \"mailbox servers\""));
    CHECK_THAT(text, Catch::Contains("\"a..b\" is no domain"));
    CHECK_THAT(text, Catch::Contains("\"0\" is no port"));
    CHECK_THAT(text, Catch::Contains("did you mean \"inbound\"?"));
    CHECK_THAT(text, Catch::Contains("there is no list \"bank\"; did you mean \"banks\"?"));
    const auto in_order = [](const Mistake& left, const Mistake& right) {
        return std::tie(left.file, left.place) < std::tie(right.file, right.place);
    };
    CHECK(std::ranges::is_sorted(loaded.mistakes.all(), in_order));
}

TEST_CASE("an unknown key is a mistake with a suggestion") {
    const Loaded loaded = load_text("[[organization]]\nname = \"a\"\ndomain = []\n[[rout]]\n");
    CHECK_FALSE(loaded.snapshot);
    CHECK_THAT(loaded.mistakes.text(),
               Catch::Contains("policy.toml:3:1: unknown key domain; did you mean domains?") &&
                   Catch::Contains("policy.toml:4:3: unknown key rout; did you mean route?"));
}

TEST_CASE("a text that is not TOML has its place") {
    const Loaded loaded = load_text("[[organization]]\nname = \n");
    CHECK_FALSE(loaded.snapshot);
    REQUIRE(loaded.mistakes.errors() == 1);
    CHECK(loaded.mistakes.all().front().place.line == 2);
}

TEST_CASE("a policy that cannot be read is a mistake, and still watched") {
    const Loaded loaded = load_files({});
    CHECK_FALSE(loaded.snapshot);
    CHECK(loaded.mistakes.text().starts_with("dir/policy.toml: cannot be opened"));
    CHECK(looked_at(loaded, "dir/policy.toml"));
}

TEST_CASE("a list file that cannot be read is told where it is named, and still watched") {
    const Loaded loaded = load_files({{"dir/policy.toml", valid}});
    CHECK_FALSE(loaded.snapshot);
    CHECK_THAT(loaded.mistakes.text(),
               Catch::StartsWith("dir/policy.toml:8:8: dir/lists/banks.txt cannot be opened"));
    CHECK(looked_at(loaded, "dir/lists/banks.txt"));
}

TEST_CASE("includes are read in order of name, relative to their includer, each once") {
    const Loaded loaded = load_files(
        {{"dir/policy.toml", "include = [\"policy.d/*.toml\", \"more.toml\"]\n" + valid},
         {"dir/lists/banks.txt", "a.example"},
         {"dir/policy.d/b.toml", "[[address_list]]\nname = \"b\"\nfiles = [\"b.txt\"]\n"},
         {"dir/policy.d/b.txt", "b.example c.example"},
         {"dir/policy.d/a.toml", "include = [\"b.toml\", \"c*.toml\", \"b.toml\"]\n"},
         {"dir/more.toml", "include = [\"policy.toml\"]\n"}});
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    CHECK(loaded.snapshot->counts().lists == 2);
    CHECK(loaded.snapshot->counts().entries == 4);
    CHECK(looked_at(loaded, "dir/policy.d")); // a new file there is a reason to load again
    CHECK(looked_at(loaded, "dir/policy.d/a.toml"));
    CHECK(looked_at(loaded, "dir/more.toml"));
}

TEST_CASE("an included file that is not there is told where it is named") {
    const Loaded loaded = load_files({{"dir/policy.toml", "\ninclude = [\"more.toml\"]\n"}});
    CHECK_FALSE(loaded.snapshot);
    CHECK_THAT(loaded.mistakes.text(),
               Catch::StartsWith("dir/policy.toml:2:12: dir/more.toml cannot be opened"));
}

TEST_CASE("mistakes of an included file carry its name") {
    const Loaded loaded = load_files({{"dir/policy.toml", "include = [\"a.toml\", \"b.toml\"]\n"},
                                      {"dir/a.toml", "nonsense = 1\n"},
                                      {"dir/b.toml", "=\n"}});
    CHECK_FALSE(loaded.snapshot);
    CHECK_THAT(loaded.mistakes.text(), Catch::Contains("dir/a.toml:1:1: unknown key nonsense"));
    CHECK_THAT(loaded.mistakes.text(), Catch::Contains("dir/b.toml:1:1: "));
}

TEST_CASE("the example of the documentation is a valid policy") {
    const Loaded loaded = load(POSTERN_SOURCE_DIR "/deploy/example/policy.toml", 1);
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    CHECK(loaded.mistakes.empty());
    CHECK(loaded.snapshot->counts().organizations == 3);
    CHECK(loaded.snapshot->counts().entries == 9);
}
