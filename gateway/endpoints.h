#pragma once

#include "gateway/channel.h"
#include "gateway/io/acceptor.h"
#include "gateway/io/event.h"
#include "gateway/io/task_group.h"
#include "gateway/settings.h"

#include <memory>
#include <string>
#include <string_view>

namespace postern::gateway {

class Gateway;

// Where an administrator reaches the running gateway: HTTP on the loopback address of [admin] for
// metrics, health and status, and a socket in the state directory, open to its owner only, for the
// commands that change something. On the main thread's loop; owned by the gateway.
class Endpoints {
public:
    Endpoints(Gateway& gateway, io::Ring& ring);
    Endpoints(const Endpoints&) = delete;
    Endpoints& operator=(const Endpoints&) = delete;
    // close() was awaited, or open() failed.
    ~Endpoints() = default;

    // "" or what is wrong.
    [[nodiscard]] std::string open(const Settings& settings);
    [[nodiscard]] io::Task<void> close();

private:
    enum class Speaks : std::uint8_t { http, control };

    [[nodiscard]] io::Task<void> accept(io::Acceptor& acceptor, Speaks speaks);
    [[nodiscard]] io::Task<void> serve(io::Socket socket, Speaks speaks);
    [[nodiscard]] io::Task<std::string> http(Channel& channel);
    [[nodiscard]] io::Task<std::string> control(Channel& channel);
    [[nodiscard]] io::Task<std::string> queue(Channel& channel, std::string words);

    Gateway& gateway_;
    io::Ring& ring_;
    std::unique_ptr<io::Acceptor> admin_;
    std::unique_ptr<io::Acceptor> control_;
    std::string control_path_;
    std::size_t serving_ = 0;
    io::Event pause_;
    io::TaskGroup tasks_;
};

// Where the control socket of a gateway with this state directory is.
[[nodiscard]] std::string control_path(const Settings& settings);

} // namespace postern::gateway
