#include "ssl/version.h"

namespace postern::ssl {

std::string_view text(Version version) {
    switch (version) {
    case Version::tls_1_0: return "1.0";
    case Version::tls_1_1: return "1.1";
    case Version::tls_1_2: return "1.2";
    case Version::tls_1_3: return "1.3";
    }
    return "";
}

std::optional<Version> version_from(std::string_view text_of_one) {
    for (const auto version :
         {Version::tls_1_0, Version::tls_1_1, Version::tls_1_2, Version::tls_1_3}) {
        if (text(version) == text_of_one) return version;
    }
    return std::nullopt;
}

} // namespace postern::ssl
