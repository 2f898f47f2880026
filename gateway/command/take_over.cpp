#include "gateway/command/take_over.h"

#include "gateway/command/ask.h"
#include "gateway/configuration.h"
#include "gateway/listening.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <string_view>

namespace postern::command {
namespace {

// It drains, for as long as its drain_seconds say and what it cuts off then takes.
void wait_for_the_end(const io::Descriptor& connection) {
    const timeval for_ever{};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever);
    char byte = 0;
    while (::recv(connection.get(), &byte, 1, 0) < 0 && errno == EINTR) {
    }
}

} // namespace

std::expected<std::vector<io::Descriptor>, std::string> take_over(const std::string& config) {
    const auto mistakes = gateway::load_configuration(config, 1, nullptr).mistakes;
    if (mistakes.errors() > 0) return std::unexpected{mistakes.text()};
    const auto connection = connect_to_gateway(config);
    if (!connection) return std::unexpected{connection.error() + "\n"};
    constexpr std::string_view request = "hand over\r\n";
    ::send(connection->get(), request.data(), request.size(), MSG_NOSIGNAL);
    auto sockets = gateway::receive_sockets(connection->get());
    if (!sockets) return std::unexpected{"the other gateway runs on: " + sockets.error() + "\n"};
    wait_for_the_end(*connection);
    return sockets;
}

} // namespace postern::command
