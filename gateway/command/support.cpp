#include "gateway/command/support.h"

#include "gateway/command/ask.h"
#include "gateway/command/options.h"
#include "gateway/command/support_settings.h"
#include "gateway/configuration.h"
#include "gateway/machine.h"
#include "gateway/report/line.h"
#include "ssl/library.h"

#include <algorithm>
#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace postern::command {
namespace {

constexpr std::size_t mistakes_shown = 20;

report::Section about(const Options& options,
                      const std::expected<std::string, std::string>& gateway) {
    std::string time;
    report::append_time(
        time, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    report::Section section{"report"};
    section.text("made", time).text("config", options.config);
    if (gateway) return std::move(section.text("gateway", "answers"));
    section.text("gateway", gateway.error())
        .text("left_out", "gateway, process, counters, latest_errors: they are a running one's");
    return section;
}

report::Section section_of(const policy::Mistakes& mistakes) {
    std::vector<std::string> lines;
    for (const policy::Mistake& mistake : mistakes.all()) {
        if (lines.size() == mistakes_shown) break;
        lines.push_back(mistake.file + ":" + std::to_string(mistake.place.line) + ":" +
                        std::to_string(mistake.place.column) + ": " + mistake.message);
    }
    report::Section section{"files"};
    section.number("errors", mistakes.errors())
        .number("warnings", mistakes.warnings())
        .texts("mistakes", std::move(lines));
    return section;
}

/// The gateway's sections in the form that was asked for. The error is a sentence.
std::expected<std::string, std::string> ask_gateway(const Options& options) {
    constexpr std::chrono::seconds patience{10}; // a main loop that is stuck must not hold us up
    constexpr std::string_view ok = "ok\n";
    auto answer = ask(options.config, options.json ? "support json" : "support", patience);
    if (!answer) return answer;
    if (!answer->starts_with(ok)) {
        return std::unexpected{"a gateway runs that cannot tell: it is another version"};
    }
    return answer->substr(ok.size());
}

} // namespace

int support(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const auto options = read_options(arguments);
    if (!options) {
        err << "postern status: " << options.error() << '\n';
        return 2;
    }
    const auto library = ssl::Library::open();
    const auto gateway = ask_gateway(*options);
    std::vector<report::Section> sections{
        about(*options, gateway), gateway::versions(), gateway::machine()};
    if (!gateway) {
        gateway::append_limits(sections.emplace_back("limits_of_this_command"));
    }
    sections.push_back(section_of(gateway::load_settings(options->config).settings));
    sections.push_back(
        section_of(gateway::load_configuration(options->config, 1, nullptr).mistakes));
    std::string text;
    for (const report::Section& section : sections) {
        if (options->json) {
            text += text.empty() ? "{" : ",";
            section.append_member(text);
        } else {
            section.append_text(text);
        }
    }
    if (options->json) {
        if (gateway) text.append(",").append(*gateway);
        text += "}\n";
    } else if (gateway) {
        text += *gateway;
    }
    out << text;
    return gateway ? 0 : 1;
}

} // namespace postern::command
