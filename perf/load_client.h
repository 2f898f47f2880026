#pragma once

#include "gateway/io/descriptor.h"
#include "ssl/context.h"
#include "ssl/session.h"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "perf/load_result.h"
#include "perf/load_settings.h"
#include "perf/reply_code.h"
#include "perf/stream.h"

namespace postern::perf {

// What a client needs of its core.
struct LoadSurroundings {
    const LoadSettings& settings;
    io::Ring& ring;
    ssl::ClientContext* tls; // null: in clear
    std::span<char> scratch;
};

// One connection to the server, from greeting to QUIT. Belongs to one coroutine.
class LoadClient {
public:
    explicit LoadClient(LoadSurroundings surroundings) : with_(surroundings) {}

    // Connects, greets, and goes over to TLS where that is wanted. `source` is an address to come
    // from, or empty; `resume` a session of an earlier connection, or null.
    [[nodiscard]] io::Task<std::expected<void, LoadFailure>> open(io::Endpoint source,
                                                                  const ssl::Session* resume);
    // The reply that decided about this message.
    [[nodiscard]] io::Task<std::expected<int, LoadFailure>>
    send_message(const Messages::Mail& message);
    [[nodiscard]] io::Task<> quit();
    // Waits until the server ends the connection, or cancel().
    [[nodiscard]] io::Task<> hold();
    void cancel();

    // Null in clear.
    [[nodiscard]] const ssl::Engine* engine() const { return stream_->engine(); }

private:
    using Code = std::expected<int, LoadFailure>;

    [[nodiscard]] io::Task<std::expected<void, LoadFailure>> connect(io::Endpoint source);
    [[nodiscard]] io::Task<std::expected<void, LoadFailure>> hello();
    [[nodiscard]] io::Task<std::expected<void, LoadFailure>> start_tls(const ssl::Session* resume);
    [[nodiscard]] io::Task<Code> reply();
    [[nodiscard]] io::Task<Code> say(std::string_view line);
    [[nodiscard]] io::Task<Code> envelope(const Messages::Mail& message);
    [[nodiscard]] io::Task<Code> envelope_at_once(const Messages::Mail& message);
    [[nodiscard]] io::Task<Code> content(const Messages::Mail& message);

    LoadSurroundings with_;
    std::optional<Stream> stream_;
    ReplyCode reply_code_;
    std::string_view received_; // of the stream, not read yet
    bool cancelled_ = false;
    bool needs_reset_ = false;
};

} // namespace postern::perf
