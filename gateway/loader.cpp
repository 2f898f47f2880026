#include "gateway/loader.h"

#include "gateway/ourselves.h"
#include "gateway/watch.h"
#include "ssl/library.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace postern::gateway {

namespace {

std::size_t usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

// Messages come before the next policy: where a loop has no CPU left, this thread takes a tenth of
// it instead of half. A loop that sleeps costs it nothing.
void yield_to_loops() {
    [[maybe_unused]] const int now = ::nice(10); // on Linux of this thread alone
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
    ::pthread_setname_np(::pthread_self(), "loader");
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

void Loader::in_use(std::shared_ptr<const Configuration> configuration, OutboundParts outbound) {
    mailbox_.post([this, used = std::move(configuration), outbound]() mutable {
        if (!in_use_) yield_to_loops(); // until then there are no messages
        in_use_ = std::move(used);
        spool_in_use_ |= outbound.spool;
        if (outbound.resolvers) resolver_print_ = resolver_print(in_use_->settings);
    });
}

void Loader::free(std::shared_ptr<const Configuration> configuration) {
    mailbox_.post([unused = std::move(configuration)] {});
}

std::unique_ptr<Load> Loader::load_now(When when, const ssl::TicketKeys& keys) {
    auto load = std::make_unique<Load>();
    const auto began = std::chrono::system_clock::now();
    const bool was_set_back = began < latest_;
    latest_ = began;
    // What they remember until some time, failures too, they would remember that much longer.
    if (was_set_back) resolver_print_.clear();
    const bool can_be_unchanged = when == When::if_changed && !files_.empty() && !was_set_back;
    if (can_be_unchanged && fingerprint(files_) == fingerprint_ && !hosts_moved()) {
        load->unchanged = true;
        return load;
    }
    load->loaded = load_configuration(path_, generation_ + 1, in_use_.get());
    files_ = load->loaded.files;
    // A file that changed while we read may have been read half old: look again at the next chance.
    const auto ended = std::chrono::system_clock::now();
    fingerprint_ = changed_between(files_, began, ended) ? std::string{} : fingerprint(files_);
    const auto& configuration = load->loaded.configuration;
    if (!configuration) return load;
    ++generation_;
    const std::size_t wanted = configuration->settings.cores;
    if (cores_ == 0) cores_ = wanted == 0 ? usable_cpus() : wanted;
    load->cores = cores_;
    load->new_tls = !in_use_ || in_use_->tls_print != configuration->tls_print;
    if (load->new_tls) make_contexts(*load, keys);
    if (sends(configuration->settings)) {
        open_spool(*load);
        open_resolvers(*load);
    }
    return load;
}

bool Loader::sends(const Settings& settings) const {
    if (spool_in_use_) return true;
    const bool asked = std::ranges::any_of(settings.listeners, [](const auto& listener) {
        return listener.direction == Direction::outbound;
    });
    std::error_code ignored;
    return asked || std::filesystem::exists(spool_directory(settings), ignored);
}

// The spool is one process's: another would take what this one is writing for torn.
void Loader::open_spool(Load& load) const {
    if (spool_in_use_) return;
    const Settings& settings = load.loaded.configuration->settings;
    const std::string directory = spool_directory(settings);
    std::string problem;
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    io::Descriptor lock{
        ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!lock.valid()) {
        problem = std::generic_category().message(errno);
    } else if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        problem = "another gateway uses it";
    }
    if (problem.empty()) {
        auto recovery = spool::recover(directory, static_cast<unsigned>(cores_));
        if (recovery) {
            load.spool = std::move(*recovery);
            load.spool_lock = std::move(lock);
            return;
        }
        problem = recovery.error();
    }
    load.loaded.mistakes.error(
        settings.file, {}, "the queue in " + directory + " cannot be used: " + problem);
    load.loaded.configuration.reset();
}

void Loader::open_resolvers(Load& load) {
    if (!load.loaded.configuration) return;
    const Settings& settings = load.loaded.configuration->settings;
    if (resolver_print(settings) == resolver_print_) return;
    load.new_resolvers = true;
    load.ourselves = ourselves_of(settings);
    for (std::size_t core = 0; core < cores_; ++core) {
        auto opened = dns::Context::open(settings.dns);
        if (!opened) load.dns_problem = opened.error();
        load.resolvers.push_back(opened ? std::move(*opened) : nullptr);
    }
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
