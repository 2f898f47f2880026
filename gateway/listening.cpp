#include "gateway/listening.h"

#include "gateway/io/acceptor.h"
#include "gateway/io/endpoint.h"
#include "gateway/io/rights.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace postern::gateway {
namespace {

constexpr int backlog = 4096; // net.core.somaxconn bounds it further
constexpr std::size_t sockets_max = 65536;

bool listens_at(const io::Descriptor& fd, const std::string& address) {
    return io::Endpoint::local_of(fd.get()).text() == address;
}

std::expected<io::Descriptor, std::string> copy_of(const io::Descriptor& fd) {
    io::Descriptor copy{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)};
    if (!copy.valid()) return std::unexpected{std::generic_category().message(errno)};
    return copy;
}

using Room = std::array<char, CMSG_SPACE(sizeof(int) * io::descriptors_per_message)>;

bool send_some(int connection, std::span<const int> sockets) {
    const std::string marks(sockets.size(), '+');
    return io::send_with_descriptors(connection, marks, sockets, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(marks.size());
}

void take_sockets(msghdr& message, std::vector<io::Descriptor>& sockets) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        std::vector<int> fds((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(fds.data(), CMSG_DATA(header), fds.size() * sizeof(int));
        for (const int fd : fds) {
            sockets.emplace_back(fd);
        }
    }
}

} // namespace

ListeningSockets::ListeningSockets(std::vector<io::Descriptor> inherited)
    : inherited_(std::move(inherited)) {}

bool ListeningSockets::inherits(const std::string& address) const {
    return std::ranges::any_of(
        inherited_, [&address](const io::Descriptor& fd) { return listens_at(fd, address); });
}

std::expected<std::vector<io::Descriptor>, std::string>
ListeningSockets::open(const std::string& address, std::size_t cores) {
    std::vector<io::Descriptor> sockets;
    for (io::Descriptor& fd : inherited_) {
        if (listens_at(fd, address)) sockets.push_back(std::move(fd));
    }
    std::erase_if(inherited_, [](const io::Descriptor& fd) { return !fd.valid(); });
    const auto endpoint = io::Endpoint::parse(address);
    if (!endpoint) return std::unexpected{address + " is no address"};
    const std::size_t found = sockets.size();
    while (sockets.size() < cores) {
        auto fd = io::listen_on(*endpoint, backlog);
        // Whoever opened the socket may have been another user, or has not let it be shared with
        // further ones (SO_REUSEPORT): then cores accept from the same one.
        if (!fd && found > 0) fd = copy_of(sockets.at(sockets.size() % found));
        if (!fd) return std::unexpected{fd.error()};
        sockets.push_back(std::move(*fd));
    }
    return sockets;
}

void ListeningSockets::in_use(const std::vector<Listening>& listening) {
    for (const Listening& of_core : listening) {
        for (const auto& [address, fd] : of_core) {
            auto copy = copy_of(fd);
            if (copy) copies_.emplace_back(address, std::move(*copy));
        }
    }
}

// Whoever has copies of them, such as systemd, notices that they have ended.
void ListeningSockets::close_rest() {
    for (const io::Descriptor& fd : inherited_) {
        ::shutdown(fd.get(), SHUT_RDWR);
    }
    inherited_.clear();
}

void ListeningSockets::forget(const std::string& address) {
    std::erase_if(copies_, [&address](const auto& copy) { return copy.first == address; });
}

std::vector<int> ListeningSockets::all() const {
    std::vector<int> sockets;
    for (const auto& [address, fd] : copies_) {
        sockets.push_back(fd.get());
    }
    return sockets;
}

// "+" for each socket, and a line end behind the last: whoever reads knows when all have come.
bool send_sockets(int connection, std::span<const int> sockets) {
    while (!sockets.empty()) {
        const std::size_t count = std::min(sockets.size(), io::descriptors_per_message);
        if (!send_some(connection, sockets.first(count))) return false;
        sockets = sockets.subspan(count);
    }
    return ::send(connection, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

std::expected<std::vector<io::Descriptor>, std::string> receive_sockets(int connection) {
    std::vector<io::Descriptor> sockets;
    std::string said;
    while (sockets.size() < sockets_max && !said.ends_with('\n')) {
        std::array<char, io::descriptors_per_message> marks{};
        iovec words{.iov_base = marks.data(), .iov_len = marks.size()};
        alignas(cmsghdr) Room room{};
        msghdr message{};
        message.msg_iov = &words;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        const ssize_t size = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return std::unexpected{std::generic_category().message(errno)};
        take_sockets(message, sockets);
        said.append(marks.data(), static_cast<std::size_t>(size));
        if (size == 0) break;
    }
    if (said == std::string(sockets.size(), '+') + "\n" && !sockets.empty()) return sockets;
    return std::unexpected{said.empty() ? "no answer" : said};
}

} // namespace postern::gateway
