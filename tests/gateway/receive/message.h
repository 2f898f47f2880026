#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/gateway/receive/core.h"

namespace postern::receive::test {

using smtp::ContentFacts;

inline std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int count = 0; count < times; ++count) {
        all += text;
    }
    return all;
}

// A message that has one recipient and begins.
struct Message {
    Core core;
    std::unique_ptr<InboundTransaction> transaction;
    std::optional<InboundIntake> intake;

    explicit Message(std::string_view from = "FROM:<a@other.example>")
        : transaction(core.transaction(from)) {
        core.server.heard.clear();
        intake.emplace(core.surroundings, core.facts, *transaction);
    }
    void take(std::string_view content) { core.loop.run(intake->take(content)); }
    Spoken finish(const ContentFacts& content = {}) {
        return awaited(core.loop, intake->finish(content));
    }
    // Its transaction has ended, and with it all that was under way.
    void end() {
        intake.reset();
        transaction.reset();
        turn_until(core.loop, [&] { return core.relay.hops[0]->in_use() == 0; });
    }
};

inline const std::string other = "From: a@other.example\r\nSubject: x\r\n\r\nbody\r\n";

} // namespace postern::receive::test
