#include "perf/sink_core.h"

#include <utility>

#include "perf/core.h"

namespace postern::perf {
namespace {

constexpr io::Duration idle_max = std::chrono::hours{1};
constexpr io::Duration send_max = std::chrono::minutes{5};
constexpr io::Duration handshake_max = std::chrono::minutes{1};
constexpr io::Duration wind_down_max = std::chrono::seconds{5};

} // namespace

SinkCore::SinkCore(const SinkSettings& settings, unsigned number)
    : settings_(settings), scratch_(scratch_bytes) {
    if (!settings.store.empty()) store_.emplace(settings.store, number);
}

std::optional<std::string> SinkCore::open() {
    if (settings_.tls && settings_.ticket_keys) {
        auto context = ssl::ServerContext::make(*settings_.tls, *settings_.ticket_keys);
        if (!context) return "TLS: " + ssl::text(context.error());
        tls_ = std::move(*context);
    }
    auto opened = io::Ring::open(ring_settings());
    if (!opened) return opened.error();
    ring_ = std::move(*opened);
    return std::nullopt;
}

std::optional<std::string> SinkCore::run(io::Descriptor listening) {
    if (auto problem = open()) return problem;
    acceptor_ = std::make_unique<io::Acceptor>(*ring_, std::move(listening));
    tasks_ = std::make_unique<io::TaskGroup>(*ring_);
    pause_ = std::make_unique<io::Event>(*ring_);
    tasks_->spawn(accept());
    mailbox_.open(*ring_);
    while (!ended_) {
        ring_->turn();
    }
    mailbox_.stop(); // turns the ring too, so it has not been told to stop
    if (tasks_->running() > 0) return "conversations did not end";
    acceptor_.reset();
    tasks_.reset();
    pause_.reset();
    ring_.reset();
    return std::nullopt;
}

void SinkCore::stop() {
    mailbox_.post([this] {
        stopping_ = true;
        acceptor_->stop();
        for (Stream* const stream : open_) {
            stream->cancel();
        }
        tasks_->spawn(wind_down());
    });
}

// Ends the loop when nothing but itself is left.
io::Task<> SinkCore::wind_down() {
    const io::Clock::time_point deadline = io::Clock::now() + wind_down_max;
    while (tasks_->running() > 1 && io::Clock::now() < deadline) {
        [[maybe_unused]] const bool set = co_await pause_->wait(io::Duration{1});
    }
    ended_ = true;
}

io::Task<> SinkCore::accept() {
    for (;;) {
        auto accepted = co_await acceptor_->next();
        if (accepted) {
            if (counters_.connections++ == 0) first_ = io::Clock::now();
            tasks_->spawn(serve(std::move(*accepted)));
        } else if (accepted.error() == io::Error::cancelled) {
            co_return;
        } else {
            [[maybe_unused]] const bool set = co_await pause_->wait(io::Duration{10});
        }
    }
}

io::Task<> SinkCore::serve(io::Descriptor fd) {
    if (stopping_) co_return;
    Stream stream{io::Socket{*ring_, std::move(fd)}, scratch_};
    open_.insert(&stream);
    co_await converse(stream);
    open_.erase(&stream);
}

io::Task<> SinkCore::converse(Stream& stream) {
    const SinkOffers offers{.start_tls = tls_ != nullptr, .xclient = settings_.xclient};
    SinkSession session{offers, counters_, store_ ? &*store_ : nullptr};
    std::string replies;
    SinkSession::greet(replies);
    SinkNext next = SinkNext::go_on;
    for (;;) {
        const auto sent = co_await stream.send(replies, send_max);
        if (!sent || next == SinkNext::close) co_return;
        replies.clear();
        if (next == SinkNext::start_tls) {
            const bool up = co_await start_tls(stream, session);
            if (!up) co_return;
        }
        while (replies.empty()) {
            const auto received = co_await stream.receive(idle_max);
            if (!received) co_return;
            next = session.feed(*received, replies);
        }
        if (!session.take_message_ended()) continue;
        last_ = io::Clock::now();
        if (settings_.delay > io::Duration{0}) {
            [[maybe_unused]] const bool set = co_await pause_->wait(settings_.delay);
        }
    }
}

io::Task<bool> SinkCore::start_tls(Stream& stream, SinkSession& session) {
    auto engine = ssl::Engine::server(*tls_);
    if (!engine) co_return false;
    const bool up = co_await stream.handshake(std::move(*engine), handshake_max);
    if (!up) co_return false;
    ++counters_.handshakes;
    session.tls_is_up(ssl::text(stream.engine()->peer().version));
    co_return true;
}

double SinkCore::busy_seconds() const {
    return std::chrono::duration<double>(last_ - first_).count();
}

} // namespace postern::perf
