#include "ssl/client_hello.h"

#include <algorithm>

namespace postern::ssl {

namespace {

constexpr std::uint8_t type_alert = 21; // RFC 8446 5.1
constexpr std::uint8_t type_handshake = 22;
constexpr std::uint8_t message_client_hello = 1; // RFC 8446 4
constexpr std::size_t message_header_bytes = 4;
constexpr std::size_t random_bytes = 32;
constexpr std::size_t session_id_bytes_max = 32;
constexpr std::size_t host_name_bytes_max = 255;

constexpr std::uint16_t extension_server_name = 0; // RFC 8446 4.2
constexpr std::uint16_t extension_supported_groups = 10;
constexpr std::uint16_t extension_signature_algorithms = 13;
constexpr std::uint16_t extension_session_ticket = 35;
constexpr std::uint16_t extension_supported_versions = 43;

std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

// Takes fields from the front of borrowed bytes. After the first one that is not there, `failed`
// stays.
class Fields {
public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] std::string_view take(std::size_t size) {
        if (rest_.size() < size) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto field = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return field;
    }

    // A big-endian number of one or two octets.
    [[nodiscard]] std::uint16_t number(std::size_t size) {
        std::size_t value = 0;
        for (const char c : take(size))
            value = (value << 8) | octet(c);
        return static_cast<std::uint16_t>(value);
    }

    // A vector<> with a length of so many octets in front.
    [[nodiscard]] std::string_view vector(std::size_t length_octets) {
        return take(number(length_octets));
    }

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool failed_ = false;
};

bool could_be_host_name(std::string_view name) {
    return !name.empty() && name.size() <= host_name_bytes_max &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
           });
}

// RFC 6066 3: a list, of which only names of type host_name exist.
bool read_server_name(std::string_view data, ClientHello& hello) {
    Fields outer{data};
    Fields list{outer.vector(2)};
    while (!list.at_end() && !list.failed()) {
        const auto type = list.number(1);
        const auto name = list.vector(2);
        if (type == 0 && hello.host_name.empty() && could_be_host_name(name))
            hello.host_name = name;
    }
    return !outer.failed() && outer.at_end() && !list.failed();
}

bool read_list(std::string_view data, std::size_t length_octets, std::string_view& list) {
    Fields fields{data};
    list = fields.vector(length_octets);
    return !fields.failed() && fields.at_end() && list.size() % 2 == 0;
}

bool read_extension(std::uint16_t type, std::string_view data, ClientHello& hello) {
    switch (type) {
    case extension_server_name: return read_server_name(data, hello);
    case extension_supported_groups: return read_list(data, 2, hello.supported_groups);
    case extension_signature_algorithms: return read_list(data, 2, hello.signature_algorithms);
    case extension_supported_versions: return read_list(data, 1, hello.supported_versions);
    case extension_session_ticket: hello.ticket = data; return true;
    default: return true;
    }
}

bool read_extensions(std::string_view data, ClientHello& hello) {
    Fields extensions{data};
    while (!extensions.at_end()) {
        const auto type = extensions.number(2);
        const auto content = extensions.vector(2);
        if (extensions.failed() || !read_extension(type, content, hello)) return false;
    }
    return true;
}

std::size_t message_bytes(std::string_view header) {
    return message_header_bytes + (static_cast<std::size_t>(octet(header[1])) << 16) +
           (static_cast<std::size_t>(octet(header[2])) << 8) + octet(header[3]);
}

} // namespace

// Fills the header; a value means that the record decides everything.
std::optional<HelloReader::Status> HelloReader::take_header(std::string_view& input) {
    const auto size = std::min(input.size(), header_.size() - header_bytes_);
    std::ranges::copy(input.substr(0, size),
                      header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
    header_bytes_ += size;
    input.remove_prefix(size);
    // The first bytes tell at once whether this is TLS, however few have come.
    const auto type = octet(header_[0]);
    if (header_bytes_ >= 1 && type != type_handshake && type != type_alert) {
        return message_.empty() ? Status::not_tls : Status::malformed;
    }
    if (header_bytes_ >= 2 && header_[1] != 3) {
        return message_.empty() ? Status::not_tls : Status::malformed;
    }
    if (header_bytes_ < header_.size()) return Status::incomplete;
    return begin_record();
}

std::optional<HelloReader::Status> HelloReader::begin_record() {
    record_left_ = (static_cast<std::size_t>(octet(header_[3])) << 8) | octet(header_[4]);
    if (octet(header_[0]) == type_alert) {
        return record_left_ == 2 ? std::nullopt : std::optional(Status::malformed);
    }
    // RFC 8446 5.1: no empty fragments of handshake messages.
    if (record_left_ == 0 || record_left_ > hello_bytes_max) return Status::malformed;
    return std::nullopt;
}

HelloReader::Status HelloReader::take_alert(std::string_view& input) {
    while (record_left_ > 0 && !input.empty()) {
        alert_ = octet(input.front()); // the second octet says what, the first one how bad
        input.remove_prefix(1);
        --record_left_;
    }
    return record_left_ == 0 ? Status::alert : Status::incomplete;
}

HelloReader::Status HelloReader::take(std::string_view& input) {
    for (;;) {
        if (record_left_ == 0) {
            if (header_bytes_ == header_.size()) header_bytes_ = 0; // the record before is used up
            if (const auto decided = take_header(input)) return *decided;
        }
        if (octet(header_[0]) == type_alert) return take_alert(input);

        const auto size = std::min(input.size(), record_left_);
        if (size == 0) return Status::incomplete;
        message_.append(input.substr(0, size));
        input.remove_prefix(size);
        record_left_ -= size;

        const Status status = message_so_far();
        if (status != Status::incomplete) return status;
    }
}

HelloReader::Status HelloReader::message_so_far() const {
    if (octet(message_[0]) != message_client_hello) return Status::malformed;
    if (message_.size() < message_header_bytes) return Status::incomplete;
    const auto whole = message_bytes(message_);
    // Nothing may follow in the same record: the client has to wait for an answer.
    if (whole > hello_bytes_max || message_.size() + record_left_ > whole) {
        return Status::malformed;
    }
    return message_.size() == whole ? Status::complete : Status::incomplete;
}

std::string HelloReader::record() const {
    std::string result;
    result.reserve(header_.size() + message_.size());
    result.append(header_.data(), 3); // type and version, as the client wrote them
    result += static_cast<char>(message_.size() >> 8);
    result += static_cast<char>(message_.size() & 0xff);
    result += message_;
    return result;
}

std::optional<ClientHello> read_client_hello(std::string_view message) {
    if (message.size() < message_header_bytes || octet(message[0]) != message_client_hello ||
        message_bytes(message) != message.size()) {
        return std::nullopt;
    }
    Fields fields{message.substr(message_header_bytes)};
    ClientHello hello;
    hello.legacy_version = fields.number(2);
    static_cast<void>(fields.take(random_bytes));
    const auto session_id = fields.vector(1);
    hello.cipher_suites = fields.vector(2);
    const auto compressions = fields.vector(1);
    if (fields.failed() || session_id.size() > session_id_bytes_max || compressions.empty() ||
        hello.cipher_suites.empty() || hello.cipher_suites.size() % 2 != 0) {
        return std::nullopt;
    }
    if (fields.at_end()) return hello; // RFC 5246 7.4.1.2: a client may have no extensions at all
    const auto extensions = fields.vector(2);
    if (fields.failed() || !fields.at_end() || !read_extensions(extensions, hello)) {
        return std::nullopt;
    }
    return hello;
}

bool lists(std::string_view list, std::uint16_t number) {
    for (; list.size() >= 2; list.remove_prefix(2)) {
        if (((octet(list[0]) << 8) | octet(list[1])) == number) return true;
    }
    return false;
}

} // namespace postern::ssl
