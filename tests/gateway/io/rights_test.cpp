#include "gateway/io/descriptor.h"
#include "gateway/io/rights.h"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace postern::io {

TEST_CASE("text travels with the descriptors given, or with none") {
    const bool with_descriptor = GENERATE(false, true);
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
    const Descriptor near{pair[0]};
    const Descriptor far{pair[1]};
    const std::array sent{near.get()};
    const std::span<const int> descriptors{sent.data(), with_descriptor ? 1U : 0U};
    CHECK(send_with_descriptors(near.get(), "words", descriptors, MSG_NOSIGNAL) == 5);

    std::array<char, 16> text{};
    iovec words{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
    msghdr message{};
    message.msg_iov = &words;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    REQUIRE(::recvmsg(far.get(), &message, MSG_CMSG_CLOEXEC) == 5);
    CHECK(std::string_view(text.data(), 5) == "words");
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    REQUIRE((header != nullptr) == with_descriptor);
    if (header == nullptr) return;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    const Descriptor copy{number};
    CHECK(::write(copy.get(), "!", 1) == 1);
    CHECK(::read(far.get(), text.data(), 1) == 1);
    CHECK(text[0] == '!');
}

} // namespace postern::io
