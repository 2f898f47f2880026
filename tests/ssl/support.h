#pragma once

#include "ssl/certificate.h"
#include "ssl/context.h"
#include "ssl/engine.h"
#include "ssl/library.h"
#include "ssl/pem.h"
#include "ssl/trust.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace postern::ssl::testing {

// A file of tests/ssl/certificates.
inline std::string fixture(const std::string& name) {
    std::ifstream file(std::string(POSTERN_SOURCE_DIR "/tests/ssl/certificates/") + name);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    REQUIRE_FALSE(content.empty());
    return content;
}

inline Certificate certificate(const std::string& name) {
    auto loaded = Certificate::load(fixture(name + ".pem"), fixture(name + ".key"));
    REQUIRE(loaded.has_value());
    return *loaded;
}

inline TrustStore trust(const std::string& name = "root") {
    auto store = TrustStore::from_text(fixture(name + ".pem"));
    REQUIRE(store.has_value());
    return *store;
}

inline TicketKeys fresh_keys() {
    auto keys = TicketKeys::generate();
    REQUIRE(keys.has_value());
    return *keys;
}

// Ready contexts of both sides, and what they were made of.
struct Host {
    std::unique_ptr<Library> library = Library::open().value();
    TicketKeys keys = fresh_keys();
    std::unique_ptr<ServerContext> server;
    std::unique_ptr<ClientContext> client;

    explicit Host(std::initializer_list<std::string> certificates = {"ecdsa"},
                  Version server_minimum = Version::tls_1_2) {
        serve(certificates, server_minimum);
        call_with({});
    }

    void call_with(const ClientSettings& settings) {
        const auto anchors = trust();
        auto context = ClientContext::make(settings, &anchors);
        REQUIRE(context.has_value());
        client = std::move(*context);
    }

    void serve(std::initializer_list<std::string> certificates,
               Version minimum = Version::tls_1_2,
               Version maximum = Version::tls_1_3) {
        ServerSettings settings;
        settings.minimum_version = minimum;
        settings.maximum_version = maximum;
        for (const auto& name : certificates)
            settings.certificates.push_back(certificate(name));
        auto context = ServerContext::make(settings, keys);
        REQUIRE(context.has_value());
        server = std::move(*context);
    }
};

// A client and a server without a network between them: what one writes lies here until the other
// takes it, `step` bytes at a time.
struct Talk {
    std::unique_ptr<Engine> client;
    std::unique_ptr<Engine> server;
    std::string to_server;
    std::string to_client;
    std::size_t step = 1 << 20;

    explicit Talk(Host& host,
                  std::string_view name = "mx.example.org",
                  const Session* resume = nullptr)
        : client(Engine::client(*host.client, name, resume).value())
        , server(Engine::server(*host.server).value()) {}

    static Progress turn(Engine& engine, std::string& bytes, std::string& out, std::size_t step) {
        std::string_view input = std::string_view(bytes).substr(0, step);
        const auto before = input.size();
        const auto progress = engine.handshake(input, out);
        bytes.erase(0, before - input.size());
        return progress;
    }

    struct Outcome {
        Progress client = Progress::want_input;
        Progress server = Progress::want_input;
    };

    // Both sides until neither gets anywhere.
    Outcome handshake() {
        Outcome outcome;
        outcome.client = turn(*client, to_client, to_server, 0);
        while (outcome.client == Progress::want_input || outcome.server == Progress::want_input) {
            const auto moved = to_server.size() + to_client.size();
            if (outcome.server == Progress::want_input && !to_server.empty()) {
                outcome.server = turn(*server, to_server, to_client, step);
            }
            if (outcome.client == Progress::want_input && !to_client.empty()) {
                outcome.client = turn(*client, to_client, to_server, step);
            }
            if (moved == to_server.size() + to_client.size()) break;
        }
        return outcome;
    }

    [[nodiscard]] bool shake_hands() {
        const auto outcome = handshake();
        return outcome.client == Progress::done && outcome.server == Progress::done;
    }
};

// Everything that `bytes` holds for this engine, in plain text.
inline std::string
read_all(Engine& engine, std::string& bytes, std::string& out, Progress* progress = nullptr) {
    std::string plain;
    std::array<char, 4096> room{};
    for (;;) {
        std::string_view input = bytes;
        const auto read = engine.read(input, room, out);
        bytes.erase(0, bytes.size() - input.size());
        plain.append(room.data(), read.bytes);
        if (progress != nullptr) *progress = read.progress;
        if (read.progress != Progress::done) return plain;
    }
}

// The certificates of a fixture in DER, as a server sends them.
struct Chain {
    PemBlocks blocks;
    std::vector<std::string_view> views;

    explicit Chain(const std::string& name)
        : blocks(read_pem(fixture(name + ".pem"), "CERTIFICATE")) {
        views.assign(blocks.der.begin(), blocks.der.end());
    }
};

} // namespace postern::ssl::testing
