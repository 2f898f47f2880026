#include "perf/sink_session.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace postern::perf {
namespace {

constexpr std::size_t command_line_bytes_max = 8192; // far more than anybody sends

enum class Verb : std::uint8_t {
    ehlo,
    helo,
    mail,
    rcpt,
    data,
    bdat,
    rset,
    noop,
    vrfy,
    quit,
    start_tls,
    xclient,
    unknown,
};

constexpr std::uint32_t packed(std::string_view four) {
    std::uint32_t value = 0;
    for (const char letter : four) {
        // Clearing this bit makes a letter upper case; what it does to other bytes is no verb.
        value = (value << 8) | (static_cast<unsigned char>(letter) & 0xDFU);
    }
    return value;
}

Verb verb_of(std::string_view line) {
    if (line.size() < 4) return Verb::unknown;
    switch (packed(line.substr(0, 4))) {
    case packed("EHLO"): return Verb::ehlo;
    case packed("HELO"): return Verb::helo;
    case packed("MAIL"): return Verb::mail;
    case packed("RCPT"): return Verb::rcpt;
    case packed("DATA"): return Verb::data;
    case packed("BDAT"): return Verb::bdat;
    case packed("RSET"): return Verb::rset;
    case packed("NOOP"): return Verb::noop;
    case packed("VRFY"): return Verb::vrfy;
    case packed("QUIT"): return Verb::quit;
    case packed("STAR"): return Verb::start_tls;
    case packed("XCLI"): return Verb::xclient;
    default: return Verb::unknown;
    }
}

// What stands between the first < and the last >: all a counting server needs of a path.
std::string_view path_in(std::string_view line) {
    const std::size_t open = line.find('<');
    const std::size_t close = line.rfind('>');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return {};
    return line.substr(open + 1, close - open - 1);
}

} // namespace

void SinkSession::greet(std::string& out) { out += "220 sink.example ESMTP postern-sink\r\n"; }

void SinkSession::tls_is_up(std::string_view version) {
    tls_version_ = version;
    partial_.clear();
    forget_transaction();
}

bool SinkSession::take_message_ended() { return std::exchange(message_ended_, false); }

SinkNext SinkSession::feed(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        if (reading_ != Reading::command) {
            bytes.remove_prefix(reading_ == Reading::data ? read_data(bytes, out)
                                                          : read_chunk(bytes, out));
            continue;
        }
        const std::size_t end = bytes.find('\n');
        if (end == std::string_view::npos) {
            partial_ += bytes;
            if (partial_.size() <= command_line_bytes_max) return SinkNext::go_on;
            error("500 5.5.2 line too long\r\n", out);
            return SinkNext::close;
        }
        std::string_view line = bytes.substr(0, end);
        std::string joined;
        if (!partial_.empty()) {
            partial_ += line;
            joined = std::exchange(partial_, {});
            line = joined;
        }
        bytes.remove_prefix(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const SinkNext next = command(line, out);
        if (next != SinkNext::go_on) return next;
    }
    return SinkNext::go_on;
}

SinkNext SinkSession::command(std::string_view line, std::string& out) {
    switch (verb_of(line)) {
    case Verb::ehlo: hello(true, out); break;
    case Verb::helo: hello(false, out); break;
    case Verb::mail: mail(line, out); break;
    case Verb::rcpt: recipient(line, out); break;
    case Verb::data: data(out); break;
    case Verb::bdat: bdat(line, out); break;
    case Verb::rset:
        forget_transaction();
        out += "250 2.0.0 forgotten\r\n";
        break;
    case Verb::noop: out += "250 2.0.0 still here\r\n"; break;
    case Verb::vrfy: out += "252 2.0.0 send it and see\r\n"; break;
    case Verb::quit: out += "221 2.0.0 bye\r\n"; return SinkNext::close;
    case Verb::start_tls:
        if (offers_.start_tls && tls_version_.empty()) {
            out += "220 2.0.0 go ahead\r\n";
            return SinkNext::start_tls;
        }
        error("503 5.5.1 no TLS to start\r\n", out);
        break;
    case Verb::xclient: xclient(line, out); break;
    case Verb::unknown: error("500 5.5.2 not a command\r\n", out); break;
    }
    return SinkNext::go_on;
}

void SinkSession::error(std::string_view reply, std::string& out) {
    ++counters_.errors;
    out += reply;
}

void SinkSession::hello(bool extended, std::string& out) {
    forget_transaction();
    if (!extended) {
        out += "250 sink.example\r\n";
        return;
    }
    out += "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 268435456\r\n250-8BITMIME\r\n"
           "250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n";
    if (offers_.start_tls && tls_version_.empty()) out += "250-STARTTLS\r\n";
    if (offers_.xclient) out += "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN\r\n";
    out += "250 DSN\r\n";
}

void SinkSession::xclient(std::string_view line, std::string& out) {
    if (!offers_.xclient) {
        error("502 5.5.1 not on offer\r\n", out);
        return;
    }
    // What is said of the client holds for every later message of this connection.
    forget_transaction();
    if (StoredMessage* message = kept()) {
        message->client = "X-Client: ";
        message->client += line.substr(std::min<std::size_t>(line.size(), 8));
        message->client += "\r\n";
    }
    greet(out);
}

void SinkSession::mail(std::string_view line, std::string& out) {
    if (has_sender_) {
        error("503 5.5.1 one sender a message\r\n", out);
        return;
    }
    has_sender_ = true;
    if (StoredMessage* message = kept()) {
        message->envelope = "X-Transport: ";
        if (tls_version_.empty()) {
            message->envelope += "in clear";
        } else {
            (message->envelope += "TLS ") += tls_version_;
        }
        ((message->envelope += "\r\nX-Envelope-From: <") += path_in(line)) += ">\r\n";
    }
    out += "250 2.1.0 sender ok\r\n";
}

void SinkSession::recipient(std::string_view line, std::string& out) {
    if (!has_sender_) {
        error("503 5.5.1 MAIL first\r\n", out);
        return;
    }
    has_recipient_ = true;
    ++counters_.recipients;
    if (StoredMessage* message = kept()) {
        ((message->envelope += "X-Envelope-To: <") += path_in(line)) += ">\r\n";
    }
    out += "250 2.1.5 recipient ok\r\n";
}

void SinkSession::data(std::string& out) {
    if (!has_recipient_ || chunking_) {
        error("503 5.5.1 RCPT first\r\n", out);
        return;
    }
    end_ = {};
    reading_ = Reading::data;
    out += "354 end with a dot\r\n";
}

std::size_t SinkSession::read_data(std::string_view bytes, std::string& out) {
    const DataEnd::Found found = end_.scan(bytes);
    take_content(bytes.substr(0, found.consumed));
    if (found.ended) {
        content_bytes_ -= std::string_view{".\r\n"}.size();
        message_ended(Stuffed::yes, out);
    }
    return found.consumed;
}

void SinkSession::bdat(std::string_view line, std::string& out) {
    std::uint64_t bytes = 0;
    const std::string_view rest = line.substr(std::min<std::size_t>(line.size(), 5));
    const auto [behind, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), bytes);
    if (problem != std::errc{}) {
        error("501 5.5.4 BDAT takes a size\r\n", out);
        return;
    }
    chunk_last_ = behind != rest.data() + rest.size(); // LAST is all that may stand there
    chunk_left_ = bytes;
    reading_ = Reading::chunk;
    chunking_ = true;
    if (bytes == 0) [[maybe_unused]]
        const auto none = read_chunk({}, out);
}

std::size_t SinkSession::read_chunk(std::string_view bytes, std::string& out) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, bytes.size()));
    chunk_left_ -= taken;
    take_content(bytes.substr(0, taken));
    if (chunk_left_ > 0) return taken;
    reading_ = Reading::command;
    if (!has_recipient_) {
        // RFC 3030 2: the chunk is read, whatever is answered to it.
        error("503 5.5.1 RCPT first\r\n", out);
        forget_transaction();
    } else if (chunk_last_) {
        body_.add(".\r\n"); // as if DATA had carried it
        message_ended(Stuffed::no, out);
    } else {
        out += "250 2.0.0 go on\r\n";
    }
    return taken;
}

void SinkSession::take_content(std::string_view content) {
    content_bytes_ += content.size();
    body_.add(content);
    if (StoredMessage* message = kept()) MessageStore::append(*message, content);
}

void SinkSession::message_ended(Stuffed stuffed, std::string& out) {
    message_ended_ = true;
    const StoredMessage* const message = kept();
    if (message != nullptr && message->too_big) {
        error("552 5.3.4 too big to be kept\r\n", out);
    } else if (message != nullptr && !store_->write(*message, stuffed)) {
        out += "452 4.3.1 cannot write it\r\n";
    } else {
        ++counters_.messages;
        counters_.bytes += content_bytes_;
        counters_.bodies_hash += body_.value();
        out += "250 2.0.0 taken\r\n";
    }
    forget_transaction();
}

void SinkSession::forget_transaction() {
    reading_ = Reading::command;
    has_sender_ = false;
    has_recipient_ = false;
    chunking_ = false;
    content_bytes_ = 0;
    body_.begin();
    if (store_ != nullptr) {
        stored_.envelope.clear();
        stored_.content.clear();
        stored_.too_big = false;
    }
}

} // namespace postern::perf
