#include "gateway/smtp/client.h"

#include <catch2/catch.hpp>

#include <string>

namespace smtp = postern::smtp;
using smtp::Extension;
using smtp::Extensions;
using smtp::Utf8;

namespace {

Extensions everything() {
    return Extensions{}
        .add_size(0)
        .add(Extension::eight_bit_mime)
        .add(Extension::smtputf8)
        .add(Extension::dsn);
}

smtp::Mail mail(std::string_view argument) {
    auto parsed = smtp::parse_mail(argument, everything());
    REQUIRE(parsed.has_value());
    return *parsed;
}

smtp::Recipient recipient(std::string_view argument) {
    auto parsed = smtp::parse_rcpt(argument, everything(), Utf8::allowed);
    REQUIRE(parsed.has_value());
    return *parsed;
}

} // namespace

TEST_CASE("commands without parameters") {
    std::string out;
    smtp::append_ehlo(out, "mx.example");
    smtp::append_helo(out, "mx.example");
    smtp::append_starttls(out);
    smtp::append_data(out);
    smtp::append_bdat(out, 10, smtp::Chunk::one_of_several);
    smtp::append_bdat(out, 0, smtp::Chunk::last);
    smtp::append_rset(out);
    smtp::append_noop(out);
    smtp::append_quit(out);
    CHECK(out == "EHLO mx.example\r\nHELO mx.example\r\nSTARTTLS\r\nDATA\r\nBDAT 10\r\nBDAT 0 "
                 "LAST\r\nRSET\r\nNOOP\r\nQUIT\r\n");
}

TEST_CASE("what was read from a client is said to the next hop unchanged") {
    for (const std::string_view argument :
         {"FROM:<>",
          "FROM:<a@b.example>",
          "FROM:<\"a b\"@b.example> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=a+2Bb",
          "FROM:<a@b.example> BODY=7BIT RET=HDRS"}) {
        std::string out;
        smtp::append_mail(out, mail(argument), everything());
        CHECK(out == "MAIL " + std::string(argument) + "\r\n");
    }
    for (const std::string_view argument :
         {"TO:<a@b.example>",
          "TO:<Postmaster>",
          "TO:<a@b.example> NOTIFY=NEVER",
          "TO:<a@b.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b.example"}) {
        std::string out;
        smtp::append_rcpt(out, recipient(argument), everything());
        CHECK(out == "RCPT " + std::string(argument) + "\r\n");
    }
}

TEST_CASE("parameters that the next hop does not offer are left out") {
    std::string out;
    smtp::append_mail(
        out, mail("FROM:<a@b.example> SIZE=10 BODY=7BIT RET=FULL ENVID=x"), Extensions{});
    CHECK(out == "MAIL FROM:<a@b.example>\r\n");
    out.clear();
    smtp::append_rcpt(out, recipient("TO:<a@b.example> NOTIFY=NEVER ORCPT=rfc822;x"), Extensions{});
    CHECK(out == "RCPT TO:<a@b.example>\r\n");
    out.clear();
}

TEST_CASE("an original recipient in UTF-8 is handed on in ASCII to a host without SMTPUTF8") {
    const auto original = recipient("TO:<a@b.example> ORCPT=utf-8;\xC3\xB6+\\x{20}@b.example");
    std::string out;
    smtp::append_rcpt(out, original, Extensions{}.add(Extension::dsn));
    CHECK(out == "RCPT TO:<a@b.example> ORCPT=utf-8;\\x{F6}\\x{2B}\\x{20}@b.example\r\n");
    out.clear();
    smtp::append_rcpt(out, original, Extensions{}.add(Extension::dsn).add(Extension::smtputf8));
    CHECK(out == "RCPT TO:<a@b.example> ORCPT=" + original.original + "\r\n");
}

TEST_CASE("what cannot be said to a next hop is known before it is tried") {
    CHECK(smtp::lacking(mail("FROM:<> SMTPUTF8"), Extensions{}) == Extension::smtputf8);
    CHECK(smtp::lacking(mail("FROM:<> BODY=8BITMIME"), Extensions{}) == Extension::eight_bit_mime);
    CHECK(smtp::lacking(recipient("TO:<\xC3\xB6@b.example>"), Extensions{}) == Extension::smtputf8);
    CHECK_FALSE(smtp::lacking(mail("FROM:<> SIZE=1 RET=FULL"), Extensions{}).has_value());
    CHECK_FALSE(smtp::lacking(mail("FROM:<> SMTPUTF8 BODY=8BITMIME"), everything()).has_value());
    CHECK_FALSE(smtp::lacking(recipient("TO:<a@b.example>"), Extensions{}).has_value());
}

TEST_CASE("XCLIENT says what the peer asks for, in xtext") {
    using smtp::XclientAttribute;
    const Extensions peer = Extensions{}
                                .add(XclientAttribute::name)
                                .add(XclientAttribute::addr)
                                .add(XclientAttribute::port)
                                .add(XclientAttribute::proto)
                                .add(XclientAttribute::helo);
    std::string out;
    smtp::append_xclient(
        out, {.name = "", .address = "2001:db8::1", .port = 25, .helo = "a b\r\n"}, peer);
    CHECK(out == "XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 PORT=25 PROTO=ESMTP "
                 "HELO=a+20b+0D+0A\r\n");
    out.clear();
    smtp::append_xclient(out,
                         {.name = "n", .address = "192.0.2.1", .helo = "h"},
                         Extensions{}.add(XclientAttribute::addr));
    CHECK(out == "XCLIENT ADDR=192.0.2.1\r\n");
}
