#include "gateway/smtp/received.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using postern::smtp::append_date;
using postern::smtp::append_received;
using postern::smtp::ReceivedFacts;

namespace {

ReceivedFacts facts() {
    return {.helo = "client.example",
            .client_address = "192.0.2.1",
            .hostname = "mx1.example.org",
            .tls_version = "TLSv1.3",
            .tls_cipher = "TLS_AES_128_GCM_SHA256",
            .id = "A1B2C3",
            .recipient = "user@example.org",
            .time = 1057049557,
            .offset_minutes = 120};
}

std::string text(const ReceivedFacts& of) {
    std::string out;
    append_received(out, of);
    return out;
}

} // namespace

TEST_CASE("a Received field over TLS") {
    CHECK(text(facts()) ==
          "Received: from client.example ([192.0.2.1])\r\n"
          "\tby mx1.example.org with ESMTPS (TLSv1.3 TLS_AES_128_GCM_SHA256) id A1B2C3\r\n"
          "\tfor <user@example.org>;\r\n"
          "\tTue, 1 Jul 2003 10:52:37 +0200\r\n");
}

TEST_CASE("a Received field in clear, IPv6, several recipients") {
    ReceivedFacts of = facts();
    of.tls_version = of.tls_cipher = of.recipient = "";
    of.client_address = "2001:db8::1";
    of.offset_minutes = 0;
    CHECK(text(of) == "Received: from client.example ([IPv6:2001:db8::1])\r\n"
                      "\tby mx1.example.org with ESMTP id A1B2C3;\r\n"
                      "\tTue, 1 Jul 2003 08:52:37 +0000\r\n");
}

TEST_CASE("the protocol is named as registered") {
    struct Row {
        bool extended, smtputf8, tls;
        std::string_view name;
    };
    const Row row = GENERATE(values<Row>({
        {false, false, false, " with SMTP "},
        {true, false, false, " with ESMTP "},
        {true, false, true, " with ESMTPS "},
        {true, true, false, " with UTF8SMTP "},
        {true, true, true, " with UTF8SMTPS "},
    }));
    ReceivedFacts of = facts();
    of.extended = row.extended;
    of.smtputf8 = row.smtputf8;
    if (!row.tls) of.tls_version = "";
    CHECK(text(of).find(row.name) != std::string::npos);
}

TEST_CASE("foreign text cannot break the field") {
    ReceivedFacts of = facts();
    of.helo = "a\r\nFrom: x (y) ;";
    of.recipient = "\"a>\r\n\"@b";
    of.id = "";
    const std::string field = text(of);
    CHECK(field.find("from a??From:?x??y??? ([") != std::string::npos);
    CHECK(field.find("for <\"a???\"@b>;") != std::string::npos);
    CHECK(field.find("id unknown") != std::string::npos);
    CHECK(std::ranges::count(field, '\n') == std::ranges::count(field, '\r'));
}

TEST_CASE("lines stay under 78 where words allow, and never begin with a dot") {
    ReceivedFacts of = facts();
    const std::string name(70, 'n');
    of.helo = of.hostname = of.id = name;
    std::string_view rest;
    const std::string field = text(of);
    rest = field;
    while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        CHECK(end <= 88); // "Received: from " and one word of 70 is longer than the rest
        CHECK_FALSE(rest.starts_with('.'));
        CHECK_FALSE(rest.substr(0, end).find_first_not_of(" \t") == std::string_view::npos);
        rest.remove_prefix(end + 2);
    }
}

TEST_CASE("dates are those of RFC 5322, with any offset") {
    const auto date = [](std::time_t time, int offset) {
        std::string out;
        append_date(out, time, offset);
        return out;
    };
    CHECK(date(0, 0) == "Thu, 1 Jan 1970 00:00:00 +0000");
    CHECK(date(951782400, -210) == "Mon, 28 Feb 2000 20:30:00 -0330");
    CHECK(date(951782400, 0) == "Tue, 29 Feb 2000 00:00:00 +0000");
    CHECK(date(4102444799, 840) == "Fri, 1 Jan 2100 13:59:59 +1400");
}
