#pragma once

#include "gateway/configuration.h"
#include "gateway/core.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/event.h"
#include "gateway/io/mailbox.h"
#include "gateway/io/readable.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"
#include "gateway/journal.h"
#include "gateway/listening.h"
#include "gateway/loader.h"
#include "gateway/report/section.h"
#include "gateway/supervisor.h"
#include "gateway/watch.h"
#include "ssl/library.h"
#include "ssl/ticket.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

namespace postern::gateway {

class Endpoints;

// What a reload came to, for whoever asked for it.
struct Reloaded {
    enum class Outcome : std::uint8_t { in_use, unchanged, refused };
    Outcome outcome = Outcome::refused;
    std::uint64_t generation = 0;
    policy::Mistakes mistakes; // warnings, when it is in use
};

// The running program: starts the cores, hands configurations out, answers the administrator, and
// winds everything up. Lives on the main thread, with a loop of its own that carries no mail.
class Gateway {
public:
    // `keys`: the first session ticket keys. `inherited`: listening sockets of a predecessor.
    Gateway(std::string config_path,
            std::ostream& err,
            ssl::TicketKeys keys,
            Supervisor supervisor,
            std::vector<io::Descriptor> inherited);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    ~Gateway();

    // Until SIGTERM or SIGINT. The program's exit code: 0 after draining, 1 when it could not
    // start; then everything that is wrong has been written to `err`.
    [[nodiscard]] int run();

    // For the admin and control listeners, on the main thread.
    [[nodiscard]] io::Task<Reloaded> reload(Loader::When when);
    [[nodiscard]] std::string metrics();
    [[nodiscard]] std::string status() const;
    // What `postern status --full` wants of it. Waits for the cores, but not for one that is stuck.
    enum class Form : std::uint8_t { text, json };
    [[nodiscard]] io::Task<std::string> support(Form form);
    // The next part of what the cores say to it, one after the other; `core`, 0 at first, and the
    // request are moved on.
    enum class NoAnswer : std::uint8_t { all, ending };
    [[nodiscard]] io::Task<std::expected<std::string, NoAnswer>>
    ask_queue(std::size_t& core, deliver::QueueRequest& request);
    // Gives our listening sockets to the process at the other end of a connection, which takes our
    // place, and ends as after SIGTERM; the connection stays open until the spool is free. The
    // result is why not, or "".
    [[nodiscard]] std::string hand_over(int connection);
    [[nodiscard]] bool ready() const { return ready_ && !stopping_; }
    // False: an event loop is stuck, and only a new process will help.
    [[nodiscard]] bool healthy();

private:
    // When a core was asked for a sign of life, and whether it has given it.
    struct Pulse {
        io::Clock::time_point asked;
        bool answered = true;
    };

    [[nodiscard]] io::Task<void> serve();
    [[nodiscard]] io::Task<bool> start();
    [[nodiscard]] io::Task<void> wait_for_signals();
    [[nodiscard]] io::Task<void> reload_for_signal();
    [[nodiscard]] io::Task<void> wait_for_changes();
    [[nodiscard]] io::Task<bool> something_happened(io::Duration wait);
    [[nodiscard]] io::Task<void> look_again();
    [[nodiscard]] io::Task<void> rotate_ticket_keys();
    [[nodiscard]] io::Task<void> watch_memory();
    [[nodiscard]] io::Task<void> feed_watchdog();
    [[nodiscard]] io::Task<void> stop_cores();
    [[nodiscard]] io::Task<bool> start_cores(std::size_t count);
    [[nodiscard]] io::Task<Reloaded> put_in_use(std::unique_ptr<Load> load);
    [[nodiscard]] io::Task<void> wait_for_addresses(const Settings& settings,
                                                    policy::Mistakes& mistakes);
    [[nodiscard]] std::vector<Listening> listen(const Settings& settings,
                                                policy::Mistakes& mistakes);
    // New sockets are kept for a successor, and those of listeners that go are not.
    void keep(const std::vector<Listening>& fresh, const Settings& settings);
    void log_reload(const Reloaded& reloaded);
    // What the supervisor shows of us.
    [[nodiscard]] std::string status_line() const;
    void tell_ready() const;
    void tell_reloading() const;
    void tell_stopping() const;
    [[nodiscard]] report::Section state() const;
    [[nodiscard]] report::Section process();
    [[nodiscard]] report::Section counts();
    [[nodiscard]] io::Task<std::vector<std::string>> latest_errors();
    // How long each core has not answered; asks those that have, so that the next look knows.
    [[nodiscard]] std::vector<std::chrono::seconds> feel_pulses();
    // No core owes a sign of life.
    [[nodiscard]] bool all_answered() const {
        return std::ranges::all_of(pulses_, &Pulse::answered);
    }
    // What was found in the spool, and what is wrong with the resolver.
    void log_outbound(const Load& load);

    std::string config_path_;
    std::ostream& err_;
    ssl::TicketKeys keys_;
    Supervisor supervisor_;
    ListeningSockets listening_;
    io::Descriptor successor_; // the process that waits for our end
    std::unique_ptr<io::Ring> ring_;
    io::Mailbox mailbox_;
    std::unique_ptr<JournalWriter> writer_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Loader> loader_;
    io::Descriptor spool_lock_; // the spool is ours
    Watch watch_;
    io::Readable* watching_ = nullptr; // the wait for a change that is going on
    io::Descriptor signals_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::vector<const receive::Census*> censuses_;
    std::vector<Pulse> pulses_;                                   // of the cores
    std::vector<std::optional<std::vector<std::string>>> errors_; // what the cores told of them
    std::shared_ptr<const Configuration> current_;
    std::unique_ptr<io::TaskGroup> tasks_;
    std::unique_ptr<io::Event> changed_; // something that a task here waits for has happened
    std::unique_ptr<Endpoints> endpoints_;
    std::unique_ptr<Load> load_;  // has come from the loader
    std::size_t outstanding_ = 0; // answers of cores
    std::uint64_t questions_ = 0; // about their queues
    // By question, until they are read.
    std::unordered_map<std::uint64_t, deliver::QueueAnswer> answers_;
    std::string core_error_;
    std::chrono::system_clock::time_point started_at_;
    std::uint64_t reloads_ = 0;
    std::uint64_t reloads_failed_ = 0;
    std::size_t mistakes_ = 0; // of the last reload, when it was refused
    bool reloading_ = false;
    bool ready_ = false;
    bool stopping_ = false;
    int exit_code_ = 0;
};

} // namespace postern::gateway
