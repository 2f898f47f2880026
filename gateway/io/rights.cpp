#include "gateway/io/rights.h"

#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cstring>
#include <string>

namespace postern::io {

ssize_t send_with_descriptors(int socket,
                              std::string_view text,
                              std::span<const int> descriptors,
                              int flags) {
    assert(descriptors.size() <= descriptors_per_message);
    std::string bytes{text};
    iovec words{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_per_message)> room{};
    msghdr message{};
    message.msg_iov = &words;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = room.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    return ::sendmsg(socket, &message, flags);
}

} // namespace postern::io
