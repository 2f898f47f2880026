#include "policy/address.h"
#include "policy/address_list.h"
#include "policy/address_list_builder.h"
#include "policy/files.h"
#include "policy/load.h"
#include "policy/mistake.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "perf/micro/benchmarks.h"

namespace postern::perf::micro {
namespace {

// A third each are addresses, domains and wildcards, so that a look-up has to ask for all kinds.
policy::AddressList list_of(std::size_t entries) {
    policy::Mistakes mistakes;
    policy::AddressListBuilder builder("long", mistakes);
    builder.reserve(entries);
    const std::string file = "long.txt";
    for (std::size_t index = 0; index < entries; ++index) {
        const std::string number = std::to_string(index);
        switch (index % 3) {
        case 0: builder.add("user" + number + "@firm.example", file, {}); break;
        case 1: builder.add("host" + number + ".example", file, {}); break;
        default: builder.add("*.host" + number + ".example", file, {}); break;
        }
    }
    auto list = builder.finish();
    must(mistakes.empty(), "the list has mistakes");
    return list;
}

enum class Found : std::uint8_t { domain, wildcard, nothing };

struct Case {
    const char* name;
    Found found;
};

std::string asked_for(Found found, std::size_t index) {
    const std::string third =
        std::to_string(index - index % 3 + (found == Found::wildcard ? 2 : 1));
    switch (found) {
    case Found::domain: return "a@host" + third + ".example";
    case Found::wildcard: return "a@b.host" + third + ".example";
    case Found::nothing: break;
    }
    return "a@lost" + third + ".example";
}

// So many that they come from all over the list, and not from the nearest cache.
std::vector<policy::Address> addresses(Found found, std::size_t entries) {
    constexpr std::size_t count = std::size_t{1} << 16;
    std::vector<policy::Address> all;
    all.reserve(count);
    std::mt19937_64 random{entries};
    std::uniform_int_distribution<std::size_t> any{0, entries - 4};
    for (std::size_t index = 0; index < count; ++index) {
        all.push_back(*policy::Address::parse(asked_for(found, any(random))));
    }
    return all;
}

void look_up(benchmark::State& state, const policy::AddressList& list, Found found) {
    const auto asked = addresses(found, list.size());
    for (const policy::Address& address : asked) {
        must(list.find(address).has_value() == (found != Found::nothing), "a wrong answer");
    }
    std::size_t next = 0;
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(list.find(asked[next]));
        next = (next + 1) % asked.size();
    }
    state.SetItemsProcessed(state.iterations());
}

void load(benchmark::State& state) {
    constexpr std::size_t entries = 1'000'000;
    std::string list;
    for (std::size_t index = 0; index < entries; ++index) {
        list += "d" + std::to_string(index) + ".example\n";
    }
    const policy::MemoryFiles files{{
        {"policy.toml",
         "[[organization]]\nname = \"example\"\ndomains = [\"sink.example\"]\n"
         "[[address_list]]\nname = \"long\"\nfile = \"list.txt\"\n"
         "[[tls_compliance]]\nname = \"long over TLS\"\norganization = \"example\"\n"
         "directions = [\"inbound\"]\naddress_lists = [\"long\"]\n"},
        {"list.txt", std::move(list)},
    }};
    for ([[maybe_unused]] auto _ : state) {
        const auto loaded = policy::load("policy.toml", files, 1);
        must(loaded.snapshot && loaded.snapshot->counts().entries == entries, "nothing loaded");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries));
}

} // namespace

void add_lists() {
    // The list of the size at hand: one is made for three cases, and goes before the next is made.
    const auto list = std::make_shared<std::optional<policy::AddressList>>();
    for (const std::size_t entries : {1'000UL, 10'000UL, 100'000UL, 1'000'000UL, 10'000'000UL}) {
        for (const auto& [name, kind] : {Case{"hit", Found::domain},
                                         Case{"wildcard", Found::wildcard},
                                         Case{"miss", Found::nothing}}) {
            const std::string title =
                std::string{"list_look_up/"} + name + "/" + std::to_string(entries);
            benchmark::RegisterBenchmark(title.c_str(),
                                         [list, entries, found = kind](benchmark::State& state) {
                                             if (!*list || (*list)->size() != entries) {
                                                 list->reset();
                                                 list->emplace(list_of(entries));
                                             }
                                             look_up(state, **list, found);
                                         });
        }
    }
    benchmark::RegisterBenchmark("snapshot_load/1000000", [list](benchmark::State& state) {
        list->reset();
        load(state);
    })->Unit(benchmark::kMillisecond);
}

} // namespace postern::perf::micro
