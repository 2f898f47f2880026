#include "gateway/smtp/envelope.h"

#include <catch2/catch.hpp>

#include <string>

using namespace std::string_view_literals;
using postern::smtp::Body;
using postern::smtp::Extension;
using postern::smtp::Extensions;
using postern::smtp::parse_mail;
using postern::smtp::parse_rcpt;
using postern::smtp::ReturnContent;
using postern::smtp::Utf8;

namespace {

Extensions everything() {
    return Extensions{}
        .add_size(1000)
        .add(Extension::eight_bit_mime)
        .add(Extension::smtputf8)
        .add(Extension::dsn)
        .add(Extension::chunking);
}

struct Refused {
    std::string_view argument;
    int code;
    std::uint16_t subject;
    std::uint16_t detail;
};

} // namespace

TEST_CASE("MAIL with all its parameters") {
    const auto mail = parse_mail(
        "FROM:<a@b.example> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1", everything());
    REQUIRE(mail.has_value());
    CHECK(mail->sender.address() == "a@b.example");
    CHECK(mail->size == 1000);
    CHECK(mail->body == Body::eight_bit_mime);
    CHECK(mail->smtputf8);
    CHECK(mail->return_content == ReturnContent::headers);
    CHECK(mail->envelope_id == "QQ+2B1");
}

TEST_CASE("MAIL as forgiving as real clients need") {
    for (const std::string_view argument : {"FROM:<a@b.example>",
                                            "from:<a@b.example>",
                                            "FROM: <a@b.example>",
                                            "FROM:  a@b.example",
                                            "FROM:<a@b.example>  size=1 ",
                                            "FROM:<a@b.example>\tsize=1",
                                            "FROM:<a@b.example> body=7bit",
                                            "FROM:<a@b.example> ret=full"}) {
        CAPTURE(argument);
        const auto mail = parse_mail(argument, everything());
        REQUIRE(mail.has_value());
        CHECK(mail->sender.address() == "a@b.example");
    }
    CHECK(parse_mail("FROM:<>", Extensions{})->sender.is_null());
}

TEST_CASE("MAIL that is refused says why") {
    const Refused row = GENERATE(values<Refused>({
        {"", 501, 5, 4},
        {"<a@b.example>", 501, 5, 4},
        {"TO:<a@b.example>", 501, 5, 4},
        {"FROM <a@b.example>", 501, 5, 4},
        {"FROM :<a@b.example>", 501, 5, 4},
        {"FROM:", 501, 1, 7},
        {"FROM:a", 501, 1, 7},
        {"FROM:<a@b.example>SIZE=1", 501, 1, 7},
        {"FROM:<a@b.example> SIZE", 501, 5, 4},
        {"FROM:<a@b.example> SIZE=", 501, 5, 4},
        {"FROM:<a@b.example> SIZE=-1", 501, 5, 4},
        {"FROM:<a@b.example> SIZE=1k", 501, 5, 4},
        {"FROM:<a@b.example> SIZE=1 SIZE=1", 501, 5, 4},
        {"FROM:<a@b.example> SIZE=1001", 552, 3, 4},
        {"FROM:<a@b.example> SIZE=99999999999999999999", 552, 3, 4},
        {"FROM:<a@b.example> SIZE=999999999999999999999", 501, 5, 4},
        {"FROM:<a@b.example> BODY=BINARYMIME", 501, 5, 4},
        {"FROM:<a@b.example> BODY=7BIT BODY=7BIT", 501, 5, 4},
        {"FROM:<a@b.example> SMTPUTF8=1", 501, 5, 4},
        {"FROM:<a@b.example> RET=SOME", 501, 5, 4},
        {"FROM:<a@b.example> ENVID=", 501, 5, 4},
        {"FROM:<a@b.example> ENVID=a+zz", 501, 5, 4},
        {"FROM:<a@b.example> AUTH=<>", 555, 5, 4},
        {"FROM:<a@b.example> FOO=1", 555, 5, 4},
        {"FROM:<a@b.example> b@c.example", 555, 5, 4},
        {"FROM:<j\xC3\xB6@b.example>", 553, 6, 7},
    }));
    CAPTURE(row.argument);
    const auto mail = parse_mail(row.argument, everything());
    REQUIRE_FALSE(mail.has_value());
    CHECK(mail.error().code == row.code);
    CHECK(mail.error().enhanced.subject == row.subject);
    CHECK(mail.error().enhanced.detail == row.detail);
}

TEST_CASE("a parameter that was not offered is refused") {
    for (const std::string_view parameter :
         {"SIZE=1", "BODY=7BIT", "SMTPUTF8", "RET=FULL", "ENVID=a"}) {
        CAPTURE(parameter);
        const std::string argument = "FROM:<a@b.example> " + std::string(parameter);
        REQUIRE_FALSE(parse_mail(argument, Extensions{}).has_value());
        CHECK(parse_mail(argument, Extensions{}).error().code == 555);
        CHECK(parse_mail(argument, everything()).has_value());
    }
    CHECK(parse_rcpt("TO:<a@b.example> NOTIFY=NEVER", Extensions{}, Utf8::refused).error().code ==
          555);
}

TEST_CASE("an address beyond ASCII needs the SMTPUTF8 parameter, not only the offer") {
    const std::string argument = "FROM:<j\xC3\xB6@b.example>";
    CHECK(parse_mail(argument + " SMTPUTF8", everything()).has_value());
    CHECK(parse_mail(argument, everything()).error().code == 553);
    CHECK(parse_mail(argument, Extensions{}).error().code == 553);
    CHECK(parse_rcpt("TO:<j\xC3\xB6@b.example>", everything(), Utf8::refused).error().code == 553);
    CHECK(parse_rcpt("TO:<j\xC3\xB6@b.example>", everything(), Utf8::allowed).has_value());
}

TEST_CASE("a size without limit is taken whatever it says") {
    CHECK(parse_mail("FROM:<> SIZE=18446744073709551615", Extensions{}.add_size(0)).has_value());
}

TEST_CASE("RCPT with its delivery status parameters") {
    const auto recipient =
        parse_rcpt("TO:<a@b.example> NOTIFY=SUCCESS,delay ORCPT=rfc822;a+2Bx@b.example",
                   everything(),
                   Utf8::refused);
    REQUIRE(recipient.has_value());
    CHECK(recipient->path.address() == "a@b.example");
    CHECK(recipient->notify.success);
    CHECK(recipient->notify.delay);
    CHECK_FALSE(recipient->notify.failure);
    CHECK_FALSE(recipient->notify.never);
    CHECK(recipient->original == "rfc822;a+2Bx@b.example");
    CHECK_FALSE(parse_rcpt("TO:<Postmaster>", Extensions{}, Utf8::refused)->notify.given());
}

TEST_CASE("RCPT that is refused says why") {
    const Refused row = GENERATE(values<Refused>({
        {"", 501, 5, 4},
        {"FROM:<a@b.example>", 501, 5, 4},
        {"TO:<>", 501, 1, 3},
        {"TO:<a>", 501, 1, 3},
        {"TO:<a@b.example>,<c@d.example>", 501, 1, 3},
        {"TO:<a@b.example> NOTIFY=", 501, 5, 4},
        {"TO:<a@b.example> NOTIFY=NEVER,DELAY", 501, 5, 4},
        {"TO:<a@b.example> NOTIFY=DELAY,DELAY", 501, 5, 4},
        {"TO:<a@b.example> NOTIFY=DELAY,", 501, 5, 4},
        {"TO:<a@b.example> NOTIFY=DELAY NOTIFY=DELAY", 501, 5, 4},
        {"TO:<a@b.example> ORCPT=a@b.example", 501, 5, 4},
        {"TO:<a@b.example> ORCPT=;a", 501, 5, 4},
        {"TO:<a@b.example> ORCPT=rfc822;", 501, 5, 4},
        {"TO:<a@b.example> ORCPT=rfc822;a+", 501, 5, 4},
        {"TO:<a@b.example> ORCPT=utf-8;\xC3\xB6@b.example", 501, 5, 4},
        {"TO:<a@b.example> SIZE=1", 555, 5, 4},
    }));
    CAPTURE(row.argument);
    const auto recipient = parse_rcpt(row.argument, everything(), Utf8::refused);
    REQUIRE_FALSE(recipient.has_value());
    CHECK(recipient.error().code == row.code);
    CHECK(recipient.error().enhanced.subject == row.subject);
    CHECK(recipient.error().enhanced.detail == row.detail);
}

TEST_CASE("an original recipient in UTF-8 is taken where SMTPUTF8 is in use") {
    CHECK(parse_rcpt("TO:<a@b.example> ORCPT=utf-8;\xC3\xB6@b.example", everything(), Utf8::allowed)
              .has_value());
    CHECK_FALSE(
        parse_rcpt("TO:<a@b.example> ORCPT=utf-8;\xF6@b.example", everything(), Utf8::allowed)
            .has_value());
}

TEST_CASE("ENVID and ORCPT are bounded") {
    const auto envid = [](std::size_t bytes) {
        return parse_mail("FROM:<> ENVID=" + std::string(bytes, 'a'), everything()).has_value();
    };
    CHECK(envid(100));
    CHECK_FALSE(envid(101));
    const auto orcpt = [](std::size_t bytes) {
        const std::string value = "rfc822;" + std::string(bytes - 7, 'a');
        return parse_rcpt("TO:<a@b.example> ORCPT=" + value, everything(), Utf8::refused)
            .has_value();
    };
    CHECK(orcpt(500));
    CHECK_FALSE(orcpt(501));
}
