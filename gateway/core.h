#pragma once

#include "gateway/configuration.h"
#include "gateway/deliver/queue_desk.h"
#include "gateway/dns/context.h"
#include "gateway/dns/mail_hosts.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/mailbox.h"
#include "gateway/journal.h"
#include "gateway/listening.h"
#include "gateway/receive/census.h"
#include "gateway/receive/door.h"
#include "gateway/report/metrics.h"
#include "gateway/spool/recovery.h"
#include "ssl/context.h"
#include "ssl/ticket.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern::gateway {

// A core's part of a new configuration. TLS contexts are made on the loader's thread and belong to
// the core from then on; null: those it has stay.
struct CoreConfiguration {
    std::shared_ptr<const Configuration> shared;
    std::unique_ptr<ssl::ServerContext> server_tls;
    std::unique_ptr<ssl::ClientContext> client_tls;
    bool new_tls = false; // the two above replace what the core has, null or not
    // Outbound mail: what the spool has for this core, the first time.
    std::optional<std::vector<spool::RecoveredShard>> shards;
    // Made on the loader's thread; null: no name can be looked up.
    std::unique_ptr<dns::Context> resolver;
    bool new_resolver = false;
    dns::Ourselves ourselves;
    // Listening sockets of listeners that are new.
    Listening listening;
};

// One thread on one CPU with everything it needs, sharing nothing: its loop, doors, sessions, next
// hops. Made and driven by the Gateway through messages.
class Core {
public:
    struct Place {
        unsigned number = 0;
        int cpu = 0;
    };
    // What the core tells the gateway, called on the core's thread.
    struct Reports {
        std::function<void(std::string error)> started; // "" when all is well
        std::function<void(std::shared_ptr<const Configuration>)> let_go;
        std::function<void()> stopped;
    };

    Core(Place place, JournalWriter& writer, Reports reports);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    // stop() was asked for, unless it never started.
    ~Core();

    // `all` are the censuses of every core, and outlive them.
    void start(std::span<const receive::Census* const> all);

    // From any thread; carried out by the core in the order of the calls.
    void adopt(CoreConfiguration configuration, std::function<void()> done);
    void set_ticket_keys(const ssl::TicketKeys& keys);
    void set_short_of_memory(bool is_short);
    // `answered` is called on the core's thread, with nothing when this core has no queue; and on
    // the caller's when the core has ended.
    void ask_queue(deliver::QueueRequest request,
                   std::function<void(deliver::QueueAnswer)> answered);
    // `answered` is called on the core's thread with its latest lines of level error.
    void ask_for_errors(std::function<void(std::vector<std::string>)> answered);
    // `answered` is called on the core's thread, as soon as its loop comes to it.
    void ask_for_sign_of_life(std::function<void()> answered);
    void stop(receive::Door::Address addresses);

    // Its thread does nothing any more: it was stopped, or could not start.
    [[nodiscard]] bool ended() const { return ended_; }

    [[nodiscard]] const receive::Census& census() const { return census_; }
    [[nodiscard]] const report::Counters& counters() const { return counters_; }

private:
    class State; // what lives on the thread

    void run(std::span<const receive::Census* const> all);

    report::Counters counters_; // first: it wants cache lines of its own
    Place place_;
    JournalWriter& writer_;
    Reports reports_;
    receive::Census census_;
    std::atomic<bool> ended_ = false; // what is posted is not heard any more
    io::Mailbox mailbox_;
    State* state_ = nullptr; // the thread's own
    std::thread thread_;
};

} // namespace postern::gateway
