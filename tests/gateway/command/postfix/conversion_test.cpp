#include "gateway/command/postfix/conversion.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace postern::command::postfix::test {
namespace {

using Texts = std::vector<std::string>;

Table table(TableKind kind, std::string_view text, std::string file = "t") {
    policy::Mistakes mistakes;
    auto entries = read_table(text, file, mistakes);
    REQUIRE(mistakes.empty());
    return {.file = std::move(file), .kind = kind, .entries = std::move(entries)};
}

struct Converted {
    std::vector<Group> groups;
    std::string mistakes;

    [[nodiscard]] Texts entries(std::string_view name) const {
        for (const Group& group : groups)
            if (group.name == name) return group.entries;
        return {};
    }
};

Converted converted(const std::vector<Table>& tables,
                    Subdomains subdomains = Subdomains::with_domain) {
    policy::Mistakes mistakes;
    auto groups = convert(tables, subdomains, mistakes);
    return {.groups = std::move(groups), .mistakes = mistakes.text()};
}

Converted tls_policy(std::string_view text) {
    return converted({table(TableKind::tls_policy, text)});
}

Converted sender_access(std::string_view text, Subdomains subdomains) {
    return converted({table(TableKind::sender_access, text)}, subdomains);
}

} // namespace

TEST_CASE("a domain is one that mail goes to, with a dot its subdomains, and levels are groups") {
    const auto made = tls_policy("B.Example encrypt\n"
                                 ".b.example encrypt\n"
                                 "b\xc3\xbc"
                                 "cher.example. encrypt protocols=>=TLSv1.3\n"
                                 "c.example verify\n"
                                 "d.example may\n");
    CHECK(made.mistakes.empty());
    REQUIRE(made.groups.size() == 3);
    CHECK(made.entries("postfix encrypt") == Texts{"b.example", "*.b.example"});
    CHECK(made.entries("postfix encrypt 1.3") == Texts{"xn--bcher-kva.example"});
    CHECK(made.entries("postfix verify") == Texts{"c.example"});
}

TEST_CASE("a key that is no recipient's domain is left out and told") {
    struct Row {
        std::string_view key;
        std::string_view why;
    };
    const auto row = GENERATE(Row{"[relay.example]", "a next hop"},
                              Row{"[relay.example]:587", "a next hop"},
                              Row{"[192.0.2.1]", "a next hop"},
                              Row{"relay.example:587", "a next hop"},
                              Row{"a@b.example", "an address is never looked up"},
                              Row{".", "is empty"},
                              Row{"192.0.2.1", "no proper domain"},
                              Row{"*.b.example", "no proper domain"},
                              Row{"/^b/", "no proper domain"},
                              Row{"\"b.example\"", "no proper domain"});
    CAPTURE(row.key);
    const auto made = tls_policy(std::string(row.key) + " encrypt\n");
    CHECK(made.groups.empty());
    CHECK_THAT(made.mistakes,
               Catch::StartsWith("t:1:1: " + quoted(row.key) + " is left out: ") &&
                   Catch::Contains(std::string(row.why)));
}

TEST_CASE("a sender's domain stands for its subdomains as Postfix was told") {
    const auto with_domain =
        sender_access("b.example reject_plaintext_session\n", Subdomains::with_domain);
    CHECK(with_domain.mistakes.empty());
    CHECK(with_domain.entries("postfix reject_plaintext_session") ==
          Texts{"b.example", "*.b.example"});
    CHECK_THAT(sender_access(".b.example OK\n", Subdomains::with_domain).mistakes,
               Catch::Contains("Postfix does not look this up"));

    const auto with_dot = sender_access("b.example reject_plaintext_session\n"
                                        ".c.example reject_plaintext_session\n",
                                        Subdomains::with_dot);
    CHECK(with_dot.mistakes.empty());
    CHECK(with_dot.entries("postfix reject_plaintext_session") ==
          Texts{"b.example", "*.c.example"});
}

TEST_CASE("senders' addresses keep their quotes, and what is no sender of ours is told") {
    const auto made = sender_access("CFO@b.example reject_plaintext_session\n"
                                    "\"a b\"@c.example reject_plaintext_session\n"
                                    "x@[192.0.2.1] reject_plaintext_session\n"
                                    "[192.0.2.2] reject_plaintext_session\n",
                                    Subdomains::with_domain);
    CHECK(made.mistakes.empty());
    CHECK(made.entries("postfix reject_plaintext_session") ==
          Texts{"CFO@b.example", "\"a b\"@c.example", "x@[192.0.2.1]", "[192.0.2.2]"});
    for (const std::string_view key :
         {"info@", "<>", "/bank/", "192.0.2.0/24", "192.0.2", "(a)@c", "*.a@b.example"}) {
        CAPTURE(key);
        const auto none = sender_access(std::string(key) + " reject_plaintext_session\n",
                                        Subdomains::with_domain);
        CHECK(none.groups.empty());
        CHECK_FALSE(none.mistakes.empty());
    }
}

TEST_CASE("an exception from a wider entry is told, because the strictest counts here") {
    struct Row {
        std::string_view text;
        bool told; // at its second line
    };
    const auto row =
        GENERATE(Row{".b.example encrypt\na.b.example may\n", true},
                 Row{".b.example encrypt\n.a.b.example none\n", true},
                 Row{".b.example verify\nx.a.b.example encrypt\n", true},
                 Row{".b.example encrypt protocols=>=TLSv1.3\nx.b.example verify\n", true},
                 Row{".b.example encrypt\nb.example may\n", false},
                 Row{".b.example encrypt\na.b.example verify\n", false},
                 Row{".b.example encrypt\na.b.example encrypt\n", false},
                 Row{".b.example may\na.b.example may\n", false},
                 Row{"b.example encrypt\na.b.example may\n", false},
                 Row{".b.example encrypt\na.bb.example may\n", false});
    CAPTURE(row.text);
    const std::string mistakes = tls_policy(row.text).mistakes;
    CHECK(mistakes.contains("the entry at t:1 includes this one and demands more") == row.told);
    CHECK(mistakes.contains("t:2:1: the entry") == row.told);
}

TEST_CASE("an exception of a sender in a wider domain is told once") {
    const auto made = sender_access("a@b.example OK\nx.b.example DUNNO\n"
                                    "b.example reject_plaintext_session\n",
                                    Subdomains::with_domain);
    CHECK(made.mistakes ==
          "t:1:1: the entry at t:3 includes this one and demands more; there are no exceptions "
          "here, the strictest counts\n"
          "t:2:1: the entry at t:3 includes this one and demands more; there are no exceptions "
          "here, the strictest counts\n");
}

TEST_CASE("of a key that is given twice the first counts, over all tables of a kind") {
    const auto made = converted({table(TableKind::tls_policy, "a.example encrypt\n", "one"),
                                 table(TableKind::tls_policy, "A.example. verify\n", "two"),
                                 table(TableKind::sender_access, "a.example OK\n", "three")});
    CHECK(made.mistakes ==
          "two:1:1: warning: \"A.example.\" stands at one:1 already, and the first one counts\n");
    REQUIRE(made.groups.size() == 1);
    CHECK(made.entries("postfix encrypt") == Texts{"a.example"});

    // Also one that is left out.
    const auto left = tls_policy("a.example nonsense\na.example encrypt\n");
    CHECK(left.groups.empty());
}

TEST_CASE("an own entry for the subdomains of a domain stands in the place of the domain's") {
    const auto made = sender_access("b.example reject_plaintext_session\n"
                                    "a.b.example reject_plaintext_session\n",
                                    Subdomains::with_domain);
    CHECK(made.mistakes.empty());
    CHECK(made.entries("postfix reject_plaintext_session") ==
          Texts{"b.example", "*.b.example", "a.b.example", "*.a.b.example"});
}

TEST_CASE("the kind of a table is known by its right-hand sides, if all speak for one") {
    struct Row {
        std::string_view text;
        std::optional<TableKind> kind;
    };
    const auto row =
        GENERATE(Row{"a encrypt\n", TableKind::tls_policy},
                 Row{"a may\nb something\n", TableKind::tls_policy},
                 Row{"a secure,match=x\n", TableKind::tls_policy},
                 Row{"a OK\n", TableKind::sender_access},
                 Row{"a reject_plaintext_session\nb tls_only\n", TableKind::sender_access},
                 Row{"a OK\nb may\n", std::nullopt},
                 Row{"a something\n", std::nullopt},
                 Row{"", std::nullopt});
    CAPTURE(row.text);
    CHECK(kind_of(table(TableKind::tls_policy, row.text).entries) == row.kind);
}

} // namespace postern::command::postfix::test
