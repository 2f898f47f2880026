#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>

#include "perf/body_hash.h"
#include "perf/messages.h"

using postern::perf::BodyHash;
using postern::perf::Messages;
using postern::perf::parse_addresses;
using postern::perf::parse_sizes;

namespace {

Messages messages_of(std::string_view sizes,
                     std::vector<std::string> senders = {"a@load.example"},
                     std::vector<std::string> recipients = {"b@sink.example"}) {
    auto made = Messages::make(*parse_sizes(sizes), std::move(senders), std::move(recipients));
    REQUIRE(made.has_value());
    return std::move(*made);
}

std::string content_of(const Messages::Mail& mail) {
    return mail.beginning + std::string{mail.rest};
}

} // namespace

TEST_CASE("sizes are numbers, with k or m, and shares behind colons", "[perf]") {
    const auto mix = parse_sizes("300,2k:70,1m:5");
    REQUIRE(mix.has_value());
    REQUIRE(mix->size() == 3);
    CHECK(mix->at(0).bytes == 300);
    CHECK(mix->at(0).share == 1);
    CHECK(mix->at(1).bytes == 2048);
    CHECK(mix->at(1).share == 70);
    CHECK(mix->at(2).bytes == 1048576);
    for (const char* wrong : {"",
                              ",",
                              "300,",
                              "199",
                              "4k:",
                              "4k:0",
                              "4k:x",
                              "4g",
                              "1025m",
                              "k",
                              "-1",
                              "4k 2k",
                              "99999999999999999999",
                              "18014398509481985k"}) {
        INFO(wrong);
        CHECK_FALSE(parse_sizes(wrong).has_value());
    }
}

TEST_CASE("a list of addresses has one a line, and comments", "[perf]") {
    CHECK(parse_addresses(
              "# all\n a@x.example \r\n\nb@y.example # late\n#c@z.example\nd@w.example") ==
          std::vector<std::string>{"a@x.example", "b@y.example", "d@w.example"});
    CHECK(parse_addresses("\n # none\n").empty());
}

TEST_CASE("a message has exactly its size, and whole lines", "[perf]") {
    for (const std::size_t size : {200U,
                                   201U,
                                   277U,
                                   278U,
                                   279U,
                                   280U,
                                   4096U,
                                   16383U,
                                   16384U,
                                   16385U,
                                   16462U,
                                   16500U,
                                   65536U,
                                   1048576U}) {
        INFO(size);
        const Messages messages = messages_of(std::to_string(size));
        const Messages::Mail mail = messages.at(7);
        const std::string content = content_of(mail);
        CHECK(mail.bytes == size);
        CHECK(content.size() - 3 == size);
        CHECK(content.ends_with("\r\n.\r\n"));
        CHECK(content.find("\r\n.") == content.size() - 5);
        CHECK(mail.beginning.size() <= 16384);
        std::size_t longest = 0;
        for (std::size_t at = 0; at < content.size();) {
            const std::size_t end = content.find('\n', at);
            REQUIRE(end != std::string::npos);
            REQUIRE(end > at); // no line feed by itself
            REQUIRE(content[end - 1] == '\r');
            longest = std::max(longest, end - at + 1);
            at = end + 1;
        }
        CHECK(longest <= 79);
        BodyHash hash;
        hash.add(content);
        CHECK(mail.hash == hash.value());
    }
}

TEST_CASE("senders and recipients take turns, and long addresses change no body", "[perf]") {
    const std::string remote = std::string(60, 'r') + "@a-very-long-name.example";
    const Messages messages =
        messages_of("4k", {"a@x.example", remote}, {"1@y.example", "2@y.example", "3@y.example"});
    std::set<std::string> envelopes;
    std::set<std::uint64_t> hashes;
    for (std::uint64_t number = 0; number < 6; ++number) {
        const Messages::Mail mail = messages.at(number);
        const std::string from = number % 2 == 0 ? "a@x.example" : remote;
        const std::string to = std::to_string(1 + number % 3) + "@y.example";
        CHECK(mail.mail == "MAIL FROM:<" + from + ">\r\n");
        CHECK(mail.rcpt == "RCPT TO:<" + to + ">\r\n");
        const std::string content = content_of(mail);
        CHECK(content.starts_with("From: <" + from + ">\r\nTo: <" + to + ">\r\n"));
        CHECK(content.size() - 3 == 4096);
        envelopes.insert(mail.mail + mail.rcpt);
        BodyHash hash;
        hash.add(content);
        CHECK(hash.value() == mail.hash);
        hashes.insert(mail.hash);
    }
    CHECK(envelopes.size() == 6);
    CHECK(hashes.size() == 1);
}

TEST_CASE("sizes come by their shares, the same each time", "[perf]") {
    const Messages messages = messages_of("300:70,4k:25,64k:5");
    std::map<std::uint64_t, unsigned> counts;
    constexpr unsigned all = 10'000;
    for (std::uint64_t number = 0; number < all; ++number) {
        ++counts[messages.at(number).bytes];
        REQUIRE(messages.at(number).bytes == messages.at(number).bytes);
    }
    REQUIRE(counts.size() == 3);
    CHECK(counts[300] > all * 68 / 100);
    CHECK(counts[300] < all * 72 / 100);
    CHECK(counts[65536] > all * 4 / 100);
    CHECK(counts[65536] < all * 6 / 100);
}

TEST_CASE("a size without room for the header is refused", "[perf]") {
    const std::string remote = std::string(100, 'r') + "@x.example";
    CHECK_FALSE(Messages::make(*parse_sizes("4k,200"), {remote}, {remote}).has_value());
}
