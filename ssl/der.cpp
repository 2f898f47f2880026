#include "ssl/der.h"

namespace postern::ssl {

namespace {

constexpr std::size_t length_octets_max = 3; // 16 MiB: no certificate comes near

std::size_t octet(char c) { return static_cast<std::uint8_t>(c); }

} // namespace

std::optional<DerReader::Element> DerReader::peek() const {
    if (rest_.size() < 2) return std::nullopt;
    const std::size_t tag = octet(rest_[0]);
    if ((tag & 0x1f) == 0x1f) return std::nullopt; // tags of several octets: not in certificates

    std::size_t header = 2;
    std::size_t length = octet(rest_[1]);
    if (length >= 0x80) {
        const std::size_t octets = length - 0x80;
        // Zero is BER's indefinite length (X.690 10.1 forbids it in DER).
        if (octets == 0 || octets > length_octets_max) return std::nullopt;
        header += octets;
        if (rest_.size() < header) return std::nullopt;
        length = 0;
        for (std::size_t i = 2; i < header; ++i)
            length = (length << 8) | octet(rest_[i]);
    }
    if (rest_.size() - header < length) return std::nullopt;
    return Element{.tag = static_cast<Tag>(tag),
                   .content = rest_.substr(header, length),
                   .whole = rest_.substr(0, header + length)};
}

std::optional<DerReader::Element> DerReader::next() {
    const auto element = peek();
    if (element) rest_.remove_prefix(element->whole.size());
    return element;
}

std::optional<DerReader::Element> DerReader::next(Tag tag) {
    const auto element = peek();
    if (!element || element->tag != tag) return std::nullopt;
    rest_.remove_prefix(element->whole.size());
    return element;
}

} // namespace postern::ssl
