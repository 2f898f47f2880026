#include "gateway/dns/failure.h"

#include <catch2/catch.hpp>

#include <set>

namespace postern::dns {

TEST_CASE("a domain's own answer is final, what may pass is temporary, each with its status") {
    struct Row {
        Cause cause;
        std::string_view status;
        bool temporary;
    };
    const Row row = GENERATE(Row{Cause::malformed, "5.1.3", false},
                             Row{Cause::no_such_domain, "5.1.2", false},
                             Row{Cause::no_host, "5.1.2", false},
                             Row{Cause::null_mx, "5.1.10", false},
                             Row{Cause::unusable, "5.4.4", false},
                             Row{Cause::loops_back, "5.4.6", false},
                             Row{Cause::server_failed, "4.4.3", true},
                             Row{Cause::bogus, "4.4.3", true},
                             Row{Cause::timed_out, "4.4.3", true},
                             Row{Cause::cancelled, "4.3.2", true},
                             Row{Cause::ours, "4.7.0", true});
    CAPTURE(row.status);
    CHECK(enhanced_status(row.cause) == row.status);
    CHECK(temporary(row.cause) == row.temporary);
}

TEST_CASE("every cause of a DNS failure has its own words") {
    std::set<std::string_view> texts;
    for (int cause = 0; cause <= static_cast<int>(Cause::ours); ++cause) {
        texts.insert(text(static_cast<Cause>(cause)));
    }
    CHECK(texts.size() == static_cast<std::size_t>(Cause::ours) + 1);
    CHECK(!texts.contains(""));
}

} // namespace postern::dns
