#include "policy/pages.h"

#include <catch2/catch.hpp>

#include <cstddef>
#include <utility>

using namespace postern::policy;

namespace {

char& byte(const Pages& pages, std::size_t at) { return static_cast<char*>(pages.data())[at]; }

} // namespace

TEST_CASE("pages begin empty and zeroed, and keep what they hold when they grow or shrink") {
    Pages pages;
    CHECK(pages.bytes() == 0);
    pages.grow(1);
    CHECK(pages.bytes() == 4096);
    CHECK(byte(pages, 4095) == 0);
    byte(pages, 0) = 'a';
    byte(pages, 4095) = 'b';
    pages.grow(4097);
    CHECK(pages.bytes() == 8192);
    pages.grow(std::size_t{16} << 20);
    CHECK(byte(pages, 0) == 'a');
    CHECK(byte(pages, 4095) == 'b');
    CHECK(byte(pages, pages.bytes() - 1) == 0);
    pages.grow(10);
    CHECK(pages.bytes() == std::size_t{16} << 20);
    pages.shrink(4000);
    CHECK(pages.bytes() == 4096);
    CHECK(byte(pages, 4095) == 'b');
    pages.shrink(5000);
    CHECK(pages.bytes() == 4096);
    pages.shrink(0);
    CHECK(pages.data() == nullptr);
    pages.grow(4096);
    CHECK(byte(pages, 0) == 0);
}

TEST_CASE("pages have one owner") {
    Pages pages(100);
    byte(pages, 0) = 'a';
    Pages other(std::move(pages));
    CHECK(byte(other, 0) == 'a');
    Pages third;
    third = std::move(other);
    CHECK(byte(third, 0) == 'a');
}
