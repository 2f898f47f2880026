#include "ssl/certificate.h"
#include "ssl/context.h"
#include "ssl/context_state.h"
#include "ssl/engine.h"
#include "ssl/session.h"
#include "ssl/ticket.h"
#include "ssl/trust.h"

#include <wolfssl/ssl.h>

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "perf/micro/benchmarks.h"

namespace postern::perf::micro {
namespace {

constexpr std::string_view certificates = "tests/ssl/certificates/";

// Ready contexts of both sides.
struct Sides {
    std::unique_ptr<ssl::ServerContext> server;
    std::unique_ptr<ssl::ClientContext> client;

    explicit Sides(const std::string& certificate) {
        const std::string path = std::string{certificates} + certificate;
        ssl::ServerSettings settings;
        settings.certificates.push_back(
            must(ssl::Certificate::load(file_of_tree(path + ".pem"), file_of_tree(path + ".key")),
                 "no certificate"));
        const auto keys = must(ssl::TicketKeys::generate(), "no ticket keys");
        server = must(ssl::ServerContext::make(settings, keys), "no server");
        const auto trust =
            ssl::TrustStore::from_text(file_of_tree(std::string{certificates} + "root.pem"));
        must(trust.has_value(), "no trust store");
        client = must(ssl::ClientContext::make({}, &*trust), "no client");
    }
};

// A client and a server without a network between them.
class Talk {
public:
    explicit Talk(const Sides& sides, const ssl::Session* resume = nullptr)
        : client(must(ssl::Engine::client(*sides.client, "mx.example.org", resume), "no client")) {
        const double before = cpu_seconds();
        server = must(ssl::Engine::server(*sides.server), "no server");
        server_seconds = cpu_seconds() - before;
    }

    void shake_hands() {
        using enum ssl::Progress;
        auto ours = want_input;
        auto theirs = take(*client, to_client, to_server);
        while (ours == want_input || theirs == want_input) {
            const bool ours_can = ours == want_input && !to_server.empty();
            if (ours_can) {
                const double before = cpu_seconds();
                ours = take(*server, to_server, to_client);
                server_seconds += cpu_seconds() - before;
            }
            const bool theirs_can = theirs == want_input && !to_client.empty();
            if (theirs_can) theirs = take(*client, to_client, to_server);
            must(ours_can || theirs_can, "the handshake stalls");
        }
        must(ours == done && theirs == done, "no handshake");
    }

    // What `bytes` holds for `engine`; how much it was.
    static std::size_t read(ssl::Engine& engine, std::string_view bytes, std::string& out) {
        std::array<char, 16384> room; // NOLINT(cppcoreguidelines-init-variables): written first
        std::size_t sum = 0;
        for (;;) {
            const auto read = engine.read(bytes, room, out);
            sum += read.bytes;
            if (read.progress == ssl::Progress::want_input) return sum;
            must(read.progress == ssl::Progress::done, "a record does not decrypt");
        }
    }

    std::unique_ptr<ssl::Engine> client;
    std::unique_ptr<ssl::Engine> server;
    std::string to_server;
    std::string to_client;
    double server_seconds = 0; // CPU time of its side of the handshake

private:
    static ssl::Progress take(ssl::Engine& engine, std::string& bytes, std::string& out) {
        std::string_view input = bytes;
        const auto progress = engine.handshake(input, out);
        bytes.erase(0, bytes.size() - input.size());
        return progress;
    }
};

enum class Kind : std::uint8_t { full, resumed };

void handshake(benchmark::State& state, const std::string& certificate, Kind kind) {
    const Sides sides(certificate);
    std::optional<ssl::Session> session;
    if (kind == Kind::resumed) {
        Talk first(sides);
        first.shake_hands();
        // The ticket comes behind the handshake.
        static_cast<void>(Talk::read(*first.client, first.to_client, first.to_server));
        session = first.client->session();
        must(session.has_value(), "no ticket");
    }
    for ([[maybe_unused]] auto _ : state) {
        Talk talk(sides, session ? &*session : nullptr);
        talk.shake_hands();
        must(talk.server->peer().resumed == (kind == Kind::resumed), "not the handshake meant");
        const double before = cpu_seconds();
        talk.server.reset();
        state.SetIterationTime(talk.server_seconds + cpu_seconds() - before);
    }
}

constexpr std::size_t bulk_bytes = 65536;

Talk talk_in(const Sides& sides, const char* cipher) {
    must(wolfSSL_CTX_set_cipher_list(sides.client->state().context.get(), cipher) ==
             WOLFSSL_SUCCESS,
         "no such cipher");
    Talk talk(sides);
    talk.shake_hands();
    return talk;
}

void write_bulk(benchmark::State& state, const char* cipher) {
    const Sides sides("ecdsa");
    Talk talk = talk_in(sides, cipher);
    const std::string plain(bulk_bytes, 'x');
    for ([[maybe_unused]] auto _ : state) {
        talk.to_client.clear();
        must(talk.server->write(plain, talk.to_client) == ssl::Progress::done, "not written");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bulk_bytes));
}

void read_bulk(benchmark::State& state, const char* cipher) {
    const Sides sides("ecdsa");
    Talk talk = talk_in(sides, cipher);
    const std::string plain(bulk_bytes, 'x');
    for ([[maybe_unused]] auto _ : state) {
        talk.to_server.clear();
        must(talk.client->write(plain, talk.to_server) == ssl::Progress::done, "not written");
        const double before = cpu_seconds();
        const std::size_t read = Talk::read(*talk.server, talk.to_server, talk.to_client);
        state.SetIterationTime(cpu_seconds() - before);
        must(read == bulk_bytes, "not read");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bulk_bytes));
}

} // namespace

void add_tls() {
    benchmark::RegisterBenchmark("tls_handshake/ecdsa_p256", [](benchmark::State& state) {
        handshake(state, "ecdsa", Kind::full);
    })->UseManualTime();
    benchmark::RegisterBenchmark("tls_handshake/rsa_2048", [](benchmark::State& state) {
        handshake(state, "rsa", Kind::full);
    })->UseManualTime();
    benchmark::RegisterBenchmark("tls_handshake/resumed", [](benchmark::State& state) {
        handshake(state, "ecdsa", Kind::resumed);
    })->UseManualTime();

    struct Cipher {
        const char* title;
        const char* name; // the library's
    };
    for (const auto& [title, cipher] :
         {Cipher{"aes_128_gcm", "TLS13-AES128-GCM-SHA256"},
          Cipher{"aes_256_gcm", "TLS13-AES256-GCM-SHA384"},
          Cipher{"chacha20_poly1305", "TLS13-CHACHA20-POLY1305-SHA256"}}) {
        benchmark::RegisterBenchmark(
            (std::string{"tls_write/"} + title).c_str(),
            [name = cipher](benchmark::State& state) { write_bulk(state, name); });
        benchmark::RegisterBenchmark(
            (std::string{"tls_read/"} + title).c_str(),
            [name = cipher](benchmark::State& state) { read_bulk(state, name); })
            ->UseManualTime();
    }
}

} // namespace postern::perf::micro
