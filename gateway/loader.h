#pragma once

#include "gateway/configuration.h"
#include "gateway/dns/context.h"
#include "gateway/dns/mail_hosts.h"
#include "gateway/io/descriptor.h"
#include "gateway/io/mailbox.h"
#include "gateway/spool/recovery.h"
#include "ssl/context.h"
#include "ssl/ticket.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace postern::gateway {

// One load, ready to be handed to the cores.
struct Load {
    LoadedConfiguration loaded;
    bool unchanged = false; // the files are what they were: nothing was read
    std::size_t cores = 0;  // how many there are, or are to be
    bool new_tls = false;
    // One of each for every core, when new_tls. Null: unusable, `tls_problem` says why.
    std::vector<std::unique_ptr<ssl::ServerContext>> server_tls;
    std::vector<std::unique_ptr<ssl::ClientContext>> client_tls;
    std::string tls_problem;

    // Outbound mail. What the spool holds, for each core, when it has just been opened; it is ours
    // while the lock is held.
    std::optional<spool::Recovery> spool;
    io::Descriptor spool_lock;
    bool new_resolvers = false;
    // One for each core, when new_resolvers. Null: unusable, `dns_problem` says why.
    std::vector<std::unique_ptr<dns::Context>> resolvers;
    dns::Ourselves ourselves;
    std::string dns_problem;
};

// Which parts of outbound mail a load brought.
struct OutboundParts {
    bool spool = false;
    bool resolvers = false;
};

// The thread that does what would hold up a loop: reads files, resolves names, parses certificates,
// and frees what nobody needs any more. Owned by the gateway; its answers come through a mailbox.
class Loader {
public:
    explicit Loader(std::string path);
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;
    ~Loader();

    enum class When : std::uint8_t { always, if_changed };
    // `done` is called on the loader's thread. Requests are answered in order.
    void load(When when, ssl::TicketKeys keys, std::function<void(std::unique_ptr<Load>)> done);
    // What load() brought has been put in use: the next one is compared with it.
    void in_use(std::shared_ptr<const Configuration> configuration, OutboundParts outbound = {});
    void free(std::shared_ptr<const Configuration> configuration);

private:
    void run();
    [[nodiscard]] std::unique_ptr<Load> load_now(When when, const ssl::TicketKeys& keys);
    // Names of next hops lead to other addresses than they did.
    [[nodiscard]] bool hosts_moved() const;
    void make_contexts(Load& load, const ssl::TicketKeys& keys) const;
    // Mail goes out from here, or some that was to go out waits in the spool.
    [[nodiscard]] bool sends(const Settings& settings) const;
    void open_spool(Load& load) const;
    void open_resolvers(Load& load);

    std::string path_;
    std::size_t cores_ = 0; // decided by the first load: cores come and go only with the process
    std::shared_ptr<const Configuration> in_use_;
    std::vector<std::string> files_; // of the last load, failed or not
    std::string fingerprint_;
    std::chrono::system_clock::time_point latest_; // of the clock so far
    std::uint64_t generation_ = 0;
    bool spool_in_use_ = false;
    std::string resolver_print_; // of the resolvers in use; "": there are none
    bool ended_ = false;
    io::Mailbox mailbox_;
    std::thread thread_;
};

} // namespace postern::gateway
