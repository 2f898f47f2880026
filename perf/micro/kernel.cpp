#include "gateway/io/descriptor.h"

#include <liburing.h>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "perf/micro/benchmarks.h"

// What the kernel takes for what a message cannot do without.
namespace postern::perf::micro {
namespace {

using io::Descriptor;

// A listening socket of loopback, and where it is.
struct Listener {
    Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{.sin_family = AF_INET,
                        .sin_port = 0,
                        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                        .sin_zero = {}};

    Listener() {
        socklen_t bytes = sizeof address;
        must(::bind(socket.get(), generic(), bytes) == 0 && ::listen(socket.get(), 16) == 0 &&
                 ::getsockname(socket.get(), generic(), &bytes) == 0,
             "nothing listens");
    }
    [[nodiscard]] Descriptor connect() {
        Descriptor connection{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        must(connection.valid() && ::connect(connection.get(), generic(), sizeof address) == 0,
             "no connection");
        return connection;
    }
    [[nodiscard]] Descriptor accept() const {
        Descriptor connection{::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        must(connection.valid(), "not accepted");
        return connection;
    }

private:
    [[nodiscard]] sockaddr* generic() {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the interface's own way
        return reinterpret_cast<sockaddr*>(&address);
    }
};

// Both ends of a TCP connection.
struct Pair {
    Descriptor near;
    Descriptor far;

    Pair() {
        Listener listener;
        near = listener.connect();
        far = listener.accept();
        const int yes = 1;
        must(::setsockopt(near.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0, "no delay");
    }
};

void send_and_receive(benchmark::State& state) {
    const Pair pair;
    std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    const auto size = static_cast<ssize_t>(bytes.size());
    for ([[maybe_unused]] auto _ : state) {
        must(::send(pair.near.get(), bytes.data(), bytes.size(), 0) == size &&
                 ::recv(pair.far.get(), bytes.data(), bytes.size(), MSG_WAITALL) == size,
             "not all came");
    }
    state.SetBytesProcessed(state.iterations() * size);
}

// Both are handed over by one system call, by a ring of the same kind as io::Ring.
void send_and_receive_by_ring(benchmark::State& state) {
    const Pair pair;
    io_uring ring{};
    must(io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) ==
             0,
         "no ring");
    std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    std::string room(bytes.size(), '\0');
    for ([[maybe_unused]] auto _ : state) {
        io_uring_prep_send(io_uring_get_sqe(&ring), pair.near.get(), bytes.data(), bytes.size(), 0);
        io_uring_prep_recv(
            io_uring_get_sqe(&ring), pair.far.get(), room.data(), room.size(), MSG_WAITALL);
        must(io_uring_submit_and_wait(&ring, 2) == 2, "not submitted");
        for (int answers = 0; answers < 2; ++answers) {
            io_uring_cqe* answer = nullptr;
            must(io_uring_wait_cqe(&ring, &answer) == 0 &&
                     answer->res == static_cast<int>(bytes.size()),
                 "not all came");
            io_uring_cqe_seen(&ring, answer);
        }
    }
    io_uring_queue_exit(&ring);
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

// The client closes last, as after QUIT.
void connection(benchmark::State& state) {
    Listener listener;
    for ([[maybe_unused]] auto _ : state) {
        const Descriptor client = listener.connect();
        const double before = cpu_seconds();
        {
            const Descriptor server = listener.accept();
        }
        state.SetIterationTime(cpu_seconds() - before);
    }
}

// On the disk where temporary files lie (TMPDIR), into space that is allocated, as a segment is.
void data_sync(benchmark::State& state) {
    constexpr std::size_t bytes = 4096;
    constexpr std::size_t file_bytes = 64UL << 20U;
    std::string path = std::filesystem::temp_directory_path() / "postern-micro-XXXXXX";
    const Descriptor file{::mkstemp(path.data())};
    must(file.valid() && ::unlink(path.c_str()) == 0 &&
             ::posix_fallocate(file.get(), 0, file_bytes) == 0,
         "no file");
    const std::string block(bytes, 'x');
    std::size_t at = 0;
    for ([[maybe_unused]] auto _ : state) {
        must(::pwrite(file.get(), block.data(), bytes, static_cast<off_t>(at)) ==
                     static_cast<ssize_t>(bytes) &&
                 ::fdatasync(file.get()) == 0,
             "not written");
        at = (at + bytes) % file_bytes;
    }
}

} // namespace

void add_kernel() {
    benchmark::RegisterBenchmark("loopback/blocking", send_and_receive)->Arg(1024)->Arg(16384);
    benchmark::RegisterBenchmark("loopback/io_uring", send_and_receive_by_ring)
        ->Arg(1024)
        ->Arg(16384);
    // As many as there are ports for those that linger in TIME_WAIT.
    benchmark::RegisterBenchmark("tcp_connection", connection)->UseManualTime()->Iterations(5000);
    benchmark::RegisterBenchmark("fdatasync/4096", data_sync)->UseRealTime();
}

} // namespace postern::perf::micro
