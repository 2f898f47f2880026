#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace postern::io {

inline constexpr std::size_t descriptors_per_message = 253; // SCM_MAX_FD of the kernel

// Sends `text` over a socket of the family AF_UNIX, and with it copies of at most
// descriptors_per_message descriptors (SCM_RIGHTS, unix(7)). `flags` and the result are those of
// sendmsg(2).
[[nodiscard]] ssize_t send_with_descriptors(int socket,
                                            std::string_view text,
                                            std::span<const int> descriptors,
                                            int flags);

} // namespace postern::io
