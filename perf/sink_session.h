#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "perf/body_hash.h"
#include "perf/data_end.h"
#include "perf/sink_store.h"

namespace postern::perf {

struct SinkCounters {
    std::uint64_t connections = 0;
    std::uint64_t handshakes = 0; // completed
    std::uint64_t messages = 0;
    std::uint64_t recipients = 0;
    std::uint64_t bytes = 0;       // of content, the end of data not counted
    std::uint64_t bodies_hash = 0; // added up: see BodyHash
    std::uint64_t errors = 0;      // replies of the 500s: somebody does not speak SMTP
};

struct SinkOffers {
    bool start_tls = false;
    bool xclient = false;
};

enum class SinkNext : std::uint8_t { go_on, start_tls, close };

// The server's side of one conversation that accepts everything, without its I/O: bytes in, replies
// out. Order is checked (RCPT without MAIL is 503), names and sizes are not. Belongs to a
// connection; the counters and the store are its core's.
class SinkSession {
public:
    SinkSession(SinkOffers offers, SinkCounters& counters, MessageStore* store)
        : offers_(offers), counters_(counters), store_(store) {}

    static void greet(std::string& out);
    // Reads all of `bytes` unless it says start_tls or close: what is behind those is not for us.
    [[nodiscard]] SinkNext feed(std::string_view bytes, std::string& out);
    // TLS of this version ("1.3") is up: the client begins again (RFC 3207 4.2).
    void tls_is_up(std::string_view version);
    // True when a message ended since the last call.
    [[nodiscard]] bool take_message_ended();

private:
    enum class Reading : std::uint8_t { command, data, chunk };

    [[nodiscard]] SinkNext command(std::string_view line, std::string& out);
    void hello(bool extended, std::string& out);
    void mail(std::string_view line, std::string& out);
    void recipient(std::string_view line, std::string& out);
    void data(std::string& out);
    void bdat(std::string_view line, std::string& out);
    void xclient(std::string_view line, std::string& out);
    void error(std::string_view reply, std::string& out);
    [[nodiscard]] std::size_t read_data(std::string_view bytes, std::string& out);
    [[nodiscard]] std::size_t read_chunk(std::string_view bytes, std::string& out);
    void take_content(std::string_view content);
    void message_ended(Stuffed stuffed, std::string& out);
    void forget_transaction();
    [[nodiscard]] StoredMessage* kept() { return store_ == nullptr ? nullptr : &stored_; }

    SinkOffers offers_;
    SinkCounters& counters_;
    MessageStore* store_; // null: only counted
    BodyHash body_;
    Reading reading_ = Reading::command;
    std::string_view tls_version_; // empty: in clear
    bool has_sender_ = false;
    bool has_recipient_ = false;
    bool chunking_ = false; // a BDAT has begun this message
    bool chunk_last_ = false;
    bool message_ended_ = false;
    std::uint64_t chunk_left_ = 0;
    std::uint64_t content_bytes_ = 0;
    DataEnd end_;
    std::string partial_; // of a command line
    StoredMessage stored_;
};

} // namespace postern::perf
