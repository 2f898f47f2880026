#include "gateway/gateway.h"

#include "gateway/endpoints.h"
#include "gateway/io/readable.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <optional>
#include <utility>

namespace postern::gateway {
namespace {

constexpr io::Duration long_wait = std::chrono::hours{1};

report::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::vector<int> usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
        }
    }
    if (cpus.empty()) cpus.push_back(0);
    return cpus;
}

std::uint64_t resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// A session needs a descriptor; the soft limit of most systems allows a thousand.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

io::Descriptor take_over_signals() {
    sigset_t handled;
    sigemptyset(&handled);
    for (const int number : {SIGHUP, SIGTERM, SIGINT}) {
        sigaddset(&handled, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &handled, nullptr); // threads started later inherit it
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // a limit on the size of files is a full disk, not an end
    return io::Descriptor{::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK)};
}

} // namespace

Gateway::Gateway(std::string config_path,
                 std::ostream& err,
                 ssl::TicketKeys keys,
                 Supervisor supervisor,
                 std::vector<io::Descriptor> inherited)
    : config_path_(std::move(config_path))
    , err_(err)
    , keys_(keys)
    , supervisor_(std::move(supervisor))
    , listening_(std::move(inherited))
    , started_at_(std::chrono::system_clock::now()) {}

Gateway::~Gateway() = default;

int Gateway::run() {
    raise_descriptor_limit();
    signals_ = take_over_signals();
    auto ring = io::Ring::open({.entries = 256, .completions = 1024, .buffers = 64});
    if (!ring) {
        err_ << "postern: " << ring.error() << '\n';
        return 1;
    }
    ring_ = std::move(*ring);
    writer_ = std::make_unique<JournalWriter>(STDOUT_FILENO);
    journal_ = std::make_unique<Journal>(*writer_);
    loader_ = std::make_unique<Loader>(config_path_);
    tasks_ = std::make_unique<io::TaskGroup>(*ring_);
    changed_ = std::make_unique<io::Event>(*ring_);
    mailbox_.open(*ring_);
    tasks_->spawn(serve());
    ring_->run();
    mailbox_.stop();
    tasks_.reset();
    loader_.reset();
    journal_.reset();
    writer_.reset();
    spool_lock_.reset();
    successor_.reset(); // it may begin
    return exit_code_;
}

io::Task<void> Gateway::serve() {
    const bool started = co_await start();
    if (started) {
        io::TaskGroup watching{*ring_};
        watching.spawn(wait_for_changes());
        watching.spawn(look_again());
        watching.spawn(rotate_ticket_keys());
        watching.spawn(watch_memory());
        watching.spawn(feed_watchdog());
        co_await wait_for_signals();
        tell_stopping();
        changed_->set();
        if (watching_ != nullptr) watching_->cancel();
        [[maybe_unused]] const bool ended = co_await watching.ended(long_wait);
    }
    stopping_ = true;
    while (reloading_) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    if (endpoints_) co_await endpoints_->close();
    co_await stop_cores();
    ring_->stop();
}

io::Task<bool> Gateway::start() {
    const Reloaded first = co_await reload(Loader::When::always);
    if (first.outcome != Reloaded::Outcome::in_use) {
        err_ << first.mistakes.text();
        exit_code_ = 1;
        co_return false;
    }
    if (first.mistakes.warnings() > 0) err_ << first.mistakes.text();
    endpoints_ = std::make_unique<Endpoints>(*this, *ring_);
    if (const std::string problem = endpoints_->open(current_->settings); !problem.empty()) {
        err_ << "postern: " << problem << '\n';
        exit_code_ = 1;
        co_return false;
    }
    ready_ = true;
    tell_ready();
    std::string text;
    report::Line line{text, now(), report::Level::info, "started"};
    line.text(report::Key::version, POSTERN_VERSION)
        .number(report::Key::generation, first.generation)
        .number(report::Key::count, cores_.size());
    line.end();
    journal_->append(report::Level::info, text);
    journal_->flush();
    co_return true;
}

io::Task<bool> Gateway::start_cores(std::size_t count) {
    const std::vector<int> cpus = usable_cpus();
    for (std::size_t number = 0; number < count; ++number) {
        const Core::Place place{.number = static_cast<unsigned>(number),
                                .cpu = cpus.at(number % cpus.size())};
        Core::Reports reports{.started =
                                  [this](std::string error) {
                                      mailbox_.post([this, said = std::move(error)]() mutable {
                                          if (!said.empty()) core_error_ = std::move(said);
                                          --outstanding_;
                                          changed_->set();
                                      });
                                  },
                              .let_go =
                                  [this](std::shared_ptr<const Configuration> unused) {
                                      loader_->free(std::move(unused));
                                  },
                              .stopped =
                                  [this] {
                                      mailbox_.post([this] {
                                          --outstanding_;
                                          changed_->set();
                                      });
                                  }};
        cores_.push_back(std::make_unique<Core>(place, *writer_, std::move(reports)));
        censuses_.push_back(&cores_.back()->census());
    }
    outstanding_ = count;
    for (const std::unique_ptr<Core>& core : cores_) {
        core->start(censuses_);
    }
    while (outstanding_ > 0) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    co_return core_error_.empty();
}

io::Task<std::expected<std::string, Gateway::NoAnswer>>
Gateway::ask_queue(std::size_t& core, deliver::QueueRequest& request) {
    if (core >= cores_.size() || request.limit == 0) co_return std::unexpected{NoAnswer::all};
    const std::uint64_t question = ++questions_;
    cores_[core]->ask_queue(request, [this, question](deliver::QueueAnswer said) {
        mailbox_.post([this, question, come = std::move(said)]() mutable {
            answers_.emplace(question, std::move(come));
            changed_->set();
        });
    });
    while (!answers_.contains(question) && !stopping_) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    if (stopping_) co_return std::unexpected{NoAnswer::ending}; // it may never come
    deliver::QueueAnswer answer = std::move(answers_.extract(question).mapped());
    if (!deliver::go_on(request, answer)) {
        ++core;
        request.after = 0;
    }
    co_return std::move(answer.text);
}

io::Task<void> Gateway::wait_for_signals() {
    for (;;) {
        const bool readable = co_await io::Readable{*ring_, signals_.get(), long_wait};
        if (!readable) continue;
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo == SIGHUP) {
                tasks_->spawn(reload_for_signal());
            } else {
                stopping_ = true;
                co_return;
            }
        }
    }
}

io::Task<void> Gateway::rotate_ticket_keys() {
    io::Clock::time_point due = io::Clock::now() + ssl::ticket_key_period;
    while (!stopping_) {
        const auto left = std::chrono::ceil<io::Duration>(due - io::Clock::now());
        if (left > io::Duration{0}) {
            [[maybe_unused]] const bool changed = co_await changed_->wait(left);
            continue;
        }
        due = io::Clock::now() + ssl::ticket_key_period;
        const auto rotated = keys_.rotated();
        if (!rotated) continue; // no entropy: the old keys are better than none
        keys_ = *rotated;
        for (const std::unique_ptr<Core>& core : cores_) {
            core->set_ticket_keys(keys_);
        }
    }
}

// New sessions are turned away while the process has more memory than its cores may have together;
// those that run go on, and as they end there is room again.
io::Task<void> Gateway::watch_memory() {
    constexpr io::Duration period{1000};
    bool is_short = false;
    while (!stopping_) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(period);
        const std::uint64_t allowed = current_->settings.limits.memory_per_core * cores_.size();
        const bool now_short = resident_bytes() > allowed;
        if (now_short == is_short) continue;
        is_short = now_short;
        for (const std::unique_ptr<Core>& core : cores_) {
            core->set_short_of_memory(is_short);
        }
        const report::Level level = is_short ? report::Level::error : report::Level::info;
        std::string text;
        report::Line line{text, now(), level, is_short ? "memory_short" : "memory_recovered"};
        line.number(report::Key::bytes, resident_bytes());
        line.end();
        journal_->append(level, text);
        journal_->flush();
    }
}

io::Task<void> Gateway::stop_cores() {
    using Address = receive::Door::Address;
    const bool continued = successor_.valid() || supervisor_.present();
    outstanding_ = 0;
    for (const std::unique_ptr<Core>& core : cores_) {
        if (core->ended()) continue; // it could not start, so that we end: the others have to
        ++outstanding_;
        core->stop(continued ? Address::handed_on : Address::given_up);
    }
    while (outstanding_ > 0) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    cores_.clear();
}

} // namespace postern::gateway
