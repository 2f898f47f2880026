// Foreign bytes in place of a peer's: a server before and after the handshake, a client in the
// middle of it. Whatever comes, the engine ends well or badly, says why, and wherever the bytes are
// cut it comes to the same end.
#include "ssl/context.h"
#include "ssl/engine.h"
#include "ssl/library.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace ssl = postern::ssl;
using ssl::Engine;
using ssl::Progress;

namespace {

std::string certificate_file(const std::string& name) {
    const std::string here = __FILE__;
    std::ifstream file(here.substr(0, here.rfind('/')) + "/../ssl/certificates/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Host {
    std::unique_ptr<ssl::Library> library = ssl::Library::open().value();
    std::unique_ptr<ssl::ServerContext> server;
    std::unique_ptr<ssl::ClientContext> client;     // TLS 1.3
    std::unique_ptr<ssl::ClientContext> old_client; // TLS 1.2

    Host() {
        ssl::ServerSettings settings;
        settings.certificates.push_back(
            ssl::Certificate::load(certificate_file("ecdsa.pem"), certificate_file("ecdsa.key"))
                .value());
        server = ssl::ServerContext::make(settings, ssl::TicketKeys::generate().value()).value();
        const auto trust = ssl::TrustStore::from_text(certificate_file("root.pem")).value();
        client = ssl::ClientContext::make({}, &trust).value();
        old_client =
            ssl::ClientContext::make({.maximum_version = ssl::Version::tls_1_2}, &trust).value();
    }
};

struct End {
    Progress progress = Progress::want_input;
    ssl::Cause cause = ssl::Cause::none;
    std::string plain;

    bool operator==(const End&) const = default;
};

// Feeds `bytes` in pieces, first to the handshake, then to read().
End feed(Engine& engine, std::string_view bytes, std::size_t piece, bool established) {
    End end;
    std::string output;
    std::array<char, 512> room{};
    while (!bytes.empty() && end.progress == Progress::want_input) {
        auto input = bytes.substr(0, piece);
        const auto before = input.size();
        if (!established) {
            end.progress = engine.handshake(input, output);
            established = end.progress == Progress::done;
            if (established) end.progress = Progress::want_input;
        } else {
            const auto read = engine.read(input, room, output);
            end.plain.append(room.data(), read.bytes);
            end.progress = read.progress == Progress::done ? Progress::want_input : read.progress;
        }
        if (end.progress == Progress::want_input && !established) assert(input.empty());
        bytes.remove_prefix(before - input.size());
    }
    end.cause = engine.error().cause;
    assert((end.progress == Progress::failed || end.progress == Progress::closed) ==
           (end.cause != ssl::Cause::none));
    // Nothing that a peer sends is our fault, nor takes our memory.
    assert(!ssl::is_ours(end.cause));
    return end;
}

std::string hello_of(ssl::ClientContext& context) {
    const auto client = Engine::client(context, "mx.example.org").value();
    std::string output;
    std::string_view nothing;
    [[maybe_unused]] const auto progress = client->handshake(nothing, output);
    assert(progress == Progress::want_input);
    return output;
}

// A server behind a complete handshake.
std::unique_ptr<Engine> established_server(Host& host, ssl::ClientContext& context) {
    const auto client = Engine::client(context, "mx.example.org").value();
    auto server = Engine::server(*host.server).value();
    std::string to_server;
    std::string to_client;
    auto progress = Progress::want_input;
    for (int i = 0; i < 4 && progress == Progress::want_input; ++i) {
        std::string_view input = to_client;
        const auto of_client = client->handshake(input, to_server);
        assert(of_client != Progress::failed);
        to_client.clear();
        input = to_server;
        progress = server->handshake(input, to_client);
        to_server.clear();
        if (of_client == Progress::done) break;
    }
    assert(progress == Progress::done);
    return server;
}

// `bytes` as changes: two of place, one of what to flip there; what is left over is appended.
std::string changed(std::string text, std::string_view bytes) {
    for (int i = 0; i < 4 && bytes.size() >= 3; ++i, bytes.remove_prefix(3)) {
        const auto place = static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[0])) << 8 |
                           static_cast<std::uint8_t>(bytes[1]);
        auto& octet = text[place % text.size()];
        octet = static_cast<char>(octet ^ bytes[2]);
    }
    text += bytes;
    return text;
}

// A client's answer to a server's changed flight. Flights differ from each other (keys,
// signatures), so there is nothing to compare.
void feed_client(Host& host, std::string_view bytes, std::size_t piece) {
    const auto client = Engine::client(*host.client, "mx.example.org").value();
    const auto server = Engine::server(*host.server).value();
    std::string to_server;
    std::string flight;
    std::string_view input;
    [[maybe_unused]] auto progress = client->handshake(input, to_server);
    input = to_server;
    progress = server->handshake(input, flight);
    feed(*client, changed(flight, bytes), piece, false);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Host host;
    if (size < 2) return 0;
    const std::size_t piece = 1 + data[1] % 64;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

    const auto compare = [&](auto make, std::string_view input, bool established) {
        const auto whole =
            feed(*make(), input, std::max<std::size_t>(input.size(), 1), established);
        const auto pieces = feed(*make(), input, piece, established);
        assert(whole == pieces);
    };
    const auto fresh = [] { return Engine::server(*host.server).value(); };
    switch (data[0] % 6) {
    case 0: compare(fresh, bytes, false); break;
    case 1: compare(fresh, changed(hello_of(*host.client), bytes), false); break;
    case 2: compare(fresh, changed(hello_of(*host.old_client), bytes), false); break;
    case 3: compare([] { return established_server(host, *host.client); }, bytes, true); break;
    case 4: compare([] { return established_server(host, *host.old_client); }, bytes, true); break;
    case 5: feed_client(host, bytes, piece); break;
    default: break;
    }
    return 0;
}
