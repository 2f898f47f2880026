#include "gateway/gateway.h"
#include "gateway/io/acceptor.h"
#include "gateway/io/readable.h"

#include <chrono>
#include <string>
#include <utility>

// How files that changed come into use.

namespace postern::gateway {
namespace {

constexpr io::Duration long_wait = std::chrono::hours{1};

} // namespace

io::Task<void> Gateway::reload_for_signal() {
    [[maybe_unused]] const Reloaded reloaded = co_await reload(Loader::When::always);
}

// Files that change are looked at when they have been quiet for a moment: editors and tools write
// in several steps.
io::Task<void> Gateway::wait_for_changes() {
    constexpr io::Duration quiet{50};
    constexpr int rounds_max = 6; // a file that never rests is read all the same
    while (!stopping_) {
        bool happened = co_await something_happened(long_wait);
        if (!happened) continue;
        for (int rounds = 0; happened && rounds < rounds_max; ++rounds) {
            watch_.drain();
            happened = co_await something_happened(quiet);
        }
        if (stopping_) co_return;
        [[maybe_unused]] const Reloaded reloaded = co_await reload(Loader::When::if_changed);
    }
}

io::Task<bool> Gateway::something_happened(io::Duration wait) {
    io::Readable readable{*ring_, watch_.fd(), wait};
    watching_ = &readable;
    const bool happened = co_await readable;
    watching_ = nullptr;
    co_return happened;
}

// Names of next hops may lead elsewhere by now, and a watch may have missed something.
io::Task<void> Gateway::look_again() {
    constexpr io::Duration period = std::chrono::minutes{1};
    io::Clock::time_point due = io::Clock::now() + period;
    while (!stopping_) {
        const auto left = std::chrono::ceil<io::Duration>(due - io::Clock::now());
        if (left > io::Duration{0}) {
            [[maybe_unused]] const bool changed = co_await changed_->wait(left);
            continue;
        }
        due = io::Clock::now() + period;
        [[maybe_unused]] const Reloaded reloaded = co_await reload(Loader::When::if_changed);
    }
}

io::Task<Reloaded> Gateway::reload(Loader::When when) {
    while (reloading_) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    reloading_ = true;
    loader_->load(when, keys_, [this](std::unique_ptr<Load> load) {
        mailbox_.post([this, come = std::move(load)]() mutable {
            load_ = std::move(come);
            changed_->set();
        });
    });
    while (!load_) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    std::unique_ptr<Load> load = std::move(load_);
    Reloaded reloaded{.outcome = Reloaded::Outcome::unchanged,
                      .generation = current_ ? current_->policy->generation() : 0,
                      .mistakes = {}};
    if (!load->unchanged) {
        if (ready_) tell_reloading();
        watch_.set(load->loaded.files);
        reloaded = co_await put_in_use(std::move(load));
        log_reload(reloaded);
        if (ready_) tell_ready();
    }
    reloading_ = false;
    changed_->set();
    co_return reloaded;
}

// At the start nobody else may listen where we will; later a listener of ours may be replaced by
// one that overlaps it. A process that was killed may hold its sockets for a moment longer, until
// the kernel has ended what its rings were waiting for.
io::Task<void> Gateway::wait_for_addresses(const Settings& settings, policy::Mistakes& mistakes) {
    constexpr io::Duration moment{20};
    constexpr io::Duration patience{2000};
    const io::Clock::time_point deadline = io::Clock::now() + patience;
    for (const ListenerSettings& listener : settings.listeners) {
        const auto address = io::Endpoint::parse(listener.address);
        if (!address) continue; // settings have only addresses that can be read
        if (listening_.inherits(listener.address)) continue; // we listen there ourselves already
        auto is_free = io::check_free(*address);
        while (!is_free && io::Clock::now() < deadline) {
            [[maybe_unused]] const bool changed = co_await changed_->wait(moment);
            is_free = io::check_free(*address);
        }
        if (!is_free) mistakes.error(settings.file, listener.address_place, is_free.error());
    }
}

// Binds what is new before anything is handed out: either all of a configuration comes into use, or
// nothing.
std::vector<Listening> Gateway::listen(const Settings& settings, policy::Mistakes& mistakes) {
    std::vector<Listening> listening(cores_.size());
    for (const ListenerSettings& listener : settings.listeners) {
        if (current_ && has_listener(current_->settings, listener.address)) continue;
        auto sockets = listening_.open(listener.address, cores_.size());
        if (!sockets) {
            mistakes.error(settings.file, listener.address_place, sockets.error());
            continue;
        }
        for (std::size_t at = 0; at < sockets->size(); ++at) {
            listening.at(at % listening.size())
                .emplace_back(listener.address, std::move(sockets->at(at)));
        }
    }
    return listening;
}

void Gateway::keep(const std::vector<Listening>& fresh, const Settings& settings) {
    listening_.in_use(fresh);
    listening_.close_rest();
    if (current_) {
        for (const ListenerSettings& former : current_->settings.listeners) {
            if (!has_listener(settings, former.address)) listening_.forget(former.address);
        }
    }
    supervisor_.keep(listening_.all());
}

io::Task<Reloaded> Gateway::put_in_use(std::unique_ptr<Load> load) {
    Reloaded reloaded{.outcome = Reloaded::Outcome::refused,
                      .generation = current_ ? current_->policy->generation() : 0,
                      .mistakes = std::move(load->loaded.mistakes)};
    const std::shared_ptr<const Configuration> configuration = load->loaded.configuration;
    if (!configuration) co_return reloaded;
    if (cores_.empty()) {
        const bool started = co_await start_cores(load->cores);
        if (!started) {
            reloaded.mistakes.error("postern", {}, core_error_);
            co_return reloaded;
        }
    }
    if (!current_) co_await wait_for_addresses(configuration->settings, reloaded.mistakes);
    if (reloaded.mistakes.errors() > 0) co_return reloaded;
    std::vector<Listening> listening = listen(configuration->settings, reloaded.mistakes);
    if (reloaded.mistakes.errors() > 0) co_return reloaded;

    keep(listening, configuration->settings);
    log_outbound(*load);
    outstanding_ = cores_.size();
    for (std::size_t number = 0; number < cores_.size(); ++number) {
        CoreConfiguration part{.shared = configuration,
                               .server_tls = nullptr,
                               .client_tls = nullptr,
                               .new_tls = load->new_tls,
                               .shards = {},
                               .resolver = nullptr,
                               .new_resolver = load->new_resolvers,
                               .ourselves = load->ourselves,
                               .listening = std::move(listening.at(number))};
        if (load->new_tls) {
            part.server_tls = std::move(load->server_tls.at(number));
            part.client_tls = std::move(load->client_tls.at(number));
        }
        if (load->spool) part.shards = std::move(load->spool->cores.at(number));
        if (load->new_resolvers) part.resolver = std::move(load->resolvers.at(number));
        cores_.at(number)->adopt(std::move(part), [this] {
            mailbox_.post([this] {
                --outstanding_;
                changed_->set();
            });
        });
    }
    while (outstanding_ > 0) {
        [[maybe_unused]] const bool changed = co_await changed_->wait(long_wait);
    }
    loader_->in_use(configuration,
                    {.spool = load->spool.has_value(),
                     .resolvers = load->new_resolvers && load->dns_problem.empty()});
    if (load->spool) spool_lock_ = std::move(load->spool_lock);
    if (current_) loader_->free(std::move(current_));
    current_ = configuration;
    reloaded.outcome = Reloaded::Outcome::in_use;
    reloaded.generation = configuration->policy->generation();
    co_return reloaded;
}

} // namespace postern::gateway
