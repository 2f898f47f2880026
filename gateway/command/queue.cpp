#include "gateway/command/queue.h"

#include "gateway/command/ask.h"
#include "gateway/command/options.h"
#include "gateway/deliver/queue_desk.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"
#include "gateway/settings.h"
#include "gateway/spool/recovery.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern queue list  [CONDITIONS] [--limit N] [--json]\n"
    "       postern queue show  CONDITIONS   what happened to each recipient\n"
    "       postern queue retry CONDITIONS   try them now, those on hold too\n"
    "       postern queue hold  CONDITIONS   do not try them until `retry`\n"
    "       postern queue drop  CONDITIONS   forget them; no report is sent\n"
    "\n"
    "The mail that waits to go out: of the running gateway, or of its spool when none runs.\n"
    "\n"
    "  ID ...          messages by their ids, as `list` shows them\n"
    "  --from WHO      whose sender is this address, or in this domain\n"
    "  --to WHO        with a waiting recipient like that\n"
    "  --all           all of them\n"
    "  --limit N       the N oldest at most\n"
    "  --json          one JSON object a line\n"
    "  --config FILE   whose state directory has the queue (default /etc/postern/postern.toml)\n";

io::Task<void> serve(spool::Spool& spool, deliver::QueueRequest request, std::string& answer) {
    bool more = true;
    while (more) {
        const auto part = co_await deliver::serve_queue(spool, request);
        answer += part.text;
        more = deliver::go_on(request, part);
    }
    co_await spool.stop();
}

// The queue of a gateway that does not run. The error is a sentence.
std::expected<std::string, std::string> serve_here(const std::string& config,
                                                   const deliver::QueueRequest& request) {
    const gateway::LoadedSettings loaded = gateway::load_settings(config);
    const std::string directory = gateway::spool_directory(loaded.settings);
    std::error_code ignored;
    if (!std::filesystem::exists(directory, ignored)) return std::string{};
    const io::Descriptor lock{::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC)};
    if (lock.valid() && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::unexpected{"a gateway uses " + directory + " and does not answer"};
    }
    auto recovery = spool::recover(directory, 1);
    if (!recovery) return std::unexpected{recovery.error()};
    auto ring = io::Ring::open({});
    if (!ring) return std::unexpected{ring.error()};
    std::string answer;
    {
        spool::Spool spool{
            **ring, {.directory = directory, .core = 0}, std::move(recovery->cores.front())};
        io::TaskGroup tasks{**ring};
        tasks.spawn(serve(spool, request, answer));
        while (tasks.running() > 0) {
            (*ring)->turn();
        }
    }
    return answer;
}

// Of a running gateway, else from the disk.
std::expected<std::string, std::string> answer_to(const std::string& config,
                                                  const deliver::QueueRequest& request) {
    auto answer = ask(config, "queue " + deliver::text(request));
    if (!answer && answer.error().starts_with("no gateway answers at ")) {
        return serve_here(config, request);
    }
    if (!answer) return answer;
    constexpr std::string_view ok = "ok\n";
    const bool served = answer->starts_with(ok);
    answer->erase(0, answer->find('\n') + 1);
    if (!served) return std::unexpected{answer->substr(0, answer->find('\n'))};
    return answer;
}

struct Words {
    std::vector<std::string_view> common; // what other commands take, too
    std::string request;                  // the rest
};

Words taken_apart(std::span<const std::string_view> arguments) {
    Words words;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        const bool with_value = argument == "--config" || argument == "-c";
        const bool is_common = with_value || argument == "--help" || argument == "-h" ||
                               argument.starts_with("--config=");
        const std::size_t taken = std::min<std::size_t>(with_value ? 2 : 1, arguments.size());
        if (is_common) {
            for (const std::string_view one : arguments.first(taken)) {
                words.common.push_back(one);
            }
        } else {
            words.request += argument;
            words.request += ' ';
        }
        arguments = arguments.subspan(taken);
    }
    return words;
}

} // namespace

int queue(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err) {
    const Words words = taken_apart(arguments);
    const auto options = read_options(words.common);
    if (options && options->help) {
        out << help;
        return 0;
    }
    const auto request = deliver::parse_queue_request(words.request);
    if (!options || !request) {
        err << "postern queue: " << (options ? request.error() : options.error()) << '\n';
        return 2;
    }
    const auto answer = answer_to(options->config, *request);
    if (!answer) {
        err << "postern queue: " << answer.error() << '\n';
        return 1;
    }
    out << *answer;
    if (answer->empty() && !request->ids.empty()) {
        err << "postern queue: no such message\n";
        return 1;
    }
    const std::string_view left = request->json ? "\"done\":false" : "nothing was done";
    return answer->contains(left) ? 1 : 0;
}

} // namespace postern::command
