#include "gateway/core.h"

#include "gateway/deliver/courier.h"
#include "gateway/deliver/office.h"
#include "gateway/dns/resolver.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"
#include "gateway/policy_in_use.h"
#include "gateway/receive/door.h"
#include "gateway/receive/surroundings.h"
#include "gateway/relay/pool.h"
#include "gateway/spool/spool.h"
#include "ssl/library.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

namespace postern::gateway {
namespace {

void pin(const Core::Place& place) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<unsigned>(place.cpu), &cpus);
    ::pthread_setaffinity_np(::pthread_self(), sizeof cpus, &cpus);
    const std::string name = "core-" + std::to_string(place.number);
    ::pthread_setname_np(::pthread_self(), name.c_str());
}

report::Level level_of(LogLevel level) {
    switch (level) {
    case LogLevel::error: return report::Level::error;
    case LogLevel::warning: return report::Level::warning;
    case LogLevel::info: return report::Level::info;
    case LogLevel::debug: return report::Level::debug;
    }
    return report::Level::info;
}

relay::Bounds bounds_of(const Settings& settings) {
    const Timeouts& timeouts = settings.timeouts;
    return {.connect = timeouts.next_hop_connect,
            .command = timeouts.next_hop_command,
            .handshake = timeouts.next_hop_command,
            .data_block = timeouts.next_hop_data_block,
            .data_end = timeouts.next_hop_data_end,
            .idle = timeouts.next_hop_idle,
            .age = timeouts.next_hop_age,
            .free_wait = timeouts.next_hop_wait,
            .conversations_max = settings.limits.next_hop_connections};
}

} // namespace

// Members are destroyed in reverse: whatever waits on the ring goes before it.
class Core::State final : public io::Ring::TurnEnd, public io::Timer {
public:
    State(Core& core, std::unique_ptr<io::Ring> ring, std::span<const receive::Census* const> all)
        : core_(core)
        , ring_(std::move(ring))
        , journal_(core.writer_)
        , relay_environment_{.ring = *ring_, .hostname = {}, .bounds = {}, .counts = {}}
        , relay_(relay_environment_)
        , policy_([this](std::shared_ptr<const Configuration> used) {
            core_.reports_.let_go(std::move(used));
        })
        , surroundings_{.ring = *ring_,
                        .settings = nullptr,
                        .policy = policy_,
                        .server_tls = nullptr,
                        .relay = relay_,
                        .recorder = receive::Recorder{core.counters_, journal_},
                        .identifiers =
                            Identifiers{std::chrono::system_clock::now(), core.place_.number},
                        .census = core.census_,
                        .all_cores = all}
        , asked_(*ring_)
        , background_(*ring_) {
        ring_->at_turn_end(this);
    }

    [[nodiscard]] io::Ring& ring() { return *ring_; }
    [[nodiscard]] const std::vector<std::string>& errors() const { return journal_.errors(); }

    void adopt(CoreConfiguration configuration) {
        const Settings& settings = configuration.shared->settings;
        surroundings_.settings = &settings;
        if (configuration.new_tls) {
            surroundings_.server_tls = std::move(configuration.server_tls);
            client_tls_ = std::move(configuration.client_tls);
        }
        journal_.set_level(level_of(settings.log_level));
        relay_environment_.hostname = settings.hostname;
        relay_environment_.tls = client_tls_.get();
        relay_environment_.bounds = bounds_of(settings);
        auto routes =
            relay_.table_for(*configuration.shared->policy, configuration.shared->addresses);
        policy_.adopt(configuration.shared, std::move(routes));
        relay_.drop_unused();
        adopt_outbound(configuration);
        arrange_doors(settings, std::move(configuration.listening));
    }

    void set_ticket_keys(const ssl::TicketKeys& keys) const {
        if (surroundings_.server_tls) surroundings_.server_tls->set_ticket_keys(keys);
    }

    void set_short_of_memory(bool is_short) { surroundings_.short_of_memory = is_short; }

    void ask_queue(deliver::QueueRequest request,
                   std::function<void(deliver::QueueAnswer)> answered) {
        if (!outbound_ || stopping_) return answered({});
        asked_.spawn(serve_queue(std::move(request), std::move(answered)));
    }

    void stop(receive::Door::Address addresses) {
        stopping_ = true;
        background_.spawn(wind_up(addresses));
    }

private:
    // Everything that mail to outside needs, from the first configuration that sends any.
    struct Outbound {
        spool::Spool spool;
        relay::Environment hosts;
        std::unique_ptr<dns::Resolver> resolver;
        deliver::Office office;
        deliver::Courier courier;

        Outbound(State& core, std::vector<spool::RecoveredShard> shards)
            : spool(*core.ring_,
                    {.directory = spool_directory(*core.surroundings_.settings),
                     .core = core.core_.place_.number},
                    std::move(shards))
            , hosts{.ring = *core.ring_, .hostname = {}, .bounds = {}, .counts = {}}
            , office{.ring = *core.ring_,
                     .settings = core.surroundings_.settings,
                     .policy = core.policy_,
                     .spool = spool,
                     .resolver = nullptr,
                     .hosts = hosts,
                     .recorder = deliver::Recorder{core.core_.counters_, core.journal_}}
            , courier(office, seed_of(core.core_.place_.number)) {}
    };

    void adopt_outbound(CoreConfiguration& configuration) {
        const bool is_new = configuration.shards.has_value();
        if (is_new) outbound_.emplace(*this, std::move(*configuration.shards));
        if (!outbound_) return;
        outbound_->office.settings = surroundings_.settings;
        outbound_->hosts.hostname = relay_environment_.hostname;
        outbound_->hosts.tls = relay_environment_.tls;
        outbound_->hosts.bounds = relay_environment_.bounds;
        if (configuration.new_resolver) {
            std::unique_ptr<dns::Resolver> fresh;
            if (configuration.resolver) {
                fresh = std::make_unique<dns::Resolver>(
                    *ring_,
                    std::move(configuration.resolver),
                    dns::ResolverSettings{.ourselves = std::move(configuration.ourselves),
                                          .seed = seed_of(core_.place_.number)});
            }
            std::swap(outbound_->resolver, fresh);
            outbound_->office.resolver = outbound_->resolver.get();
            if (fresh) background_.spawn(retire(std::move(fresh)));
        }
        if (is_new) {
            surroundings_.spool = &outbound_->spool;
            outbound_->courier.start();
        } else {
            outbound_->courier.adopt();
        }
    }

    io::Task<void> serve_queue(deliver::QueueRequest request,
                               std::function<void(deliver::QueueAnswer)> answered) {
        answered(co_await deliver::serve_queue(outbound_->spool, request));
    }

    static io::Task<void> retire(std::unique_ptr<dns::Resolver> resolver) {
        co_await resolver->stop();
    }

    static std::uint64_t seed_of(unsigned core) {
        const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
        return static_cast<std::uint64_t>(ticks) + core;
    }

    void arrange_doors(const Settings& settings, Listening listening) {
        for (const ListenerSettings& listener : settings.listeners) {
            const auto known = doors_.equal_range(listener.address);
            for (auto at = known.first; at != known.second; ++at) {
                at->second->update(listener);
            }
            for (auto& [address, fd] : listening) {
                if (address != listener.address) continue;
                auto door = std::make_unique<receive::Door>(surroundings_, listener, std::move(fd));
                door->open();
                doors_.emplace(listener.address, std::move(door));
            }
        }
        for (auto at = doors_.begin(); at != doors_.end();) {
            if (has_listener(settings, at->first)) {
                ++at;
                continue;
            }
            background_.spawn(
                close(std::move(at->second), settings.drain, receive::Door::Address::given_up));
            at = doors_.erase(at);
        }
    }

    static io::Task<void>
    close(std::unique_ptr<receive::Door> door, io::Duration wait, receive::Door::Address address) {
        co_await door->close(wait, address);
    }

    // Doors and deliveries have the same time to end in.
    io::Task<void> wind_up(receive::Door::Address addresses) {
        io::TaskGroup closing{*ring_};
        const io::Duration wait =
            surroundings_.settings != nullptr ? surroundings_.settings->drain : io::Duration{0};
        for (auto& [address, door] : doors_) {
            closing.spawn(close(std::move(door), wait, addresses));
        }
        doors_.clear();
        if (outbound_) closing.spawn(outbound_->courier.stop(wait));
        constexpr io::Duration patience = std::chrono::minutes{10}; // each has a bound of its own
        [[maybe_unused]] const bool closed = co_await closing.ended(wait + patience);
        if (outbound_) {
            [[maybe_unused]] const bool answered = co_await asked_.ended(patience);
            co_await outbound_->spool.stop();
            if (outbound_->resolver) co_await outbound_->resolver->stop();
        }
        co_await relay_.stop();
        ring_->stop();
    }

    // The log goes out in bundles: a line waits 20 ms at most.
    void turn_ended() override {
        constexpr io::Duration bundle{20};
        if (!journal_.empty() && !armed()) ring_->arm(*this, bundle);
        count();
    }
    void expired() override { journal_.flush(); }

    // Numbers that are kept elsewhere, copied where the administrator's reader finds them.
    void count() {
        report::Counters& counters = core_.counters_;
        counters.ring_enters.set(ring_->counters().enters);
        counters.completions.set(ring_->counters().completions);
        counters.wakeups.set(ring_->counters().wakeups);
        counters.buffers_exhausted.set(ring_->buffers().times_exhausted());
        const relay::Counts& relay = relay_environment_.counts;
        counters.next_hop_connects.set(relay.opened);
        counters.next_hop_failures.set(relay.failed);
        counters.next_hop_reuses.set(relay.reused);
        counters.next_hop_connections.set(static_cast<std::int64_t>(relay.active));
        counters.next_hop_idle.set(static_cast<std::int64_t>(relay.idle));
        if (!outbound_) return;
        counters.spool_data_syncs.set(outbound_->spool.counters().data_syncs);
        const auto oldest = outbound_->spool.oldest();
        counters.queue_oldest_arrival.set(
            oldest ? spool::arrival_of(*oldest).time_since_epoch().count() : 0);
    }

    Core& core_;
    std::unique_ptr<io::Ring> ring_;
    Journal journal_;
    std::unique_ptr<ssl::ClientContext> client_tls_;
    relay::Environment relay_environment_;
    relay::Pool relay_;
    PolicyHolder policy_; // its route tables name hosts of the pool
    receive::Surroundings surroundings_;
    std::optional<Outbound> outbound_;
    bool stopping_ = false;
    io::TaskGroup asked_;
    std::multimap<std::string, std::unique_ptr<receive::Door>> doors_; // by address
    io::TaskGroup background_;
};

Core::Core(Place place, JournalWriter& writer, Reports reports)
    : place_(place), writer_(writer), reports_(std::move(reports)) {}

Core::~Core() {
    if (thread_.joinable()) thread_.join();
}

void Core::start(std::span<const receive::Census* const> all) {
    thread_ = std::thread{[this, all] { run(all); }};
}

void Core::run(std::span<const receive::Census* const> all) {
    pin(place_);
    const ssl::ThreadMemory of_this_thread;
    auto ring = io::Ring::open({});
    if (!ring) {
        ended_ = true;
        reports_.started(ring.error());
        return;
    }
    {
        State state{*this, std::move(*ring), all};
        state_ = &state;
        mailbox_.open(state.ring());
        reports_.started("");
        state.ring().run();
        mailbox_.stop();
        state_ = nullptr;
    }
    ended_ = true;
    mailbox_.run_posted(); // whoever comes later sees that we have ended
    reports_.stopped();
}

void Core::adopt(CoreConfiguration configuration, std::function<void()> done) {
    mailbox_.post([this, given = std::move(configuration), done = std::move(done)]() mutable {
        if (state_ != nullptr) state_->adopt(std::move(given));
        done();
    });
}

void Core::set_ticket_keys(const ssl::TicketKeys& keys) {
    mailbox_.post([this, keys] {
        if (state_ != nullptr) state_->set_ticket_keys(keys);
    });
}

void Core::set_short_of_memory(bool is_short) {
    mailbox_.post([this, is_short] {
        if (state_ != nullptr) state_->set_short_of_memory(is_short);
    });
}

void Core::ask_queue(deliver::QueueRequest request,
                     std::function<void(deliver::QueueAnswer)> answered) {
    mailbox_.post([this, asked = std::move(request), answer = std::move(answered)]() mutable {
        if (state_ == nullptr) return answer({});
        state_->ask_queue(std::move(asked), std::move(answer));
    });
    if (ended_) mailbox_.run_posted();
}

void Core::ask_for_errors(std::function<void(std::vector<std::string>)> answered) {
    mailbox_.post([this, answer = std::move(answered)] {
        answer(state_ != nullptr ? state_->errors() : std::vector<std::string>{});
    });
}

void Core::ask_for_sign_of_life(std::function<void()> answered) {
    mailbox_.post([answer = std::move(answered)] { answer(); });
}

void Core::stop(receive::Door::Address addresses) {
    mailbox_.post([this, addresses] {
        if (state_ != nullptr) state_->stop(addresses);
    });
}

} // namespace postern::gateway
