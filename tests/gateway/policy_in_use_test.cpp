#include "gateway/io/mailbox.h"
#include "gateway/policy_in_use.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>
#include <vector>

namespace postern::gateway::test {
namespace {

std::shared_ptr<const Configuration> configuration() {
    auto made = std::make_shared<Configuration>();
    made->policy = policy::load_text("[[route]]\nname = \"servers\"\ndomains = "
                                     "[\"example.org\"]\nhosts = [\"192.0.2.1\"]\n")
                       .snapshot;
    REQUIRE(made->policy);
    return made;
}

std::unique_ptr<relay::RouteTable> no_routes() {
    return std::make_unique<relay::RouteTable>(
        std::unordered_map<const policy::Route*, relay::RouteHops>{});
}

// One core's policies, and what it let go of.
struct Core {
    std::vector<std::shared_ptr<const Configuration>> gone;
    PolicyHolder holder{[this](auto unused) { gone.push_back(std::move(unused)); }};
};

// A core on its own thread, which always has one transaction running.
class CoreThread {
public:
    explicit CoreThread(io::Mailbox& unused)
        : holder_([&unused](auto policy) { unused.post([gone = std::move(policy)] {}); })
        , thread_([this] { run(); }) {}
    CoreThread(const CoreThread&) = delete;
    CoreThread& operator=(const CoreThread&) = delete;
    ~CoreThread() {
        mailbox_.post([this] {
            running_ = {};
            holder_.clear();
            ended_ = true;
        });
        thread_.join();
    }

    void adopt(std::shared_ptr<const Configuration> policy) {
        mailbox_.post([this, adopted = std::move(policy)]() mutable {
            holder_.adopt(std::move(adopted), no_routes());
            running_ = holder_.take();
            routes_seen_ += running_.snapshot().parts().routes.size();
        });
    }

private:
    void run() {
        while (!ended_) {
            mailbox_.run_posted();
            std::this_thread::yield();
        }
    }

    io::Mailbox mailbox_;
    PolicyHolder holder_;
    PolicyReference running_;
    std::size_t routes_seen_ = 0;
    bool ended_ = false;
    std::thread thread_;
};

} // namespace

TEST_CASE("a transaction keeps the policy it began with, until it ends") {
    Core core;
    const auto before = configuration();
    const auto after = configuration();
    core.holder.adopt(before, no_routes());
    {
        const PolicyReference running = core.holder.take();
        core.holder.adopt(after, no_routes());
        CHECK(&running.snapshot() == before->policy.get());
        CHECK(&core.holder.take().snapshot() == after->policy.get());
        CHECK(core.gone.empty());
    }
    REQUIRE(core.gone.size() == 1);
    CHECK(core.gone[0] == before);
    CHECK(core.holder.current().configuration == after);
}

TEST_CASE("a policy that nobody uses goes as soon as another is adopted") {
    Core core;
    const auto before = configuration();
    core.holder.adopt(before, no_routes());
    {
        const PolicyReference ended = core.holder.take();
    }
    CHECK(core.gone.empty()); // the current one stays without users
    core.holder.adopt(configuration(), no_routes());
    REQUIRE(core.gone.size() == 1);
    CHECK(core.gone[0] == before);
}

TEST_CASE("of several old policies the one that ends first goes first") {
    Core core;
    const auto first = configuration();
    const auto second = configuration();
    core.holder.adopt(first, no_routes());
    PolicyReference of_first = core.holder.take();
    core.holder.adopt(second, no_routes());
    PolicyReference of_second = core.holder.take();
    core.holder.adopt(configuration(), no_routes());
    of_second = {};
    REQUIRE(core.gone.size() == 1);
    CHECK(core.gone[0] == second);
    of_first = {};
    REQUIRE(core.gone.size() == 2);
    CHECK(core.gone[1] == first);
}

TEST_CASE("a reference that is moved counts once, one that is overwritten counts no more") {
    Core core;
    core.holder.adopt(configuration(), no_routes());
    PolicyReference one = core.holder.take();
    PolicyReference moved{std::move(one)};
    CHECK(core.holder.current().references == 1);
    PolicyReference other = core.holder.take();
    CHECK(core.holder.current().references == 2);
    other = std::move(moved);
    CHECK(core.holder.current().references == 1);
    CHECK(&other.routes() == core.holder.current().routes.get());
}

TEST_CASE("a holder lets go of everything at its end") {
    std::vector<std::shared_ptr<const Configuration>> gone;
    const auto only = configuration();
    {
        PolicyHolder holder{[&](auto unused) { gone.push_back(std::move(unused)); }};
        holder.adopt(only, no_routes());
    }
    REQUIRE(gone.size() == 1);
    CHECK(gone[0] == only);
}

TEST_CASE("cores adopt policies that another thread made, and it frees what all have let go of",
          "[tsan]") {
    constexpr unsigned cores = 3;
    constexpr unsigned policies = 50;
    io::Mailbox unused; // policies come back here to be freed
    std::vector<std::unique_ptr<CoreThread>> threads;
    for (unsigned core = 0; core < cores; ++core) {
        threads.push_back(std::make_unique<CoreThread>(unused));
    }
    std::vector<std::weak_ptr<const Configuration>> made;
    for (unsigned policy = 0; policy < policies; ++policy) {
        const auto adopted = configuration();
        made.push_back(adopted);
        for (const auto& core : threads) {
            core->adopt(adopted);
        }
        unused.run_posted();
    }
    threads.clear();
    unused.run_posted();
    CHECK(made.size() == policies);
    CHECK(std::ranges::all_of(made, [](const auto& policy) { return policy.expired(); }));
}

} // namespace postern::gateway::test
