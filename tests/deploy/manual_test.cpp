// The manual pages say all that the program reads, and nothing else.

#include "gateway/command/ask.h"
#include "gateway/command/check.h"
#include "gateway/command/explain.h"
#include "gateway/command/import.h"
#include "gateway/command/probe.h"
#include "gateway/command/queue.h"
#include "gateway/command/serve.h"
#include "gateway/settings.h"
#include "policy/load.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace postern {
namespace {

using Words = std::set<std::string>;

std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream{std::filesystem::path{POSTERN_SOURCE_DIR} / file};
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// A manual page as a document of its own: `## [table]` and `*key* = value` are its lines.
struct Manual {
    struct Section {
        std::string heading; // "[limits]"; "": what stands before the first table
        std::vector<std::string> lines;
        Words keys;
    };
    std::vector<Section> sections{{}};

    explicit Manual(const std::filesystem::path& file) {
        std::istringstream text{text_of(file)};
        for (std::string line; std::getline(text, line);) {
            if (line.starts_with("## [")) {
                sections.push_back({.heading = line.substr(3), .lines = {}, .keys = {}});
            }
            const auto end = line.find("* = ");
            if (!line.starts_with('*') || end == std::string::npos) continue;
            const std::string key = line.substr(1, end - 1);
            sections.back().keys.insert(key);
            sections.back().lines.push_back(key + line.substr(end + 1));
        }
    }

    /// All of it, with more lines in one section.
    [[nodiscard]] std::string document(const std::string& heading, const Words& added = {}) const {
        std::string text;
        for (const Section& section : sections) {
            text += section.heading + "\n";
            for (const std::string& line : section.lines) {
                const std::string key = line.substr(0, line.find(' '));
                if (!is_table(section.heading, key)) text += line + "\n"; // it comes as a table
            }
            if (section.heading != heading) continue;
            for (const std::string& key : added) {
                text += key + " = 0\n";
            }
        }
        return text;
    }

    /// "header" below "[[routing]]" has a section of its own, "[routing.header]".
    [[nodiscard]] bool is_table(const std::string& heading, const std::string& key) const {
        const std::string outer = without_brackets(heading);
        const std::string name = outer.empty() ? key : outer + "." + key;
        return std::ranges::any_of(sections, [&name](const Section& section) {
            return without_brackets(section.heading) == name;
        });
    }

    static std::string without_brackets(std::string heading) {
        std::erase_if(heading, [](char letter) { return letter == '[' || letter == ']'; });
        return heading;
    }
};

/// Every word in quotes that could be a key, of the sources that read keys.
Words words_of_readers() {
    Words words;
    const std::regex quoted{"\"([a-z][a-z0-9_]*)\""};
    for (const char* const folder : {"gateway", "policy"}) {
        const std::filesystem::path root{POSTERN_SOURCE_DIR};
        for (const auto& entry : std::filesystem::directory_iterator{root / folder}) {
            const std::string name = entry.path().filename();
            const bool reads = std::string_view{folder} == "policy" || name.starts_with("settings");
            if (!reads || !name.ends_with(".cpp")) continue;
            const std::string text = text_of(entry.path());
            for (std::sregex_iterator at{text.begin(), text.end(), quoted}, end; at != end; ++at) {
                words.insert((*at)[1]);
            }
        }
    }
    return words;
}

template<typename Reader>
void check_keys(const Manual& manual, const Reader& mistakes_in) {
    const std::string unknown = "unknown key ";
    CHECK_THAT(mistakes_in(manual.document("")), !Catch::Contains(unknown));

    const Words words = words_of_readers();
    REQUIRE(words.size() > 100);
    for (const Manual::Section& section : manual.sections) {
        Words undocumented;
        for (const std::string& word : words) {
            const bool is_known =
                section.keys.contains(word) || manual.is_table(section.heading, word);
            if (!is_known) undocumented.insert(word);
        }
        const std::string mistakes = mistakes_in(manual.document(section.heading, undocumented));
        for (const std::string& word : undocumented) {
            INFO("a key of " << section.heading << " that the manual does not have: " << word);
            const std::regex complaint{unknown + word + "(;|\n)"};
            CHECK(std::regex_search(mistakes, complaint));
        }
    }
}

} // namespace

TEST_CASE("postern.toml(5) has every key that is read, and no other") {
    const Manual manual{"deploy/man/postern.toml.5.scd"};
    REQUIRE(manual.sections.size() == 10);
    check_keys(manual, [](const std::string& text) {
        return gateway::settings_from(text, "postern.toml").mistakes.text();
    });
}

TEST_CASE("postern.toml(5) says what counts without a key") {
    const Manual manual{"deploy/man/postern.toml.5.scd"};
    const auto shown = gateway::settings_from(manual.document(""), "/etc/postern/postern.toml");
    CHECK(shown.mistakes.errors() == 0);
    const gateway::Settings& settings = shown.settings;
    const gateway::Settings defaults;
    CHECK(settings.state_directory == defaults.state_directory);
    CHECK(settings.cores == defaults.cores);
    CHECK(settings.drain == defaults.drain);
    CHECK(settings.report_language == defaults.report_language);
    CHECK(settings.limits == defaults.limits);
    CHECK(settings.timeouts == defaults.timeouts);
    CHECK(settings.delivery == defaults.delivery);
    CHECK(settings.tls.minimum_version == defaults.tls.minimum_version);
    CHECK(settings.tls.trust_store == defaults.tls.trust_store);
    CHECK(settings.tls.ticket_rotation == defaults.tls.ticket_rotation);
    CHECK(settings.dns.servers.empty());
    CHECK(settings.dns.trust_anchor == defaults.dns.trust_anchor);
    CHECK(settings.admin_address == defaults.admin_address);
    CHECK(settings.log_level == defaults.log_level);
    const gateway::ListenerSettings listener;
    REQUIRE(settings.listeners.size() == 1);
    CHECK(settings.listeners[0].direction == listener.direction);
    CHECK(settings.listeners[0].tls == listener.tls);
    CHECK(settings.listeners[0].require_tls == listener.require_tls);
    CHECK(settings.listeners[0].proxy_protocol == listener.proxy_protocol);
    CHECK(settings.listeners[0].proxies.empty());
    CHECK(settings.listeners[0].clients.empty());
}

TEST_CASE("postern-policy.toml(5) has every key that is read, and no other") {
    const Manual manual{"deploy/man/postern-policy.toml.5.scd"};
    REQUIRE(manual.sections.size() == 8);
    check_keys(manual,
               [](const std::string& text) { return policy::load_text(text).mistakes.text(); });
}

TEST_CASE("postern(8) has every option that the commands take, and no other") {
    const auto options_in = [](const std::string& text) {
        Words options;
        const std::regex option{"--[a-z][a-z-]+"};
        for (std::sregex_iterator at{text.begin(), text.end(), option}, end; at != end; ++at) {
            options.insert(at->str());
        }
        return options;
    };
    const std::string manual = text_of("deploy/man/postern.8.scd");
    const auto begin = manual.find("# COMMANDS");
    const auto end = manual.find("# SIGNALS");
    REQUIRE(begin < end);
    const std::string commands = manual.substr(begin, end - begin);

    Words taken{"--help"};
    using Command = int (*)(std::span<const std::string_view>, std::ostream&, std::ostream&);
    const std::map<std::string, Command> all{{"serve", command::serve},
                                             {"check", command::check},
                                             {"explain", command::explain},
                                             {"probe", command::probe},
                                             {"queue", command::queue},
                                             {"reload", command::reload},
                                             {"status", command::status},
                                             {"import", command::import_tables}};
    for (const auto& [name, run] : all) {
        std::ostringstream out;
        std::ostringstream err;
        constexpr std::array help{std::string_view{"--help"}};
        REQUIRE(run(help, out, err) == 0);
        taken.merge(options_in(out.str()));
        CHECK_THAT(commands, Catch::Contains("*postern " + name + "*"));
    }
    CHECK(options_in(commands) == taken);
}

} // namespace postern
