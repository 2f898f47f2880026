#include "ssl/wire.h"

#include <wolfssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>

namespace postern::ssl {

namespace {

constexpr std::size_t record_header_bytes = 5; // RFC 8446 5.1

} // namespace

Wire::Call::Call(Wire& wire, std::string_view& input, std::string& output) : wire_(wire) {
    wire_.input_ = &input;
    wire_.output_ = &output;
}

Wire::Call::~Call() {
    wire_.input_ = nullptr;
    wire_.output_ = nullptr;
}

std::size_t Wire::receive(char* buffer, std::size_t size) {
    assert(input_ != nullptr);
    const auto taken = input_->substr(0, size);
    if (taken.empty()) return 0;
    std::memcpy(buffer, taken.data(), taken.size());
    count_records(taken);
    input_->remove_prefix(taken.size());
    return taken.size();
}

void Wire::send(std::string_view bytes) {
    assert(output_ != nullptr);
    output_->append(bytes);
}

void Wire::count_records(std::string_view bytes) {
    while (!bytes.empty()) {
        if (header_bytes_ < record_header_bytes) {
            // The length is in the last two octets of the header.
            body_left_ = ((body_left_ << 8) | static_cast<std::uint8_t>(bytes.front())) & 0xffff;
            bytes.remove_prefix(1);
            ++header_bytes_;
        } else {
            const auto part = std::min(bytes.size(), body_left_);
            bytes.remove_prefix(part);
            body_left_ -= part;
        }
        if (header_bytes_ == record_header_bytes && body_left_ == 0) {
            header_bytes_ = 0;
            ++records_;
        }
    }
}

int receive_from_wire(WOLFSSL* /*ssl*/, char* buffer, int size, void* user) {
    auto& wire = *static_cast<Wire*>(user);
    if (wire.flooded()) return WOLFSSL_CBIO_ERR_GENERAL;
    const auto taken = wire.receive(buffer, static_cast<std::size_t>(size));
    return taken == 0 ? WOLFSSL_CBIO_ERR_WANT_READ : static_cast<int>(taken);
}

int send_to_wire(WOLFSSL* /*ssl*/, char* buffer, int size, void* user) {
    static_cast<Wire*>(user)->send({buffer, static_cast<std::size_t>(size)});
    return size;
}

} // namespace postern::ssl
