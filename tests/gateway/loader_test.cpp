#include "gateway/loader.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <future>
#include <thread>

#include "tests/gateway/directory.h"
#include "tests/ssl/support.h"

namespace postern::gateway::test {
namespace {

using ssl::testing::fixture;
using When = Loader::When;

std::string settings_text(const std::string& more = "") {
    return "hostname = \"mx1.example.org\"\npolicy = \"policy.toml\"\n" + more +
           "[tls]\ntrust_store = \"root.pem\"\n"
           "[[listener]]\nname = \"mx\"\naddress = \"127.0.0.1:0\"\n"
           "[[certificate]]\nchain = \"a.pem\"\nkey = \"a.key\"\n";
}

std::string policy_text(const std::string& host = "192.0.2.1") {
    return "[[route]]\nname = \"servers\"\ndomains = [\"example.org\"]\nhosts = [\"" + host +
           "\"]\n";
}

struct Host {
    Directory directory;
    std::unique_ptr<ssl::Library> library = ssl::Library::open().value();
    ssl::TicketKeys keys = ssl::testing::fresh_keys();

    Host() {
        directory.write("postern.toml", settings_text("cores = 3\n"));
        directory.write("policy.toml", policy_text());
        directory.write("root.pem", fixture("root.pem"));
        use("ecdsa");
    }
    void use(const std::string& name) const {
        directory.write("a.pem", fixture(name + ".pem"));
        directory.write("a.key", fixture(name + ".key"));
    }
    // There is a queue with mail for outside, whatever the listeners are for.
    void sends(const std::string& dns = "") const {
        std::filesystem::create_directories(directory.path("state/spool"));
        directory.write("postern.toml",
                        settings_text("cores = 3\nstate_directory = \"state\"\n[dns]\n" + dns));
    }
    std::unique_ptr<Load> load(Loader& loader, When when) const {
        std::promise<std::unique_ptr<Load>> answer;
        loader.load(
            when, keys, [&](std::unique_ptr<Load> load) { answer.set_value(std::move(load)); });
        return answer.get_future().get();
    }
    // Loads until nothing changes any more: a file that is as young as the load is read again.
    void settle(Loader& loader) const {
        while (!load(loader, When::if_changed)->unchanged) {
        }
    }
    [[nodiscard]] Loader loader() const { return Loader{directory.path("postern.toml")}; }
};

} // namespace

TEST_CASE("the first load brings a configuration, and TLS for every core", "[tsan]") {
    const Host host;
    Loader loader = host.loader();
    const auto load = host.load(loader, When::if_changed);
    CAPTURE(load->loaded.mistakes.text());
    REQUIRE(load->loaded.configuration);
    CHECK_FALSE(load->unchanged);
    CHECK(load->loaded.configuration->policy->generation() == 1);
    CHECK(load->cores == 3);
    CHECK(load->new_tls);
    REQUIRE(load->server_tls.size() == 3);
    REQUIRE(load->client_tls.size() == 3);
    for (std::size_t core = 0; core < 3; ++core) {
        CHECK(load->server_tls[core] != nullptr);
        CHECK(load->client_tls[core] != nullptr);
    }
    CHECK(load->tls_problem.empty());
}

TEST_CASE("what has not changed is not read again, unless it has to be") {
    const Host host;
    Loader loader = host.loader();
    loader.in_use(host.load(loader, When::always)->loaded.configuration);
    host.settle(loader);
    const auto unchanged = host.load(loader, When::if_changed);
    CHECK(unchanged->unchanged);
    CHECK_FALSE(unchanged->loaded.configuration);
    const auto forced = host.load(loader, When::always);
    CHECK_FALSE(forced->unchanged);
    CHECK(forced->loaded.configuration);
    host.settle(loader);
    host.directory.write("policy.toml", policy_text("192.0.2.77"));
    const auto changed = host.load(loader, When::if_changed);
    CHECK_FALSE(changed->unchanged);
    REQUIRE(changed->loaded.configuration);
    CHECK(changed->loaded.configuration->policy->generation() >
          forced->loaded.configuration->policy->generation());
}

TEST_CASE("a host that is a name is asked for again, and the same answer is no change") {
    const Host host;
    host.directory.write("policy.toml", policy_text("localhost"));
    Loader loader = host.loader();
    const auto load = host.load(loader, When::always);
    REQUIRE(load->loaded.configuration);
    REQUIRE(load->loaded.configuration->addresses.has_names());
    loader.in_use(load->loaded.configuration);
    host.settle(loader);
    CHECK(host.load(loader, When::if_changed)->unchanged);
}

TEST_CASE("TLS is made anew with a new certificate only") {
    const Host host;
    Loader loader = host.loader();
    loader.in_use(host.load(loader, When::always)->loaded.configuration);
    const auto same = host.load(loader, When::always);
    CHECK_FALSE(same->new_tls);
    CHECK(same->server_tls.empty());
    CHECK(same->client_tls.empty());
    host.use("ecdsa384");
    const auto renewed = host.load(loader, When::always);
    CHECK(renewed->new_tls);
    CHECK(renewed->server_tls.size() == 3);
    // It is not in use: the next load still differs from what is.
    CHECK(host.load(loader, When::always)->new_tls);
    loader.in_use(renewed->loaded.configuration);
    CHECK_FALSE(host.load(loader, When::always)->new_tls);
}

TEST_CASE("a load that fails says why, takes no number, and is repeated when a file changes") {
    const Host host;
    Loader loader = host.loader();
    host.directory.write("policy.toml", policy_text("192.0.2.1:0"));
    const auto failed = host.load(loader, When::always);
    CHECK_FALSE(failed->loaded.configuration);
    CHECK(failed->loaded.mistakes.errors() == 1);
    CHECK(failed->server_tls.empty());
    host.settle(loader);
    host.directory.write("policy.toml", policy_text());
    const auto mended = host.load(loader, When::if_changed);
    REQUIRE(mended->loaded.configuration);
    CHECK(mended->loaded.configuration->policy->generation() == 1);
}

TEST_CASE("cores come and go with the process only") {
    const Host host;
    Loader loader = host.loader();
    CHECK(host.load(loader, When::always)->cores == 3);
    host.directory.write("postern.toml", settings_text("cores = 5\n"));
    CHECK(host.load(loader, When::always)->cores == 3);
    host.directory.write("postern.toml", settings_text());
    Loader another = host.loader();
    CHECK(host.load(another, When::always)->cores >= 1); // one for each CPU
}

TEST_CASE("without certificates there is TLS towards next hops only") {
    const Host host;
    std::string text = settings_text();
    text.erase(text.find("[[certificate]]"));
    host.directory.write("postern.toml", text + "tls = \"off\"\n");
    Loader loader = host.loader();
    const auto load = host.load(loader, When::always);
    INFO(load->loaded.mistakes.text());
    REQUIRE(load->loaded.configuration);
    CHECK(load->server_tls.at(0) == nullptr);
    CHECK(load->client_tls.at(0) != nullptr);
    CHECK(load->tls_problem.empty());
}

TEST_CASE("what only takes mail in for the next hop has no queue and no resolver") {
    const Host host;
    Loader loader = host.loader();
    const auto load = host.load(loader, When::always);
    CHECK_FALSE(load->spool);
    CHECK_FALSE(load->spool_lock.valid());
    CHECK_FALSE(load->new_resolvers);
    CHECK_FALSE(std::filesystem::exists(host.directory.path("state")));
}

TEST_CASE("a queue that is there is opened, for every core, and once") {
    const Host host;
    host.sends();
    Loader loader = host.loader();
    const auto first = host.load(loader, When::always);
    INFO(first->loaded.mistakes.text());
    REQUIRE(first->spool);
    CHECK(first->spool->cores.size() == 3);
    CHECK(first->spool_lock.valid());
    loader.in_use(first->loaded.configuration, {.spool = true, .resolvers = true});
    const auto second = host.load(loader, When::always);
    REQUIRE(second->loaded.configuration);
    CHECK_FALSE(second->spool);
    CHECK_FALSE(second->spool_lock.valid());
}

TEST_CASE("a queue that was opened for nothing is opened again") {
    const Host host;
    host.sends();
    Loader loader = host.loader();
    CHECK(host.load(loader, When::always)->spool); // and goes, with its lock
    CHECK(host.load(loader, When::always)->spool);
}

TEST_CASE("a queue that another gateway uses is a mistake, and free when that one has gone") {
    const Host host;
    host.sends();
    Loader one = host.loader();
    Loader other = host.loader();
    auto first = host.load(one, When::always);
    REQUIRE(first->spool);
    const auto second = host.load(other, When::always);
    CHECK_FALSE(second->loaded.configuration);
    CHECK_FALSE(second->spool);
    CHECK(second->loaded.mistakes.text().contains("another gateway uses it"));
    first.reset();
    CHECK(host.load(other, When::always)->spool);
}

TEST_CASE("a queue that cannot be opened is a mistake") {
    const Host host;
    host.sends();
    std::filesystem::create_directories(host.directory.path("state/spool/lock"));
    Loader loader = host.loader();
    const auto load = host.load(loader, When::always);
    CHECK_FALSE(load->loaded.configuration);
    CHECK(load->loaded.mistakes.text().contains("cannot be used"));
}

TEST_CASE("resolvers are made anew, for every core, when what they go by has changed") {
    const Host host;
    host.sends();
    Loader loader = host.loader();
    auto load = host.load(loader, When::always);
    const auto use = [&] {
        loader.in_use(load->loaded.configuration,
                      {.spool = load->spool.has_value(), .resolvers = load->new_resolvers});
    };
    CHECK(load->new_resolvers);
    REQUIRE(load->resolvers.size() == 3);
    for (const auto& resolver : load->resolvers) {
        CHECK(resolver != nullptr);
    }
    CHECK(load->dns_problem.empty());
    CHECK(load->ourselves.hostname == "mx1.example.org");
    use();
    load = host.load(loader, When::always);
    CHECK_FALSE(load->new_resolvers);
    CHECK(load->resolvers.empty());

    host.sends("servers = [\"192.0.2.53\"]\n");
    load = host.load(loader, When::always);
    CHECK(load->new_resolvers);
    CHECK(load->resolvers.size() == 3);
    // They are not in use: the next load still differs from what is.
    load = host.load(loader, When::always);
    CHECK(load->new_resolvers);
    use();
    CHECK_FALSE(host.load(loader, When::always)->new_resolvers);
}

TEST_CASE("a resolver that cannot be made leaves a configuration, and says why") {
    const Host host;
    host.sends("trust_anchor = \"missing.key\"\n");
    Loader loader = host.loader();
    const auto load = host.load(loader, When::always);
    CHECK(load->loaded.configuration);
    CHECK_FALSE(load->dns_problem.empty());
    REQUIRE(load->resolvers.size() == 3);
    CHECK(load->resolvers[0] == nullptr);
}

TEST_CASE("requests are answered in order, on the loader's own thread", "[tsan]") {
    const Host host;
    std::vector<int> order;
    std::thread::id loader_thread;
    {
        Loader loader = host.loader();
        for (int number = 0; number < 5; ++number) {
            loader.load(When::always, host.keys, [&, number](const std::unique_ptr<Load>&) {
                order.push_back(number);
                loader_thread = std::this_thread::get_id();
            });
        }
    }
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(loader_thread != std::this_thread::get_id());
}

TEST_CASE("what nobody needs any more is freed on the loader's thread", "[tsan]") {
    const Host host;
    std::promise<std::thread::id> freed_on;
    Loader loader = host.loader();
    std::shared_ptr<const Configuration> unused{
        std::make_unique<Configuration>().release(), [&](const Configuration* freed) {
            std::default_delete<const Configuration>{}(freed);
            freed_on.set_value(std::this_thread::get_id());
        }};
    loader.free(std::move(unused));
    CHECK(freed_on.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("snapshots go from the loader to cores that read them while it loads the next",
          "[tsan]") {
    const Host host;
    Loader loader = host.loader();
    std::vector<std::thread> cores;
    for (int round = 0; round < 10; ++round) {
        auto load = host.load(loader, When::always);
        REQUIRE(load->loaded.configuration);
        loader.in_use(load->loaded.configuration);
        cores.emplace_back([&loader, configuration = load->loaded.configuration]() mutable {
            const bool ours = configuration->policy->is_our_domain("example.org");
            const bool known = !configuration->addresses.of("192.0.2.1").empty();
            if (ours && known) loader.free(std::move(configuration));
        });
    }
    for (std::thread& core : cores) {
        core.join();
    }
    CHECK(host.load(loader, When::always)->loaded.configuration->policy->generation() == 11);
}

} // namespace postern::gateway::test
