#pragma once

#include "gateway/deliver/courier.h"
#include "policy/load.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/deliver/hosts.h"
#include "tests/gateway/log.h"
#include "tests/gateway/spool/queue.h"

namespace postern::deliver::test {

inline std::shared_ptr<const policy::Snapshot> policy_of(const std::string& text) {
    const policy::Loaded loaded = policy::load_text(text);
    INFO(loaded.mistakes.text());
    REQUIRE(loaded.snapshot);
    return loaded.snapshot;
}

inline std::string route(const std::string& name, const std::string& host, std::string_view more) {
    return "[[route]]\nname = \"" + name + "\"\nhosts = [\"" + host +
           "\"]\nserver_name = \"mx.example.org\"\n" + std::string{more} + "\n";
}

// `listed.example` is on a list, and a setting in this mode demands TLS for it.
inline std::string setting(std::string_view name,
                           std::string_view mode = "enforce",
                           std::string_view directions = "outbound") {
    return "[[address_list]]\nname = \"banks\"\nentries = [\"listed.example\"]\n"
           "[[tls_compliance]]\nname = \"" +
           std::string{name} + "\"\naddress_lists = [\"banks\"]\ndirections = [\"" +
           std::string{directions} + "\"]\nmode = \"" + std::string{mode} + "\"\n";
}

inline smtp::Mail mail(std::string_view sender = "s@sender.example") {
    return relay::test::mail_from("FROM:<" + std::string{sender} + ">");
}

inline smtp::Recipient to(std::string_view address, std::string_view parameters = "") {
    return smtp::parse_rcpt("TO:<" + std::string{address} + "> " + std::string{parameters},
                            smtp::Extensions{}.add(smtp::Extension::dsn),
                            smtp::Utf8::allowed)
        .value();
}

// A core that only delivers: a queue on disk, mail hosts on loopback, routes to them, and a clock
// that stands still unless the test moves it.
struct PostOffice {
    spool::test::Queue queue;
    ssl::testing::Host tls;
    std::list<ssl::testing::Host> identities;
    std::list<NextHop> servers;
    Time time = spool::test::noon;
    std::string rules;
    gateway::Settings settings;
    gateway::PolicyHolder policy{[](auto unused) { unused.reset(); }};
    report::Counters counters;
    gateway::test::Log log;
    relay::Environment hosts{.ring = loop().ring(),
                             .hostname = "gateway.example.org",
                             .tls = tls.client.get(),
                             .bounds = {},
                             .counts = {}};
    Office office{.ring = loop().ring(),
                  .settings = nullptr,
                  .policy = policy,
                  .spool = spool(),
                  .resolver = nullptr,
                  .hosts = hosts,
                  .recorder = Recorder{counters, log.journal()},
                  .now = [this] { return time; }};
    std::optional<Courier> courier;

    explicit PostOffice(io::FileFault* fault = nullptr)
        : queue(spool::test::Queue::Options{.fault = fault}) {
        settings.hostname = "gateway.example.org";
        hosts.bounds.command = io::Duration{20'000};
    }
    PostOffice(const PostOffice&) = delete;
    PostOffice& operator=(const PostOffice&) = delete;
    ~PostOffice() {
        if (courier) stop();
        policy.clear();
    }

    // A server, and the route "NAME" to it for NAME.example. "": it has no TLS.
    NextHop& host(const std::string& name,
                  const std::string& certificate = "ecdsa",
                  std::string_view more = "") {
        NextHop& server = unrouted(certificate);
        rules += route(name,
                       server.endpoint().text(),
                       "domains = [\"" + name + ".example\"]\n" + std::string{more});
        return server;
    }
    NextHop& unrouted(const std::string& certificate = "ecdsa") {
        NextHop& server = servers.emplace_back(loop());
        if (certificate.empty()) return server;
        ssl::testing::Host& identity = identities.emplace_back();
        identity.serve({certificate});
        server.tls = identity.server.get();
        return server;
    }

    // Puts the policy, as the hosts made so far and `rules` have it, and the settings in use.
    void adopt() {
        auto configuration = std::make_shared<gateway::Configuration>();
        configuration->settings = settings;
        configuration->policy = policy_of(rules);
        configuration->addresses =
            relay::HostAddresses::resolve(*configuration->policy, nullptr, [](const std::string&) {
                return std::vector<io::Endpoint>{};
            });
        office.settings = &configuration->settings;
        policy.adopt(std::move(configuration),
                     std::make_unique<relay::RouteTable>(
                         std::unordered_map<const policy::Route*, relay::RouteHops>{}));
        if (courier) courier->adopt();
    }
    void start() {
        adopt();
        courier.emplace(office, 1);
        courier->start();
    }
    void stop(io::Duration wait = io::test::patience) {
        loop().run(courier->stop(wait));
        courier.reset();
    }

    // A message that arrives now.
    void submit(std::vector<smtp::Recipient> recipients,
                smtp::Mail from = mail(),
                std::string content = "Subject: hello\r\n\r\nhow are you?\r\n") {
        Submission message{.mail = std::move(from),
                           .recipients = std::move(recipients),
                           .text = std::move(content)};
        REQUIRE(awaited(loop(), submitted(std::move(message))));
    }
    void submit(std::string_view recipient) { submit({to(recipient)}); }

    template<typename Condition>
    void until(Condition happened) {
        gateway::test::turn_until(loop(), happened);
    }
    // Everything that is due has been tried.
    void rest() {
        until([&] {
            const auto due = spool().next_due();
            return spool().in_hand() == 0 && !spool().compacting() && (!due || *due > time);
        });
    }
    // To the next attempt, and past it.
    void rest_until_due() {
        rest();
        REQUIRE(spool().next_due());
        advance_to(*spool().next_due());
        rest();
    }
    void advance_to(Time later) {
        time = later;
        spool().earlier().set();
    }

    [[nodiscard]] std::size_t waiting() { return spool().waiting(); }
    [[nodiscard]] std::size_t queued() { return waiting() + spool().in_hand(); }
    // The one message that waits.
    [[nodiscard]] spool::Message the_message() {
        rest();
        REQUIRE(waiting() == 1);
        const spool::Message message = queue.loaded(spool().page(0, 1).front().id);
        spool().put_back(message);
        return message;
    }
    [[nodiscard]] static std::map<std::string, std::uint64_t>
    counted(const report::NamedCounters& named) {
        std::map<std::string, std::uint64_t> all;
        for (std::size_t index = 0; index < named.size(); ++index) {
            all[std::string{named.name(index)}] = named.value(index);
        }
        return all;
    }

    [[nodiscard]] io::test::Loop& loop() { return queue.loop(); }
    [[nodiscard]] spool::Spool& spool() { return queue.spool(); }

    struct Submission {
        smtp::Mail mail;
        std::vector<smtp::Recipient> recipients;
        std::string text;
    };
    io::Task<std::expected<void, spool::Error>> submitted(Submission message) {
        spool::Writer writer =
            spool().begin(std::move(message.mail), std::move(message.recipients), time);
        const auto added = co_await writer.add(message.text);
        if (!added) co_return added;
        co_return co_await writer.commit();
    }
};

} // namespace postern::deliver::test
