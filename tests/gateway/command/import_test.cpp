#include "gateway/command/import.h"
#include "gateway/command/postfix/table.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/gateway/command/outcome.h"
#include "tests/gateway/directory.h"

namespace postern::command::test {
namespace {

struct Files {
    gateway::test::Directory directory;
    std::string tls = directory.write("tls_policy", "bank.example encrypt\n.bank.example verify\n");
    std::string access = directory.write("access", "b.example reject_plaintext_session\n");
    std::string odd = directory.write("odd", "b.example tls_only\n");
    std::string both = directory.write("both", "b.example may\nc.example OK\n");
    std::string empty = directory.write("empty", "# nothing yet\n");

    [[nodiscard]] Outcome imported(Arguments arguments) const {
        arguments.insert(arguments.begin(), "postfix");
        Outcome outcome = outcome_of(import_tables, arguments);
        outcome.err = directory.without(std::move(outcome.err));
        return outcome;
    }
};

std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("tables of both kinds become one policy that can be loaded as it is") {
    const Files files;
    const auto [code, out, err] = files.imported({"hash:" + files.tls, files.access, files.empty});
    CHECK(code == 0);
    CHECK(err.empty());
    const auto loaded = policy::load_text(out);
    REQUIRE(loaded.snapshot);
    CHECK(loaded.snapshot->counts().settings == 3);
    CHECK(loaded.snapshot->counts().entries == 4);
}

TEST_CASE("a table whose kind cannot be seen is refused until it is told") {
    const Files files;
    for (const std::string& file : {files.odd, files.both}) {
        const auto [code, out, err] = files.imported({file});
        CHECK(code == 2);
        CHECK(out.empty());
        CHECK_THAT(err, Catch::Contains(" may be of either kind; say --table "));
    }
    const auto told = files.imported({"--table", "check_sender_access", files.both});
    CHECK(told.code == 1);
    CHECK_THAT(told.err, Catch::StartsWith("both:1:11: \"may\" has no equivalent"));
    CHECK_FALSE(told.out.empty());
    const auto other = files.imported({"--table=smtp_tls_policy_maps", files.both});
    CHECK(other.code == 1);
    CHECK_THAT(other.err, Catch::StartsWith("both:2:11: \"OK\" is no TLS level"));
}

TEST_CASE("a warning alone is a yes, an error a no, and the policy is printed in both cases") {
    const Files files;
    const std::string warned = files.directory.write("warned", "a.example none\n");
    const auto yes = files.imported({warned});
    CHECK(yes.code == 0);
    CHECK_THAT(yes.err, Catch::StartsWith("warned:1:11: warning: "));
    const std::string wrong = files.directory.write("wrong", "novalue\nb.example encrypt\n");
    const auto no = files.imported({wrong});
    CHECK(no.code == 1);
    CHECK_THAT(no.err, Catch::StartsWith("wrong:1:1: "));
    CHECK_THAT(no.out, Catch::Contains("\"b.example\""));
}

TEST_CASE("--subdomains says which keys of an access table stand for subdomains") {
    const Files files;
    const auto usual = files.imported({files.access});
    CHECK_THAT(usual.out, Catch::Contains("\"*.b.example\""));
    CHECK(files.imported({"--subdomains=domain", files.access}).out == usual.out);
    CHECK_THAT(files.imported({"--subdomains", "dot", files.access}).out,
               !Catch::Contains("\"*.b.example\""));
}

TEST_CASE("--output writes a policy and its lists, and replaces nothing") {
    const Files files;
    const std::string target = std::filesystem::path(files.access).parent_path() / "new/policy.d";
    const auto first = files.imported({"--output", target, files.access});
    CHECK(first.code == 0);
    CHECK(first.out.empty());
    const std::filesystem::path list =
        std::filesystem::path(target) / "postfix-reject_plaintext_session.txt";
    CHECK(content(list) == "b.example\n*.b.example\n");
    const auto loaded = policy::load(std::filesystem::path(target) / "postfix.toml", 1);
    REQUIRE(loaded.snapshot);
    CHECK(loaded.snapshot->counts().entries == 2);

    std::filesystem::remove(list);
    const auto second = files.imported({"--output", target, files.access});
    CHECK(second.code == 1);
    CHECK_THAT(second.err, Catch::Contains("postfix.toml exists already"));
    CHECK_FALSE(std::filesystem::exists(list));

    const auto third = files.imported({"--output", files.odd, files.access});
    CHECK(third.code == 1);
    CHECK_THAT(third.err, Catch::Contains("odd cannot be made"));
}

TEST_CASE("a file that cannot be read leaves nothing printed") {
    const Files files;
    const auto [code, out, err] = files.imported({files.access, files.access + ".db"});
    CHECK(code == 1);
    CHECK(out.empty());
    CHECK(err == "access.db: cannot be opened: No such file or directory\n");
}

TEST_CASE("a file beyond the bound is not read") {
    const Files files;
    const std::string big = files.directory.write("big", "a.example may\n");
    std::filesystem::resize_file(big, postfix::table_bytes_max + 1);
    const auto [code, out, err] = files.imported({big});
    CHECK(code == 1);
    CHECK_THAT(err, Catch::StartsWith("big: is larger than "));
}

TEST_CASE("each wrong use of import is told in a sentence, and nothing is read") {
    struct Row {
        Arguments arguments;
        std::string_view complaint;
    };
    const auto row = GENERATE(
        Row{{}, "say from what: postfix; try --help"},
        Row{{"exim", "x"}, "only postfix can be imported from; try --help"},
        Row{{"postfix"}, "no FILE is given; try --help"},
        Row{{"postfix", "--table"}, "--table needs a value"},
        Row{{"postfix", "--table=access", "x"},
            "\"access\" is no table; use smtp_tls_policy_maps or check_sender_access"},
        Row{{"postfix", "--subdomains=yes", "x"},
            "\"yes\" stands for no subdomains; use domain or dot"},
        Row{{"postfix", "--output=", "x"}, "--output needs the name of a directory"},
        Row{{"postfix", "--force", "x"}, "unknown argument \"--force\"; try --help"},
        Row{{"postfix", "pcre:/etc/postfix/access"},
            "tables of the type \"pcre\" cannot be taken over, only indexed ones: hash, btree, "
            "lmdb, cdb, dbm, sdbm and texthash"});
    CAPTURE(row.arguments);
    const auto [code, out, err] = outcome_of(import_tables, row.arguments);
    CHECK(code == 2);
    CHECK(out.empty());
    CHECK(err == "postern import: " + std::string{row.complaint} + "\n");
}

TEST_CASE("import helps whatever else is missing") {
    for (const Arguments& arguments : {Arguments{"--help"}, Arguments{"postfix", "-h"}}) {
        const auto [code, out, err] = outcome_of(import_tables, arguments);
        CHECK(code == 0);
        CHECK_THAT(out, Catch::StartsWith("usage: postern import postfix "));
        CHECK(err.empty());
    }
}

} // namespace postern::command::test
