#include "policy/load_list.h"

#include <catch2/catch.hpp>

#include <string>

using namespace postern::policy;

namespace {

ListDraft draft_of(std::vector<Text> entries, std::vector<Text> files) {
    return ListDraft{.file = "policy.toml",
                     .name = {.value = "banks", .place = {.line = 2, .column = 8}},
                     .entries = std::move(entries),
                     .files = std::move(files)};
}

} // namespace

TEST_CASE("a list has the entries written in place and those of all its files") {
    Mistakes mistakes;
    const MemoryFiles files({{"a.txt", "a.example, *.a.example"}, {"b.txt", "c@b.example\n"}});
    const AddressList list =
        load_list(draft_of({{.value = "inline.example", .place = {.line = 3, .column = 12}}},
                           {{.value = "a.txt", .place = {}}, {.value = "b.txt", .place = {}}}),
                  files,
                  mistakes);
    CHECK(mistakes.empty());
    CHECK(list.name() == "banks");
    CHECK(list.size() == 4);
    CHECK(list.find(*Address::parse("x@inline.example")));
    CHECK(list.find(*Address::parse("x@y.a.example")));
    CHECK(list.find(*Address::parse("c@b.example")));
}

TEST_CASE("an entry that is both in place and in a file is told at the file") {
    Mistakes mistakes;
    const MemoryFiles files({{"a.txt", "# again\na.example"}});
    const AddressList list = load_list(
        draft_of({{.value = "A.example", .place = {}}}, {{.value = "a.txt", .place = {}}}),
        files,
        mistakes);
    CHECK(list.size() == 1);
    CHECK_THAT(mistakes.text(), Catch::StartsWith("a.txt:2:1: warning: \"a.example\""));
}

TEST_CASE("a file that comes in pieces and repeats what is in place is still told apart") {
    // One piece of many, so that room is reserved with entries pending.
    class Pieces final : public Files {
    public:
        [[nodiscard]] std::expected<std::string, std::string> read(const std::string&,
                                                                   std::size_t) const override {
            return std::unexpected("is not used here");
        }
        [[nodiscard]] std::expected<std::vector<std::string>, std::string>
        matching(const std::string&) const override {
            return std::unexpected("is not used here");
        }
        [[nodiscard]] std::expected<void, std::string>
        stream(const std::string&, const TakePiece& take) const override {
            const std::string text = "a.example b.example c.example\na.example";
            for (const char letter : text)
                take({&letter, 1}, text.size());
            return {};
        }
    };
    Mistakes mistakes;
    const AddressList list = load_list(
        draft_of({{.value = "b.example", .place = {}}}, {{.value = "a.txt", .place = {}}}),
        Pieces(),
        mistakes);
    CHECK(list.size() == 3);
    CHECK(mistakes.warnings() == 2);
    CHECK(mistakes.errors() == 0);
}
