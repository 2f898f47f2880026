#pragma once

#include "gateway/io/timer.h"
#include "gateway/journal.h"
#include "gateway/receive/admission.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/spoken.h"
#include "gateway/relay/failure.h"
#include "gateway/report/metrics.h"
#include "ssl/error.h"
#include "ssl/peer.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::receive {

class Transaction;

struct SessionEnd {
    const Facts& facts;
    std::string_view ending;
    io::Duration lasted{0};
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint32_t commands = 0;
    std::uint32_t errors = 0;
    std::uint32_t messages = 0;
};

// One decision about one message, as it is written down (DESIGN 9).
struct MessageRecord {
    const Facts& facts;
    const Transaction& transaction;
    std::span<const policy::Address> from;
    const Judgement& judgement;
    const Spoken& reply;
    std::string_view why; // where the reply does not say it: "connection lost"
    std::uint64_t bytes = 0;
    io::Duration lasted{0};               // from MAIL on
    io::Clock::duration decision_took{0}; // from the end of data to the reply
};

// Counts and writes down what sessions do: the one place where receive speaks to the log, the trail
// and the counters. Owned by the core.
class Recorder {
public:
    Recorder(report::Counters& counters, gateway::Journal& journal)
        : counters_(counters), journal_(journal) {}

    void session_began();
    void session_ended(const SessionEnd& end);
    void turned_away(std::string_view client, int code);
    void handshake_done(const ssl::Peer& peer);
    void handshake_failed(const Facts& facts, const ssl::Error& error);
    void replied(int code);
    void message(const MessageRecord& record);
    void next_hop_failed(const Facts& facts,
                         const Transaction& transaction,
                         const relay::Failure& failure);

private:
    report::Counters& counters_;
    gateway::Journal& journal_;
};

} // namespace postern::receive
