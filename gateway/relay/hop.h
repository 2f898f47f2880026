#pragma once

#include "gateway/io/event.h"
#include "gateway/relay/conversation.h"
#include "gateway/relay/environment.h"
#include "gateway/relay/target.h"
#include "gateway/smtp/extension.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace postern::relay {

// How long a server is left alone after a failure: a second, after the next one two, up to a
// minute.
[[nodiscard]] io::Duration back_off(unsigned failures_before);

// One server as this core knows it: its idle conversations, its health, what it offers. Owned by
// the pool; stays while a route table names it or a conversation with it is open.
class Hop {
public:
    Hop(Environment& environment, Target target)
        : environment_(environment), target_(std::move(target)), freed_(environment.ring) {}
    Hop(const Hop&) = delete;
    Hop& operator=(const Hop&) = delete;
    ~Hop() = default;

    [[nodiscard]] const Target& target() const { return target_; }

    // The idle conversation used last, if one is still good. The others that turn out not to be are
    // dropped on the way.
    [[nodiscard]] std::unique_ptr<Conversation> take_idle();
    void put_idle(std::unique_ptr<Conversation> conversation);
    // Takes out what has been idle or alive for too long, or was closed by the server.
    [[nodiscard]] std::vector<std::unique_ptr<Conversation>> take_stale();
    [[nodiscard]] std::vector<std::unique_ptr<Conversation>> take_all_idle();
    [[nodiscard]] std::size_t idle() const { return idle_.size(); }

    // Conversations handed out or being opened, and who waits for one of them. Full: with the idle
    // ones they are as many as there may be.
    [[nodiscard]] bool full() const;
    void count_in_use() { ++in_use_; }
    void count_given_back();
    [[nodiscard]] std::size_t in_use() const { return in_use_; }
    [[nodiscard]] io::Event& freed() { return freed_; }

    // Health: after a failure it is left alone for a while, see back_off().
    [[nodiscard]] bool usable() const { return environment_.ring.now() >= retry_at_; }
    void failed();
    void succeeded(const smtp::Extensions& extensions);
    // What it said in its last EHLO; nothing before the first.
    [[nodiscard]] const std::optional<smtp::Extensions>& extensions() const { return extensions_; }

    std::size_t tables = 0; // route tables that name it; kept by them

private:
    [[nodiscard]] bool stale(const Conversation& conversation) const;

    Environment& environment_;
    Target target_;
    io::Event freed_;
    std::vector<std::unique_ptr<Conversation>> idle_;
    std::size_t in_use_ = 0;
    unsigned failures_ = 0;
    io::Clock::time_point retry_at_;
    std::optional<smtp::Extensions> extensions_;
};

} // namespace postern::relay
