#include "gateway/endpoints.h"

#include "gateway/admin/http.h"
#include "gateway/admin/page.h"
#include "gateway/gateway.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace postern::gateway {
namespace {

constexpr io::Duration patience{5000}; // an administrator's program says at once what it wants
constexpr std::size_t line_bytes_max = 4096;
constexpr std::size_t serving_max = 64;
constexpr int backlog = 64;

// A socket that only our own user can connect to. Takes the place of one that a dead gateway left.
std::expected<io::Descriptor, std::string> listen_on_path(const std::string& path) {
    const auto failed = [&path](const char* what) {
        return std::unexpected{std::string{what} + " " + path + ": " +
                               std::generic_category().message(errno)};
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return failed("cannot make the control socket");
    }
    std::ranges::copy(path, address.sun_path);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
    io::Descriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return failed("cannot make the control socket");
    ::unlink(path.c_str());
    const mode_t before = ::umask(0177);
    const bool bound =
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (!bound || ::listen(fd.get(), backlog) != 0) return failed("cannot make the control socket");
    return fd;
}

} // namespace

std::string control_path(const Settings& settings) {
    return settings.state_directory + "/control.sock";
}

Endpoints::Endpoints(Gateway& gateway, io::Ring& ring)
    : gateway_(gateway), ring_(ring), pause_(ring), tasks_(ring) {}

std::string Endpoints::open(const Settings& settings) {
    control_path_ = control_path(settings);
    auto control = listen_on_path(control_path_);
    if (!control) return control.error();
    control_ = std::make_unique<io::Acceptor>(ring_, std::move(*control));
    tasks_.spawn(accept(*control_, Speaks::control));
    if (settings.admin_address.empty()) return {};
    const auto address = io::Endpoint::parse(settings.admin_address);
    if (!address) return "cannot listen on " + settings.admin_address;
    auto admin = io::listen_on(*address, backlog);
    if (!admin) return admin.error();
    admin_ = std::make_unique<io::Acceptor>(ring_, std::move(*admin));
    tasks_.spawn(accept(*admin_, Speaks::http));
    return {};
}

io::Task<void> Endpoints::close() {
    if (admin_) admin_->stop();
    if (control_) control_->stop();
    if (control_) ::unlink(control_path_.c_str());
    [[maybe_unused]] const bool ended = co_await tasks_.ended(2 * patience);
}

io::Task<void> Endpoints::accept(io::Acceptor& acceptor, Speaks speaks) {
    for (;;) {
        auto fd = co_await acceptor.next();
        if (fd) {
            if (serving_ < serving_max) {
                tasks_.spawn(serve(io::Socket{ring_, std::move(*fd)}, speaks));
            }
        } else if (fd.error() == io::Error::cancelled) {
            co_return;
        } else {
            // Out of descriptors: sessions end, and then there are some.
            constexpr io::Duration pause{200};
            [[maybe_unused]] const bool woken = co_await pause_.wait(pause);
        }
    }
}

io::Task<void> Endpoints::serve(io::Socket socket, Speaks speaks) {
    ++serving_;
    {
        Channel channel{std::move(socket)};
        std::string answer;
        if (speaks == Speaks::http) {
            answer = co_await http(channel);
        } else {
            answer = co_await control(channel);
        }
        if (!answer.empty()) {
            [[maybe_unused]] const auto sent = co_await channel.send(answer, patience);
            co_await channel.close(patience);
        }
    }
    --serving_;
}

io::Task<std::string> Endpoints::http(Channel& channel) {
    std::string received;
    admin::Request request = admin::read_request(received);
    while (request.state == admin::Request::State::incomplete) {
        const auto bytes = co_await channel.data(patience);
        if (!bytes) co_return std::string{};
        received += *bytes;
        channel.consume(bytes->size());
        request = admin::read_request(received);
    }
    const admin::Pages pages{.metrics = [this] { return gateway_.metrics(); },
                             .status = [this] { return gateway_.status() + "\n"; },
                             .ready = [this] { return gateway_.ready(); },
                             .healthy = [this] { return gateway_.healthy(); }};
    co_return admin::answer(request, pages);
}

// Words in; "ok" or "refused" on the first line of the answer, then the details.
io::Task<std::string> Endpoints::control(Channel& channel) {
    const auto line = co_await channel.line(line_bytes_max, patience);
    if (!line) co_return std::string{};
    if (line->starts_with("queue ")) {
        co_return co_await queue(channel, std::string{line->substr(6)});
    }
    if (*line == "status") co_return "ok\n" + gateway_.status() + "\n";
    if (*line == "support") co_return "ok\n" + co_await gateway_.support(Gateway::Form::text);
    if (*line == "support json") co_return "ok\n" + co_await gateway_.support(Gateway::Form::json);
    if (*line == "hand over") {
        const std::string problem = gateway_.hand_over(channel.socket().fd());
        co_return problem.empty() ? std::string{} : "refused\n" + problem + "\n";
    }
    if (*line != "reload") co_return std::string{"refused\nunknown request\n"};
    const Reloaded reloaded = co_await gateway_.reload(Loader::When::always);
    const bool refused = reloaded.outcome == Reloaded::Outcome::refused;
    std::string answer = refused ? "refused\n" : "ok\n";
    answer += "generation " + std::to_string(reloaded.generation) + "\n";
    answer += reloaded.mistakes.text();
    co_return answer;
}

// Part by part, as the asker takes them: the queue may be longer than our memory.
io::Task<std::string> Endpoints::queue(Channel& channel, std::string words) {
    auto request = deliver::parse_queue_request(words);
    if (!request) co_return "refused\n" + request.error() + "\n";
    std::string part = "ok\n";
    std::size_t core = 0;
    for (;;) {
        auto more = co_await gateway_.ask_queue(core, *request);
        if (!more && more.error() == Gateway::NoAnswer::ending && part == "ok\n") {
            co_return std::string{"refused\nthe gateway is ending\n"};
        }
        if (!more) co_return part;
        part += *more;
        constexpr std::size_t part_bytes = std::size_t{64} << 10U;
        if (part.size() < part_bytes) continue;
        const auto sent = co_await channel.send(part, patience);
        if (!sent) co_return std::string{};
        part.clear();
    }
}

} // namespace postern::gateway
