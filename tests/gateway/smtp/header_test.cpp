#include "gateway/smtp/header.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using postern::smtp::HeaderSection;
using postern::smtp::HeaderState;
using postern::smtp::Stuffing;

namespace {

// Feeds in pieces; returns what was left as body.
std::string feed(HeaderSection& section, std::string_view message, std::size_t piece) {
    while (!message.empty() && section.state() == HeaderState::more) {
        const std::string_view part = message.substr(0, piece);
        message.remove_prefix(section.feed(part));
    }
    if (section.state() == HeaderState::more) section.finish();
    return std::string(message);
}

const std::vector<std::size_t> pieces{1, 2, 3, 7, 100000};
using Values = std::vector<std::string>;

} // namespace

TEST_CASE("the section ends at its empty line, in pieces of any size") {
    const std::string header =
        "Received: x\r\nFrom: a@b\r\n\tc\r\nfrom : d@e\r\nRECEIVED: y\r\n\r\n";
    for (const std::size_t piece : pieces) {
        HeaderSection section;
        CHECK(feed(section, header + "body\r\n\r\nFrom: no\r\n", piece) ==
              "body\r\n\r\nFrom: no\r\n");
        CHECK(section.state() == HeaderState::complete);
        CHECK(section.held() == header);
        CHECK(section.received_fields() == 2);
        CHECK(section.from_fields() == Values{" a@b\tc", " d@e"});
        CHECK_FALSE(section.missing());
        CHECK_FALSE(section.malformed());
        section.release_held();
        CHECK(section.held().empty());
        CHECK(section.from_fields().size() == 2);
    }
}

TEST_CASE("a section without body, without fields, and of an empty message") {
    for (const std::size_t piece : pieces) {
        HeaderSection only_header;
        CHECK(feed(only_header, "From: a@b\r\nTo: c\r\n", piece).empty());
        CHECK(only_header.state() == HeaderState::complete);
        CHECK(only_header.from_fields() == Values{" a@b"});
        CHECK(only_header.held() == "From: a@b\r\nTo: c\r\n");
        HeaderSection only_body;
        CHECK(feed(only_body, "\r\nFrom: a@b\r\n\r\n", piece) == "From: a@b\r\n\r\n");
        CHECK(only_body.held() == "\r\n");
        CHECK(only_body.from_fields().empty());
        CHECK_FALSE(only_body.missing());
    }
    HeaderSection empty;
    empty.finish();
    CHECK(empty.state() == HeaderState::complete);
    CHECK(empty.held().empty());
}

TEST_CASE("a message whose first line is no field gets an empty line before it") {
    for (const std::string_view first :
         {"hello\r\n", "two words: x\r\n", " From: a@b\r\n", "From mx Sat 10:00\r\n"}) {
        for (const std::size_t piece : pieces) {
            CAPTURE(first, piece);
            HeaderSection section;
            CHECK(feed(section, std::string(first) + "From: a@b\r\n\r\n", piece) ==
                  "From: a@b\r\n\r\n");
            CHECK(section.missing());
            CHECK(section.held() == "\r\n" + std::string(first));
            CHECK(section.from_fields().empty());
        }
    }
    HeaderSection unfinished;
    CHECK(feed(unfinished, "hello", 2).empty());
    CHECK(unfinished.missing());
    CHECK(unfinished.held() == "\r\nhello");
}

TEST_CASE("fields behind a malformed line still count") {
    HeaderSection section;
    CHECK(feed(section, "To: x\r\nno field\r\nFrom: a@b\r\n\r\nbody", 100) == "body");
    CHECK(section.malformed());
    CHECK(section.from_fields() == Values{" a@b"});
}

TEST_CASE("a From field behind a single dot counts, since the next reader drops the dot") {
    HeaderSection stuffed;
    feed(stuffed, ".From: a@b\r\n\r\n", 100);
    CHECK(stuffed.from_fields() == Values{" a@b"});
    HeaderSection plain(Stuffing::plain);
    feed(plain, "To: x\r\n.From: a@b\r\n\r\n", 100);
    CHECK(plain.from_fields().empty());
}

TEST_CASE("the section is bounded (I15)") {
    const std::string header =
        "From: a@b\r\n" + std::string("X: ") + std::string(81, 'x') + "\r\n\r\n";
    REQUIRE(header.size() == 99);
    for (const std::size_t piece : pieces) {
        HeaderSection fits(Stuffing::stuffed, 99);
        CHECK(feed(fits, header + "body", piece) == "body");
        CHECK(fits.state() == HeaderState::complete);
        HeaderSection over(Stuffing::stuffed, 98);
        feed(over, header + "body", piece);
        CHECK(over.state() == HeaderState::too_big);
        CHECK(over.held().empty());
        HeaderSection endless(Stuffing::stuffed, 98);
        feed(endless, std::string(200, 'x'), piece);
        CHECK(endless.state() == HeaderState::too_big);
    }
}

TEST_CASE("a NUL byte in the section is refused, in the body it is not looked for") {
    const std::string nul(1, '\0');
    HeaderSection section;
    feed(section, "From: a" + nul + "@b\r\n\r\n", 5);
    CHECK(section.state() == HeaderState::nul);
    HeaderSection body;
    feed(body, "From: a@b\r\n\r\n" + nul, 100);
    CHECK(body.state() == HeaderState::complete);
}

TEST_CASE("nothing is taken after the end") {
    HeaderSection section;
    CHECK(section.feed("\r\n") == 2);
    CHECK(section.feed("From: a@b\r\n") == 0);
}
