#include "gateway/loader.h"

#include <catch2/catch.hpp>

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
