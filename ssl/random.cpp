#include "ssl/random.h"

#include <wolfssl/wolfcrypt/random.h>

namespace postern::ssl {

struct Random::Impl {
    WC_RNG generator{};
};

Random::Random(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::expected<std::unique_ptr<Random>, Error> Random::open() {
    auto impl = std::make_unique<Impl>();
    if (const int code = wc_InitRng(&impl->generator); code != 0) {
        return std::unexpected(Error{.cause = Cause::no_entropy, .detail = code});
    }
    return std::unique_ptr<Random>(new Random(std::move(impl)));
}

Random::~Random() { wc_FreeRng(&impl_->generator); }

bool Random::fill(std::span<std::uint8_t> bytes) {
    return wc_RNG_GenerateBlock(
               &impl_->generator, bytes.data(), static_cast<word32>(bytes.size())) == 0;
}

} // namespace postern::ssl
