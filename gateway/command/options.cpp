#include "gateway/command/options.h"

namespace postern::command {

std::expected<Options, std::string> read_options(std::span<const std::string_view> arguments) {
    Options options;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        arguments = arguments.subspan(1);
        if (argument == "--help" || argument == "-h") {
            options.help = true;
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument.starts_with("--config=")) {
            options.config = argument.substr(argument.find('=') + 1);
        } else if (argument == "--config" || argument == "-c") {
            options.config = arguments.empty() ? std::string_view{} : arguments.front();
            if (!arguments.empty()) arguments = arguments.subspan(1);
        } else {
            return std::unexpected{"unknown argument \"" + std::string{argument} +
                                   "\"; try --help"};
        }
        if (options.config.empty()) return std::unexpected{"--config needs the name of a file"};
    }
    return options;
}

} // namespace postern::command
