#include "gateway/loader.h"

#include "gateway/watch.h"
#include "ssl/library.h"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace postern::gateway {

namespace {

std::size_t usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

ssl::Version version_of(policy::TlsVersion version) {
    return ssl::version_from(policy::text(version)).value_or(ssl::Version::tls_1_2);
}

} // namespace

Loader::Loader(std::string path) : path_(std::move(path)), thread_([this] { run(); }) {}

Loader::~Loader() {
    mailbox_.post([this] { ended_ = true; });
    thread_.join();
}

void Loader::run() {
    const ssl::ThreadMemory of_this_thread;
    while (!ended_) {
        pollfd posted{.fd = mailbox_.fd(), .events = POLLIN, .revents = 0};
        ::poll(&posted, 1, -1);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto read = ::read(mailbox_.fd(), &count, sizeof count);
        mailbox_.run_posted();
    }
}

void Loader::load(When when,
                  ssl::TicketKeys keys,
                  std::function<void(std::unique_ptr<Load>)> done) {
    mailbox_.post([this, when, keys, answer = std::move(done)] { answer(load_now(when, keys)); });
}

void Loader::in_use(std::shared_ptr<const Configuration> configuration) {
    mailbox_.post([this, used = std::move(configuration)]() mutable { in_use_ = std::move(used); });
}

void Loader::free(std::shared_ptr<const Configuration> configuration) {
    mailbox_.post([unused = std::move(configuration)] {});
}

std::unique_ptr<Load> Loader::load_now(When when, const ssl::TicketKeys& keys) {
    auto load = std::make_unique<Load>();
    const bool can_be_unchanged = when == When::if_changed && !files_.empty();
    if (can_be_unchanged && fingerprint(files_) == fingerprint_ && !hosts_moved()) {
        load->unchanged = true;
        return load;
    }
    const auto began = std::chrono::system_clock::now();
    load->loaded = load_configuration(path_, generation_ + 1, in_use_.get());
    files_ = load->loaded.files;
    // A file that changed while we read may have been read half old: look again at the next chance.
    fingerprint_ = changed_since(files_, began) ? std::string{} : fingerprint(files_);
    const auto& configuration = load->loaded.configuration;
    if (!configuration) return load;
    ++generation_;
    const std::size_t wanted = configuration->settings.cores;
    if (cores_ == 0) cores_ = wanted == 0 ? usable_cpus() : wanted;
    load->cores = cores_;
    load->new_tls = !in_use_ || in_use_->tls_print != configuration->tls_print;
    if (load->new_tls) make_contexts(*load, keys);
    return load;
}

bool Loader::hosts_moved() const {
    if (!in_use_ || !in_use_->addresses.has_names()) return false;
    const relay::HostAddresses now =
        relay::HostAddresses::resolve(*in_use_->policy, &in_use_->addresses);
    return now != in_use_->addresses;
}

void Loader::make_contexts(Load& load, const ssl::TicketKeys& keys) const {
    const Configuration& configuration = *load.loaded.configuration;
    const Settings& settings = configuration.settings;
    const ssl::ServerSettings server{.certificates = configuration.certificates,
                                     .minimum_version = version_of(settings.tls.minimum_version)};
    const ssl::TrustStore* const trust = configuration.trust ? &*configuration.trust : nullptr;
    for (std::size_t core = 0; core < cores_; ++core) {
        std::unique_ptr<ssl::ServerContext>& made_server = load.server_tls.emplace_back();
        if (!configuration.certificates.empty()) {
            auto made = ssl::ServerContext::make(server, keys);
            if (made)
                made_server = std::move(*made);
            else
                load.tls_problem = ssl::text(made.error());
        }
        std::unique_ptr<ssl::ClientContext>& made_client = load.client_tls.emplace_back();
        auto made = ssl::ClientContext::make({}, trust);
        if (made)
            made_client = std::move(*made);
        else
            load.tls_problem = ssl::text(made.error());
    }
}

} // namespace postern::gateway
