#include "gateway/command/options.h"

#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

namespace postern::command::test {
namespace {

using Words = std::vector<std::string_view>;

} // namespace

TEST_CASE("options of a command are read in every spelling, the last of each kind counts") {
    struct Row {
        Words words;
        std::string_view config;
        bool json;
        bool help;
    };
    const auto row = GENERATE(Row{{}, default_config, false, false},
                              Row{{"--config", "a.toml"}, "a.toml", false, false},
                              Row{{"-c", "a.toml"}, "a.toml", false, false},
                              Row{{"--config=a.toml"}, "a.toml", false, false},
                              Row{{"--config=a=b.toml"}, "a=b.toml", false, false},
                              Row{{"--config", "--json"}, "--json", false, false},
                              Row{{"-c", "a.toml", "--config=b.toml"}, "b.toml", false, false},
                              Row{{"--json"}, default_config, true, false},
                              Row{{"--help"}, default_config, false, true},
                              Row{{"-h", "--json", "-c", "a.toml"}, "a.toml", true, true});
    CAPTURE(row.words);
    const auto options = read_options(row.words);
    REQUIRE(options);
    CHECK(options->config == row.config);
    CHECK(options->json == row.json);
    CHECK(options->help == row.help);
}

TEST_CASE("what is no option of a command is named in the complaint") {
    struct Row {
        Words words;
        std::string_view complaint;
    };
    const auto row =
        GENERATE(Row{{"--config"}, "--config needs the name of a file"},
                 Row{{"--json", "-c"}, "--config needs the name of a file"},
                 Row{{"--config="}, "--config needs the name of a file"},
                 Row{{"--config", "", "-c", "a.toml"}, "--config needs the name of a file"},
                 Row{{"--colour"}, "unknown argument \"--colour\"; try --help"},
                 Row{{"--json=yes"}, "unknown argument \"--json=yes\"; try --help"},
                 Row{{"--configs=a.toml"}, "unknown argument \"--configs=a.toml\"; try --help"},
                 Row{{"--help", "a.toml"}, "unknown argument \"a.toml\"; try --help"},
                 Row{{""}, "unknown argument \"\"; try --help"});
    CAPTURE(row.words);
    const auto options = read_options(row.words);
    REQUIRE_FALSE(options);
    CHECK(options.error() == row.complaint);
}

} // namespace postern::command::test
