#include "perf/load_core.h"

#include <algorithm>
#include <utility>

#include "perf/core.h"

namespace postern::perf {
namespace {

// After the end, what is under way may take so long; then it is cut off and counts as failed.
constexpr io::Duration finish_max = std::chrono::seconds{30};
// After a failure, so that a server that refuses everything is not asked as fast as we can.
constexpr io::Duration failure_pause{10};
constexpr io::Duration look_after{5};
constexpr std::uint64_t idle_openers = 64;

std::uint64_t microseconds(io::Clock::duration time) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

} // namespace

LoadCore::LoadCore(const LoadSettings& settings, unsigned number, io::Clock::time_point begin)
    : settings_(settings)
    , number_(number)
    , measure_from_(begin + settings.warm_up)
    , begin_(begin)
    , end_(settings.idle > 0 ? io::Clock::time_point::max() : measure_from_ + settings.duration)
    , first_start_(io::Clock::time_point::max())
    , last_reply_(first_start_)
    , messages_left_(settings.messages_max == 0 ? UINT64_MAX : share_of(settings.messages_max))
    , next_message_(number)
    , scratch_(scratch_bytes) {}

std::uint64_t LoadCore::share_of(std::uint64_t total) const {
    return total / settings_.threads + (number_ < total % settings_.threads ? 1 : 0);
}

std::optional<std::string> LoadCore::open() {
    if (settings_.tls != LoadTls::none) {
        const ssl::ClientSettings tls{.minimum_version = settings_.tls_version,
                                      .maximum_version = settings_.tls_version};
        auto context = ssl::ClientContext::make(tls, nullptr);
        if (!context) return "TLS: " + ssl::text(context.error());
        tls_ = std::move(*context);
    }
    auto opened = io::Ring::open(ring_settings());
    if (!opened) return opened.error();
    ring_ = std::move(*opened);
    tasks_ = std::make_unique<io::TaskGroup>(*ring_);
    idle_ = std::make_unique<io::TaskGroup>(*ring_);
    pause_ = std::make_unique<io::Event>(*ring_);
    return std::nullopt;
}

std::optional<std::string> LoadCore::run() {
    if (auto problem = open()) return problem;
    mailbox_.open(*ring_);
    start();
    while (!ended_) {
        ring_->turn();
    }
    mailbox_.stop(); // turns the ring too, so it has not been told to stop
    if (result_.messages > 0) {
        result_.seconds = std::chrono::duration<double>(last_reply_ - first_start_).count();
    }
    if (tasks_->running() > 0 || idle_->running() > 0) return "connections did not end";
    arrivals_.reset();
    pause_.reset();
    idle_.reset();
    tasks_.reset();
    ring_.reset();
    return std::nullopt;
}

void LoadCore::start() {
    if (settings_.idle > 0) {
        for (std::uint64_t opener = 0; opener < idle_openers; ++opener) {
            tasks_->spawn(open_idle_ones());
        }
    } else {
        if (settings_.rate > 0) {
            const auto seconds = std::chrono::duration<double>(end_ - begin_).count();
            const auto arriving =
                static_cast<std::uint64_t>(seconds * static_cast<double>(settings_.rate));
            const std::chrono::nanoseconds gap{1'000'000'000 / settings_.rate};
            // The cores take turns.
            arrivals_ = std::make_unique<Arrivals>(
                *ring_, begin_ + number_ * gap, settings_.threads * gap, share_of(arriving));
            tasks_->spawn(arrivals_->run());
        }
        const std::uint64_t slots = share_of(settings_.connections);
        for (std::uint64_t slot = 0; slot < slots; ++slot) {
            tasks_->spawn(send_messages());
        }
    }
    tasks_->spawn(watch());
}

void LoadCore::stop() {
    mailbox_.post([this] { begin_nothing_more(); });
}

void LoadCore::begin_nothing_more() {
    stopping_ = true;
    if (arrivals_) arrivals_->stop();
    if (settings_.idle > 0) {
        result_.idle_held = idle_->running();
        cancel_all();
    }
}

void LoadCore::cancel_all() {
    for (LoadClient* const client : clients_) {
        client->cancel();
    }
}

io::Task<> LoadCore::pause(io::Duration wait) {
    [[maybe_unused]] const bool set = co_await pause_->wait(wait);
}

// Ends the loop when nothing but itself is left, and cuts off what takes too long.
io::Task<> LoadCore::watch() {
    while (tasks_->running() > 1 || idle_->running() > 0) {
        if (settings_.idle > 0 && !stopping_ && io::Clock::now() > end_) begin_nothing_more();
        if (end_ < io::Clock::time_point::max() && io::Clock::now() > end_ + finish_max) {
            if (arrivals_) arrivals_->stop();
            cancel_all();
        }
        co_await pause(look_after);
    }
    if (arrivals_ && !stopping_) {
        result_.failures[static_cast<std::size_t>(LoadFailure::never_sent)] += arrivals_->left();
    }
    ended_ = true;
}

io::Task<std::optional<io::Clock::time_point>> LoadCore::next_start() {
    std::optional<io::Clock::time_point> start;
    if (arrivals_) {
        start = co_await arrivals_->next();
    } else if (io::Clock::now() < end_) {
        start = io::Clock::now();
    }
    if (stopping_ || !start) co_return std::nullopt;
    if (measured(*start)) {
        if (messages_left_ == 0) co_return std::nullopt;
        --messages_left_;
        first_start_ = std::min(first_start_, *start);
    }
    co_return start;
}

void LoadCore::note_reply(int code, const Messages::Mail& message, io::Clock::time_point start) {
    replied_.fetch_add(1, std::memory_order_relaxed);
    if (code / 100 == 2) result_.bodies_hash += message.hash;
    if (!settings_.expected.matches(code)) ++result_.unexpected;
    if (!measured(start)) return;
    last_reply_ = io::Clock::now();
    ++result_.messages;
    result_.bytes += message.bytes;
    ++result_.codes[static_cast<std::size_t>(code)];
    result_.latency.record(microseconds(last_reply_ - start));
}

void LoadCore::note_failure(LoadFailure failure) {
    failed_.fetch_add(1, std::memory_order_relaxed);
    result_.fail(failure);
}

io::Task<bool>
LoadCore::connect(LoadClient& client, std::optional<ssl::Session>& session, bool measured) {
    const ssl::Session* const resume = settings_.resume && session ? &*session : nullptr;
    const auto opened = co_await client.open({}, resume);
    if (!opened) {
        note_failure(opened.error());
        co_return false;
    }
    if (measured) ++result_.connections;
    if (measured && client.engine() != nullptr) {
        const ssl::Peer& peer = client.engine()->peer();
        ++result_.handshakes;
        if (peer.resumed) ++result_.resumed;
        std::string kind{ssl::text(peer.version)};
        ((kind += ' ') += peer.cipher) += ' ';
        result_.tls.insert(kind += peer.group);
    }
    co_return true;
}

// As many messages as one connection takes; false when it broke. `start` is the last one's, or
// nothing when no more are to be sent.
io::Task<bool> LoadCore::send_over(LoadClient& client,
                                   std::optional<io::Clock::time_point>& start) {
    for (std::uint64_t sent = 1; start; ++sent) {
        const Messages::Mail message = settings_.messages.at(next_message_);
        next_message_ += settings_.threads;
        const auto code = co_await client.send_message(message);
        if (!code) {
            note_failure(code.error());
            co_return false;
        }
        note_reply(*code, message, *start);
        if (sent == settings_.messages_per_connection) break;
        start = co_await next_start();
    }
    co_return true;
}

// One of the connections that exist at one time, again and again. A message counts from when it was
// to be begun: the first of a connection bears the cost of connecting.
io::Task<> LoadCore::send_messages() {
    std::optional<ssl::Session> session;
    std::optional<io::Clock::time_point> start = co_await next_start();
    while (start) {
        LoadClient client{{settings_, *ring_, tls_.get(), scratch_}};
        clients_.insert(&client);
        const bool connected = co_await connect(client, session, measured(*start));
        const bool usable = connected && co_await send_over(client, start);
        if (usable) {
            if (settings_.resume && client.engine() != nullptr)
                session = client.engine()->session();
            co_await client.quit();
        }
        clients_.erase(&client);
        if (!usable) co_await pause(failure_pause);
        if (start) start = co_await next_start();
    }
}

io::Task<> LoadCore::open_idle_ones() {
    const std::uint64_t share = share_of(settings_.idle);
    while (idle_begun_ < share && !stopping_) {
        // One source address for 20,000 connections, when the server is on this machine.
        const std::uint64_t number = idle_begun_++;
        io::Endpoint source;
        if (settings_.to.address().starts_with("127.")) {
            source = *io::Endpoint::parse("127.0." + std::to_string(number_ + 1) + "." +
                                              std::to_string(1 + number / 20'000),
                                          0);
        }
        auto client =
            std::make_unique<LoadClient>(LoadSurroundings{settings_, *ring_, tls_.get(), scratch_});
        LoadClient& opening = *client;
        clients_.insert(&opening);
        const auto opened = co_await opening.open(source, nullptr);
        clients_.erase(&opening);
        ++idle_settled_;
        if (!opened) {
            if (!stopping_) note_failure(opened.error());
        } else if (!stopping_) {
            idle_open_.fetch_add(1, std::memory_order_release);
            idle_->spawn(hold_one(std::move(client)));
        }
    }
    if (idle_settled_ < share || idle_ready()) co_return;
    if (settings_.duration < io::Duration::max()) end_ = io::Clock::now() + settings_.duration;
    idle_ready_.store(true, std::memory_order_release);
}

io::Task<> LoadCore::hold_one(std::unique_ptr<LoadClient> client) {
    clients_.insert(client.get());
    co_await client->hold();
    clients_.erase(client.get());
}

} // namespace postern::perf
