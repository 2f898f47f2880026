#pragma once

#include "gateway/io/descriptor.h"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace postern::gateway {

// Listening sockets of one core, by their listener's address.
using Listening = std::vector<std::pair<std::string, io::Descriptor>>;

// All listening sockets of the process: those that a predecessor left, in which clients may be
// waiting already, and a copy of each that is in use, for a successor. Owned by the gateway.
class ListeningSockets {
public:
    explicit ListeningSockets(std::vector<io::Descriptor> inherited);

    // Whether a predecessor has left any for this address.
    [[nodiscard]] bool inherits(const std::string& address) const;
    // One for each core at least, the inherited ones first: more of them than cores are spread over
    // the cores, for none may be closed while clients wait in it. Where no further ones can be
    // opened beside them, some are copies of the others. An error says why not.
    [[nodiscard]] std::expected<std::vector<io::Descriptor>, std::string>
    open(const std::string& address, std::size_t cores);
    // What open() gave is in use from now on.
    void in_use(const std::vector<Listening>& listening);
    // Closes what was inherited for listeners that are no more.
    void close_rest();
    // Forgets an address whose sockets listen no more.
    void forget(const std::string& address);

    // Of those that are in use; they stay ours.
    [[nodiscard]] std::vector<int> all() const;

private:
    std::vector<io::Descriptor> inherited_;
    Listening copies_;
};

// Hands sockets to another process through a connected Unix socket. False: it does not take them.
[[nodiscard]] bool send_sockets(int connection, std::span<const int> sockets);
// The other side of it. The error is what came instead: words of refusal, or why nothing came.
[[nodiscard]] std::expected<std::vector<io::Descriptor>, std::string>
receive_sockets(int connection);

} // namespace postern::gateway
