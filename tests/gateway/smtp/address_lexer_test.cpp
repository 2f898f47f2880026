#include "gateway/smtp/address_lexer.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using postern::smtp::AddressLexer;
using postern::smtp::TokenKind;

namespace {

std::vector<std::string> tokens(std::string_view text) {
    AddressLexer lexer(text);
    std::vector<std::string> all;
    for (;;) {
        const auto token = lexer.next();
        if (token.kind == TokenKind::end) return all;
        if (token.kind == TokenKind::bad) {
            all.emplace_back("BAD");
            return all;
        }
        all.emplace_back(token.text);
    }
}

using Tokens = std::vector<std::string>;

} // namespace

TEST_CASE("a value is cut into words, blanks and comments fall away") {
    CHECK(tokens("a.b@c (x (y) \\) \"z) , <d>") ==
          Tokens{"a", ".", "b", "@", "c", ",", "<", "d", ">"});
    CHECK(tokens(R"("a \" b" [1\]2])") == Tokens{R"(a \" b)", R"([1\]2])"});
    CHECK(tokens("=?utf-8?q?a=40b?=") == Tokens{"=?utf-8?q?a=40b?="});
    CHECK(tokens("m\xFCller \xC3\xBC") == Tokens{"m\xFCller", "\xC3\xBC"});
    CHECK(tokens("()") == Tokens{});
}

TEST_CASE("what is not closed is bad") {
    for (const std::string_view text :
         {"\"a", "(a", "[a", "(a\\)", "\"a\\\"", ")", "]", "\\", "\x01", "\x7F", "\r\n"}) {
        CAPTURE(text);
        CHECK(tokens(text).back() == "BAD");
    }
}

TEST_CASE("comments nest a hundred deep and no deeper") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + std::string(depth, ')') + "a";
    };
    CHECK(tokens(nested(100)) == Tokens{"a"});
    CHECK(tokens(nested(101)) == Tokens{"BAD"});
}
