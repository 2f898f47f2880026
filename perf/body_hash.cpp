#include "perf/body_hash.h"

#define XXH_STATIC_LINKING_ONLY // so that the state's size is known
#include <xxhash.h>

#include <algorithm>

namespace postern::perf {
namespace {

constexpr std::string_view mark = "\r\n\r\n";

} // namespace

struct BodyHash::State {
    XXH3_state_t xxh3;
};

BodyHash::BodyHash() : state_(std::make_unique<State>()) { begin(); }

BodyHash::~BodyHash() = default;

void BodyHash::begin() {
    XXH3_64bits_reset(&state_->xxh3);
    matched_ = 2; // content may begin with the empty line
}

void BodyHash::add(std::string_view content) {
    while (matched_ < mark.size()) {
        if (matched_ == 0) {
            // Only a line end matters.
            content.remove_prefix(std::min(content.find('\r'), content.size()));
        }
        if (content.empty()) return;
        const char byte = content.front();
        content.remove_prefix(1);
        matched_ = byte == mark[matched_] ? matched_ + 1 : byte == '\r' ? 1 : 0;
    }
    XXH3_64bits_update(&state_->xxh3, content.data(), content.size());
}

std::uint64_t BodyHash::value() const { return XXH3_64bits_digest(&state_->xxh3); }

} // namespace postern::perf
