#include "gateway/smtp/mailbox.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using postern::smtp::Mailboxes;
using postern::smtp::mailboxes_max;
using postern::smtp::mailboxes_of;

namespace {

using Texts = std::vector<std::string>;

Texts texts(const Mailboxes& mailboxes) {
    Texts all;
    for (const auto& mailbox : mailboxes.all)
        all.emplace_back(mailbox.text());
    return all;
}

Mailboxes read(const std::string& field) { return mailboxes_of(std::vector<std::string>{field}); }

} // namespace

TEST_CASE("the mailboxes of a well-formed list are exactly those RFC 5322 means") {
    struct Row {
        std::string field;
        Texts mailboxes;
    };
    const std::vector<Row> rows{
        {"a@x.example", {"a@x.example"}},
        {" a@x.example ", {"a@x.example"}},
        {"<a@x.example>", {"a@x.example"}},
        {"A B <a@x.example>", {"a@x.example"}},
        {"\"A, B\" <a@x.example>", {"a@x.example"}},
        {"\"a@x.example\" <b@y.example>", {"b@y.example"}},
        {"John Q. Public <a@x.example>", {"a@x.example"}},
        {"a@x.example, B <b@y.example>", {"a@x.example", "b@y.example"}},
        {",, a@x.example ,, b@y.example,", {"a@x.example", "b@y.example"}},
        {"Team: a@x.example, B <b@y.example>;", {"a@x.example", "b@y.example"}},
        {"Team: a@x.example;, c@z.example", {"a@x.example", "c@z.example"}},
        {"nobody:;", {}},
        {"nobody: , ,;", {}},
        {"a@x.example (b@y.example)", {"a@x.example"}},
        {"(c (d)) a (e) @ (f) x.example (g)", {"a@x.example"}},
        {"A (b@y.example) <a@x.example>", {"a@x.example"}},
        {"a . b @ x . example", {"a.b@x.example"}},
        {"\"a b\"@x.example", {"a b@x.example"}},
        {R"("a\"b"@x.example)", {"a\"b@x.example"}},
        {"\"a\".b@x.example", {"a.b@x.example"}},
        {"\"a@x.example\"@y.example", {"a@x.example@y.example"}},
        {"<@r.example,@s.example:a@x.example>", {"a@x.example"}},
        {"A <@r.example : a@x.example>", {"a@x.example"}},
        {"a@[192.0.2.1]", {"a@[192.0.2.1]"}},
        {"=?utf-8?q?b=40y.example?= <a@x.example>", {"a@x.example"}},
        {"=?utf-8?q?b=40y.example?=@x.example", {"=?utf-8?q?b=40y.example?=@x.example"}},
        {"J\xC3\xB6rg <j\xC3\xB6rg@m\xC3\xBCller.example>", {"j\xC3\xB6rg@m\xC3\xBCller.example"}},
        {"M\xFCller <a@x.example>", {"a@x.example"}},
        {"\"\" <a@x.example>", {"a@x.example"}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.field);
        const Mailboxes mailboxes = read(row.field);
        CHECK(texts(mailboxes) == row.mailboxes);
        CHECK_FALSE(mailboxes.broken);
        CHECK_FALSE(mailboxes.too_many);
    }
}

TEST_CASE("a broken list never hides a sender") {
    struct Row {
        std::string field;
        Texts mailboxes; // each must be among those found
    };
    const std::vector<Row> rows{
        {"<a@x.example> <b@y.example>", {"a@x.example", "b@y.example"}},
        {"a@x.example b@y.example", {"a@x.example", "b@y.example"}},
        {"a@x.example <b@y.example>", {"a@x.example", "b@y.example"}},
        {"<b@y.example> a@x.example", {"a@x.example", "b@y.example"}},
        {"Doe, John <a@x.example>", {"a@x.example"}},
        {"\"unclosed <a@x.example>", {"a@x.example"}},
        {"(unclosed <a@x.example>", {"a@x.example"}},
        {"\"a@x.example\" <b@y.example> junk", {"a@x.example", "b@y.example"}},
        {"(a@x.example) <b@y.example> junk", {"a@x.example", "b@y.example"}},
        {"Team: a@x.example", {"a@x.example"}},
        {"a@x.example; b@y.example", {"a@x.example", "b@y.example"}},
        {"mailto:a@x.example", {"a@x.example"}},
        {"[IT] Desk <a@x.example>", {"a@x.example"}},
        {"<a@x.example", {"a@x.example"}},
        {"a@x.example>", {"a@x.example"}},
        {"<<a@x.example>>", {"a@x.example"}},
        {"< a @ x . example > <b@y.example>", {"a@x.example", "b@y.example"}},
        {"c . a (z) @ (z) x . example <b@y.example>", {"c.a@x.example", "b@y.example"}},
        {"\"c a\"@x.example <b@y.example>", {"c a@x.example", "b@y.example"}},
        {"a@x.example. , b@y.example", {"a@x.example", "b@y.example"}},
        {"a@x.example!z", {"a@x.example"}},
        {"a@@x.example", {}},
        {"a@b@x.example", {"b@x.example", "a@b"}},
        {"a@x.example\\, <b@y.example>", {"a@x.example", "b@y.example"}},
        {"a@[192.0.2.1] b", {"a@[192.0.2.1]"}},
        {"a\x01@x.example <b@y.example>", {"b@y.example"}},
        {"a@x.example\x01 <b@y.example>", {"a@x.example", "b@y.example"}},
        {".a@x.example", {"a@x.example"}},
        {"a.@x.example", {"a@x.example"}},
        {"a..b@x.example", {"a..b@x.example"}},
        {"ceo\"@x.example", {"ceo@x.example"}},
        {"<@r.example a@x.example>", {"a@x.example"}},
        {"<@r.example:a@x.example> junk", {"a@x.example"}},
        {":a@x.example", {"a@x.example"}},
        {"A: B: a@x.example;", {"a@x.example"}},
        {"<>", {}},
        {"root", {}},
        {"@", {}},
        {"A <>", {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.field);
        const Mailboxes mailboxes = read(row.field);
        const Texts found = texts(mailboxes);
        CHECK(mailboxes.broken);
        for (const std::string& wanted : row.mailboxes) {
            CAPTURE(wanted, found);
            CHECK(std::ranges::find(found, wanted) != found.end());
        }
        if (row.mailboxes.empty()) CHECK(found.empty());
    }
}

TEST_CASE("all From fields count, the broken one does not spoil the others") {
    const auto mailboxes =
        mailboxes_of(std::vector<std::string>{" a@x.example", "junk", " \"u@v\" <b@y.example>"});
    CHECK(texts(mailboxes) == Texts{"a@x.example", "b@y.example"});
    CHECK(mailboxes.broken);
    CHECK(mailboxes_of(std::vector<std::string>{}).all.empty());
    CHECK(texts(read("")) == Texts{});
}

TEST_CASE("a mailbox knows its two parts, even with an @ in the local part") {
    const auto mailbox = read("\"a@x.example\"@y.example").all.at(0);
    CHECK(mailbox.local() == "a@x.example");
    CHECK(mailbox.domain() == "y.example");
}

TEST_CASE("a thousand mailboxes are read, one more is said to be too many") {
    std::string list;
    for (std::size_t i = 0; i < mailboxes_max; ++i)
        list += std::to_string(i) + "@x.example,";
    CHECK(read(list).all.size() == mailboxes_max);
    CHECK_FALSE(read(list).too_many);
    CHECK(read(list + "z@x.example").all.size() == mailboxes_max);
    CHECK(read(list + "z@x.example").too_many);
    CHECK(read(list + " <z@x.example> junk").too_many);
    CHECK(read(std::string(1001, '@')).too_many);
    CHECK_FALSE(read(std::string(1000, '@')).too_many);
}
