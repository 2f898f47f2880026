#include "gateway/receive/spoken.h"
#include "gateway/smtp/replies.h"

#include <catch2/catch.hpp>

namespace postern::receive::test {
namespace {

relay::Answer said(int code, std::vector<std::string> lines) {
    return {.reply = {.code = code, .lines = std::move(lines)}, .failure = {}};
}

} // namespace

TEST_CASE("our own reply is spoken as it is, with what comes after it") {
    const Spoken spoken = Spoken::ours(smtp::replies::bare_line_end());
    CHECK(spoken.wire == "550 5.6.11 Bare CR or LF: lines must end in <CR><LF>\r\n");
    CHECK(spoken.code == 550);
    CHECK(spoken.enhanced == smtp::EnhancedCode{5, 6, 11});
    CHECK(spoken.text == "Bare CR or LF: lines must end in <CR><LF>");
    CHECK(spoken.after == smtp::After::close);
    CHECK(Spoken::ours(smtp::replies::ok()).after == smtp::After::keep_open);
}

TEST_CASE("the next hop's reply is passed on with nothing put before it") {
    struct Row {
        int code;
        std::vector<std::string> lines;
        std::string_view wire;
        smtp::EnhancedCode enhanced;
    };
    const auto row =
        GENERATE(Row{250, {"2.1.5 fine"}, "250 2.1.5 fine\r\n", {2, 1, 5}},
                 Row{250, {"queued as 7"}, "250 2.0.0 queued as 7\r\n", {2, 0, 0}}, // one is given
                 Row{250, {"a", "b"}, "250-2.0.0 a\r\n250 2.0.0 b\r\n", {2, 0, 0}},
                 Row{250, {"5.1.1 odd"}, "250 2.0.0 5.1.1 odd\r\n", {2, 0, 0}},
                 Row{550, {"no such user"}, "550 no such user\r\n", {}}, // refusals are left alone
                 Row{550, {"5.1.1 a", "5.1.1 b"}, "550-5.1.1 a\r\n550 5.1.1 b\r\n", {5, 1, 1}},
                 Row{451, {"4.3.0 later"}, "451 4.3.0 later\r\n", {4, 3, 0}},
                 Row{421, {"bye"}, "421 bye\r\n", {}});
    CAPTURE(row.code, row.lines);
    const Spoken spoken = Spoken::of(said(row.code, row.lines));
    CHECK(spoken.wire == row.wire);
    CHECK(spoken.code == row.code);
    CHECK(spoken.enhanced == row.enhanced);
    CHECK(spoken.after == smtp::After::keep_open); // its 421 ends its connection, not ours
}

TEST_CASE("a next hop that gave no reply is a reason to try later") {
    using relay::Cause;
    struct Row {
        Cause cause;
        std::string_view codes;
    };
    const auto row = GENERATE(Row{Cause::none_usable, "451 4.4.1 "},
                              Row{Cause::busy, "450 4.3.2 "},
                              Row{Cause::unreachable, "451 4.4.1 "},
                              Row{Cause::greeting, "451 4.4.1 "},
                              Row{Cause::tls_missing, "451 4.4.1 "},
                              Row{Cause::tls_failed, "451 4.4.1 "},
                              Row{Cause::not_trusted, "451 4.4.1 "},
                              Row{Cause::below_floor, "451 4.4.1 "},
                              Row{Cause::expired, "451 4.4.1 "},
                              Row{Cause::name_mismatch, "451 4.4.1 "},
                              Row{Cause::our_tls, "451 4.4.1 "},
                              Row{Cause::lost, "451 4.4.2 "},
                              Row{Cause::silent, "451 4.4.2 "},
                              Row{Cause::malformed, "451 4.4.2 "});
    CAPTURE(relay::text(row.cause));
    // Whatever it had said until then does not count.
    relay::Answer answer = said(250, {"2.0.0 ok"});
    answer.failure = relay::Failure{.cause = row.cause, .detail = "secret 10.0.0.5"};
    const Spoken spoken = Spoken::of(answer);
    CHECK(spoken.wire.starts_with(row.codes));
    CHECK(spoken.wire.find("secret") == std::string::npos); // the client is not told our inside
}

} // namespace postern::receive::test
