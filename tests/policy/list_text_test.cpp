#include "policy/list_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace postern::policy;

namespace {

/// "line:column entry" of each.
std::vector<std::string> read(const std::vector<std::string_view>& pieces) {
    std::vector<std::string> entries;
    const auto take = [&](std::string_view entry, Place place) {
        entries.push_back(std::to_string(place.line) + ":" + std::to_string(place.column) + " " +
                          std::string(entry));
    };
    ListText text;
    for (const std::string_view piece : pieces)
        text.feed(piece, take);
    text.finish(take);
    return entries;
}

using Entries = std::vector<std::string>;

constexpr std::string_view everything = "\xef\xbb\xbf# a list\r\n"
                                        "a.example, b.example\tc.example\r\n"
                                        "\n"
                                        ",, \"x y,#z\\\"\"@d.example # two\n"
                                        "e#f@g.example #\n"
                                        "\"open\n"
                                        "\"open\\\n"
                                        "#last\n"
                                        "h.example";
const Entries everything_read{"2:1 a.example",
                              "2:12 b.example",
                              "2:22 c.example",
                              "4:4 \"x y,#z\\\"\"@d.example",
                              "5:1 e#f@g.example",
                              "6:1 \"open",
                              "7:1 \"open\\",
                              "9:1 h.example"};

} // namespace

TEST_CASE("entries stand between blanks, commas and line ends, without comments") {
    CHECK(read({everything}) == everything_read);
    CHECK(read({""}).empty());
    CHECK(read({"# only this"}).empty());
    CHECK(read({"a"}) == Entries{"1:1 a"});
    CHECK(read({"a#b"}) == Entries{"1:1 a#b"});
}

TEST_CASE("entries are the same wherever the text is cut") {
    for (std::size_t cut = 0; cut <= everything.size(); ++cut)
        CHECK(read({everything.substr(0, cut), everything.substr(cut)}) == everything_read);
    std::vector<std::string_view> bytes;
    for (std::size_t at = 0; at < everything.size(); ++at)
        bytes.push_back(everything.substr(at, 1));
    CHECK(read(bytes) == everything_read);
}

TEST_CASE("a byte order mark belongs to no entry, other letters like it do") {
    CHECK(read({"\xef\xbb\xbf"
                "a.example"}) == Entries{"1:4 a.example"});
    CHECK(read({"\xef\xbb\xbf\"a b\"@c.example"}) == Entries{"1:4 \"a b\"@c.example"});
    CHECK(read({"ＡＢ"}) == Entries{"1:1 ＡＢ"});
    CHECK(read({"\n\xef\xbb\xbf"
                "a"}) == Entries{"2:1 \xef\xbb\xbf"
                                 "a"});
}
