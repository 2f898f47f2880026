#include "gateway/smtp/report_text.h"
#include "gateway/smtp/utf8.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

using namespace postern::smtp;

namespace {

using Values = std::set<std::string>;

Values values_in(std::string_view text) {
    Values values;
    for (std::size_t at = 0; (at = text.find('{', at)) != std::string_view::npos; ++at)
        values.emplace(text.substr(at + 1, text.find('}', at) - at - 1));
    return values;
}

// Every text of a language, with the values it uses.
std::map<std::string, Values> texts_of(Language language) {
    std::map<std::string, Values> texts;
    std::string_view rest = report_texts(language);
    while (const auto text = take_report_text(rest)) {
        CAPTURE(text->name);
        CHECK(texts.emplace(text->name, values_in(text->text)).second);
        CHECK_FALSE(text->text.empty());
    }
    return texts;
}

std::string file(std::string_view name) {
    std::ifstream stream(std::string(POSTERN_SOURCE_DIR) + "/deploy/reports/" + std::string(name));
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("all languages have the same texts with the same values") {
    const auto english = texts_of(Language::english);
    CHECK(english == texts_of(Language::japanese));
    CHECK(english.contains("trouble.refused"));
}

TEST_CASE("the texts in the program are those of the files") {
    CHECK(report_texts(Language::english) == file("en.txt"));
    CHECK(report_texts(Language::japanese) == file("ja.txt"));
}

TEST_CASE("texts are UTF-8, English ones ASCII, and a subject is one line without values") {
    CHECK(is_ascii(report_texts(Language::english)));
    for (const Language language : {Language::english, Language::japanese}) {
        CHECK(is_utf8(report_texts(language)));
        for (const char* const name : {"subject.failed", "subject.delayed", "subject.success"})
            CHECK(ReportTexts(language).of(name).find_first_of("\n{") == std::string_view::npos);
    }
}

TEST_CASE("a text goes from its name to the next, without the empty lines around it") {
    std::string_view texts = "# a comment\n\n[a]\n\none\n\ntwo [b]\n\n[c]\n[d]\nlast";
    const auto first = take_report_text(texts);
    REQUIRE(first);
    CHECK(first->name == "a");
    CHECK(first->text == "one\n\ntwo [b]");
    const auto second = take_report_text(texts);
    REQUIRE(second);
    CHECK(second->name == "c");
    CHECK(second->text == "");
    const auto third = take_report_text(texts);
    REQUIRE(third);
    CHECK(third->name == "d");
    CHECK(third->text == "last");
    CHECK_FALSE(take_report_text(texts));
    CHECK_FALSE(take_report_text(texts));
}

TEST_CASE("values take their places, once") {
    std::string out = "before\r\n";
    const ReportValue values[]{{"a", "{b}"}, {"b", "x\r\ny"}};
    append_report_text(out, "{a}-{b}\n{b}{a}", values);
    CHECK(out == "before\r\n{b}-x\r\ny\r\nx\r\ny{b}\r\n");
}
