#include "gateway/spool/index.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

namespace postern::spool {
namespace {

Time at(std::uint32_t seconds) { return Time{std::chrono::seconds{seconds}}; }

Entry entry(MessageId id, std::uint32_t due, std::uint32_t segment = 1) {
    return {.id = id, .first_segment = segment, .due = due};
}

std::vector<MessageId> take_everything(Index& index) {
    std::vector<MessageId> ids;
    while (const Entry* const taken = index.take_due(at(1'000'000))) {
        ids.push_back(taken->id);
    }
    return ids;
}

TEST_CASE("the next due comes first, among equals the oldest", "[spool]") {
    Index index;
    for (const Entry& one : {entry(4, 30), entry(2, 10), entry(3, 20), entry(1, 10)}) {
        index.add(one);
    }
    CHECK(index.next_due() == at(10));
    CHECK(index.take_due(at(9)) == nullptr);
    CHECK(take_everything(index) == std::vector<MessageId>{1, 2, 3, 4});
    CHECK(index.in_hand() == 4);
    CHECK_FALSE(index.next_due());
}

TEST_CASE("what is never due is not waited for", "[spool]") {
    Index index;
    Entry one = entry(1, 0);
    one.set_due(never);
    index.add(one);
    CHECK_FALSE(index.next_due());
    CHECK(index.take_due(never) == nullptr);
    CHECK(index.take(1) != nullptr);
}

TEST_CASE("any message can be taken, and the order of the others stays", "[spool]") {
    for (MessageId wanted = 1; wanted <= 50; ++wanted) {
        Index index;
        for (std::uint32_t id = 1; id <= 50; ++id) {
            index.add(entry(id, id * 37 % 50));
        }
        REQUIRE(index.take(wanted) != nullptr);
        CHECK(index.hand(wanted)->due == wanted * 37 % 50);
        CHECK(index.take(wanted) == nullptr);
        std::uint32_t last = 0;
        while (const Entry* const taken = index.take_due(at(100))) {
            CHECK(taken->due >= last);
            last = taken->due;
        }
        CHECK(index.in_hand() == 50);
    }
}

TEST_CASE("from the hand a message goes back or away", "[spool]") {
    Index index;
    index.add(entry(1, 10));
    REQUIRE(index.take(1) != nullptr);
    CHECK(index.waiting() == 0);
    index.hand(1)->set_due(at(99));
    index.put_back(1);
    CHECK(index.hand(1) == nullptr);
    CHECK(index.next_due() == at(99));
    REQUIRE(index.take(1) != nullptr);
    index.remove(1);
    CHECK(index.in_hand() == 0);
    CHECK(index.waiting() == 0);
}

TEST_CASE("the oldest is found where it is, waiting or in hand", "[spool]") {
    Index index;
    CHECK_FALSE(index.oldest());
    for (const Entry& one : {entry(7, 10), entry(5, 30), entry(6, 20)}) {
        index.add(one);
    }
    CHECK(index.oldest() == 5);
    REQUIRE(index.take(5) != nullptr);
    CHECK(index.oldest() == 5);
    index.remove(5);
    CHECK(index.oldest() == 6);
}

TEST_CASE("the newest that is due can be taken, too") {
    Index index;
    for (const Entry& one : {entry(4, 30), entry(2, 10), entry(3, 20), entry(1, 10)}) {
        index.add(one);
    }
    CHECK(index.take_due(at(9), Index::Pick::newest) == nullptr);
    CHECK(index.take_due(at(20), Index::Pick::newest)->id == 3);
    CHECK(index.take_due(at(20), Index::Pick::newest)->id == 2);
    CHECK(index.take_due(at(20), Index::Pick::oldest)->id == 1);
    CHECK(index.take_due(at(20), Index::Pick::newest) == nullptr);
    CHECK(index.take_due(never, Index::Pick::newest)->id == 4);
}

TEST_CASE("all messages come page by page, in hand or not") {
    Index index;
    for (std::uint32_t id = 1; id <= 1000; ++id) {
        index.add(entry(id, 1000 - id));
    }
    REQUIRE(index.take(7) != nullptr);
    std::vector<MessageId> ids;
    for (auto page = index.page(0, 300); !page.empty(); page = index.page(page.back().id, 300)) {
        CHECK(page.size() == std::min<std::size_t>(300, 1000 - ids.size()));
        for (const Entry& one : page) {
            CHECK(one.in_hand == (one.id == 7));
            ids.push_back(one.id);
        }
    }
    REQUIRE(ids.size() == 1000);
    CHECK(std::ranges::is_sorted(ids));
    CHECK(index.page(UINT64_MAX, 1).empty());
}

} // namespace
TEST_CASE("what would come too late is recalled, some at a time, and what is never due is not") {
    Index index;
    for (const Entry& one : {entry(1, 100), entry(2, 50), entry(3, 101), entry(4, 200)}) {
        index.add(one);
    }
    Entry held = entry(5, 0);
    held.set_due(never);
    index.add(held);
    CHECK(index.recall(at(100), at(10), 1));
    CHECK(index.recall(at(100), at(10), 1));
    CHECK_FALSE(index.recall(at(100), at(10), 1));
    CHECK(take_everything(index) == std::vector<MessageId>{3, 4, 2, 1});
    CHECK(index.waiting() == 1);
}

} // namespace postern::spool
