#pragma once

#include "gateway/channel.h"
#include "gateway/io/acceptor.h"
#include "gateway/relay/target.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/gateway/awaited.h"

namespace postern::relay::test {

using Lines = std::vector<std::string>;

// A server on loopback that answers as the test tells it and keeps what it hears. It runs on the
// test's own loop, beside what is tested.
class NextHop {
public:
    static constexpr std::string_view silence = "(silence)"; // an answer that never comes
    static constexpr std::string_view ending = "";           // it closes instead of an answer

    explicit NextHop(io::test::Loop& loop)
        : loop_(loop), acceptor_(loop.ring(), io::test::listening()), tasks_(loop.ring()) {
        tasks_.spawn(accept());
    }
    NextHop(const NextHop&) = delete;
    NextHop& operator=(const NextHop&) = delete;
    ~NextHop() {
        acceptor_.stop();
        drop_all();
        gateway::test::turn_until(loop_, [this] { return acceptor_.idle(); });
    }

    // What it says to a verb, or to a whole command line, instead of what servers usually say; to a
    // verb within TLS under "tls VERB"; at the end of data under "."; to the first line of a
    // message under "line".
    std::map<std::string, std::string, std::less<>> says;
    std::string greeting = "220 hop.example.org ESMTP";
    Lines offers{"PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8"};
    ssl::ServerContext* tls = nullptr; // STARTTLS is offered when there is one
    enum class Behind220 : std::uint8_t { handshake, silence, ending };
    Behind220 behind_220 = Behind220::handshake;
    bool expects_proxy = false;

    Lines heard;    // command lines; those within TLS begin with "tls "
    Lines messages; // that reached their final dot
    std::string cut_message;
    std::size_t connections = 0;

    [[nodiscard]] std::size_t open() const { return channels_.size(); }
    [[nodiscard]] io::Endpoint endpoint() const { return acceptor_.address(); }
    [[nodiscard]] Target target(policy::Demand demand = policy::Demand::none,
                                policy::TlsVersion floor = policy::TlsVersion::none) const {
        return {.endpoint = endpoint(),
                .server_name = "mx.example.org",
                .required = {.demand = demand, .floor = floor}};
    }
    // Ends every conversation as a server does that is restarted.
    void drop_all() {
        for (gateway::Channel* channel : channels_) {
            channel->cancel();
        }
        gateway::test::turn_until(loop_, [this] { return channels_.empty(); });
    }

private:
    io::Task<void> accept() {
        for (;;) {
            auto accepted = co_await acceptor_.next();
            if (!accepted) co_return;
            ++connections;
            tasks_.spawn(serve(io::Socket{loop_.ring(), std::move(*accepted)}));
        }
    }

    io::Task<void> serve(io::Socket socket) {
        gateway::Channel channel{std::move(socket)};
        channels_.insert(&channel);
        bool open = co_await welcome(channel);
        while (open) {
            open = co_await answer(channel);
        }
        channels_.erase(&channel);
    }

    io::Task<bool> welcome(gateway::Channel& channel) {
        if (expects_proxy) {
            const auto header = co_await channel.line(2048, io::test::patience);
            if (!header) co_return false;
            heard.emplace_back(*header);
        }
        co_return co_await say(channel, greeting);
    }

    // False: the conversation is over.
    io::Task<bool> answer(gateway::Channel& channel) {
        const auto line = co_await channel.line(2048, io::test::patience);
        if (!line) co_return false;
        heard.push_back((channel.encrypted() ? "tls " : "") + std::string{*line});
        const std::string verb{line->substr(0, line->find(' '))};
        if (verb == "BDAT") co_return co_await chunk(channel, std::string{*line});
        const auto whole_line = says.find(*line);
        const std::string reply =
            whole_line != says.end() ? whole_line->second : reply_to(verb, channel.encrypted());
        const bool said = co_await say(channel, reply);
        if (!said || verb == "QUIT") co_return false;
        if (verb == "STARTTLS" && reply.starts_with("220")) co_return co_await turn(channel);
        if (verb == "DATA" && reply.starts_with("354")) co_return co_await message(channel);
        co_return true;
    }

    io::Task<bool> turn(gateway::Channel& channel) const {
        if (behind_220 == Behind220::ending) co_return false;
        while (behind_220 == Behind220::silence) {
            const auto heard_by = co_await channel.data(io::test::patience);
            if (!heard_by) co_return false;
            channel.consume(heard_by->size());
        }
        if (tls == nullptr) { // it offered what it cannot do
            [[maybe_unused]] const bool said = co_await say(channel, "454 no TLS after all");
            co_return false;
        }
        const auto turned =
            co_await channel.start_tls(*tls, gateway::EarlyBytes::thrown_away, io::test::patience);
        co_return turned.has_value();
    }

    io::Task<bool> message(gateway::Channel& channel) {
        cut_message.clear();
        for (;;) {
            const auto line = co_await channel.line(65536, io::test::patience);
            if (!line) co_return false;
            if (*line == ".") break;
            cut_message += std::string{*line} + "\r\n";
            if (const auto found = says.find("line"); found != says.end()) {
                [[maybe_unused]] const bool said = co_await say(channel, found->second);
                co_await channel.close(io::test::patience);
                co_return false;
            }
        }
        messages.push_back(std::exchange(cut_message, {}));
        const std::string reply = reply_to(".", channel.encrypted());
        co_return co_await say(channel, reply);
    }

    // BDAT n LAST, all of a message.
    io::Task<bool> chunk(gateway::Channel& channel, std::string command) {
        std::size_t left = std::stoul(command.substr(command.find(' ') + 1));
        cut_message.clear();
        while (left > 0) {
            const auto bytes = co_await channel.data(io::test::patience);
            if (!bytes) co_return false;
            const std::string_view part = bytes->substr(0, left);
            cut_message += part;
            left -= part.size();
            channel.consume(part.size());
        }
        messages.push_back(std::exchange(cut_message, {}));
        const std::string reply = reply_to(".", channel.encrypted());
        co_return co_await say(channel, reply);
    }

    [[nodiscard]] static io::Task<bool> say(gateway::Channel& channel, std::string reply) {
        if (reply == silence) co_return true;
        if (reply == ending) co_return false;
        reply += "\r\n";
        const auto sent = co_await channel.send(reply, io::test::patience);
        co_return sent.has_value();
    }

    [[nodiscard]] std::string reply_to(const std::string& verb, bool encrypted) const {
        auto found = encrypted ? says.find("tls " + verb) : says.end();
        if (found == says.end()) found = says.find(verb);
        if (found != says.end()) return found->second;
        if (verb == "EHLO") return ehlo_reply(encrypted);
        if (verb == "DATA") return "354 go ahead";
        if (verb == "STARTTLS" || verb == "XCLIENT") return "220 go ahead";
        if (verb == "QUIT") return "221 bye";
        return "250 2.0.0 ok";
    }

    [[nodiscard]] std::string ehlo_reply(bool encrypted) const {
        std::string reply;
        for (const std::string& offer : offers) {
            reply += "250-" + offer + "\r\n";
        }
        if (tls != nullptr && !encrypted) reply += "250-STARTTLS\r\n";
        return "250-hop.example.org\r\n" + reply + "250 HELP";
    }

    io::test::Loop& loop_;
    io::Acceptor acceptor_;
    std::set<gateway::Channel*> channels_;
    io::TaskGroup tasks_;
};

// An address where nobody listens, and nobody can begin to.
class NobodyThere {
public:
    NobodyThere() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const io::Endpoint any = io::Endpoint::parse("127.0.0.1:0").value();
        REQUIRE(::bind(socket_.get(), any.data(), any.size()) == 0);
    }
    [[nodiscard]] Target target() const {
        return {.endpoint = io::Endpoint::local_of(socket_.get()), .server_name = "mx.example.org"};
    }

private:
    io::Descriptor socket_;
};

} // namespace postern::relay::test
