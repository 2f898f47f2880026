#include "ssl/x509.h"

#include "ssl/der.h"

#include <algorithm>
#include <array>
#include <optional>

namespace postern::ssl {

namespace {

using namespace std::string_view_literals;

// Object identifiers as their DER content.
constexpr auto oid_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;      // 1.2.840.113549.1.1.1
constexpr auto oid_rsa_md5 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv;  // ….4
constexpr auto oid_rsa_sha1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv; // ….5
constexpr auto oid_ec = "\x2a\x86\x48\xce\x3d\x02\x01"sv;               // 1.2.840.10045.2.1
constexpr auto oid_ecdsa_sha1 = "\x2a\x86\x48\xce\x3d\x04\x01"sv;       // 1.2.840.10045.4.1
constexpr auto oid_p256 = "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;         // 1.2.840.10045.3.1.7
constexpr auto oid_p384 = "\x2b\x81\x04\x00\x22"sv;                     // 1.3.132.0.34
constexpr auto oid_common_name = "\x55\x04\x03"sv;                      // 2.5.4.3
constexpr auto oid_key_usage = "\x55\x1d\x0f"sv;                        // 2.5.29.15
constexpr auto oid_alternative_name = "\x55\x1d\x11"sv;                 // 2.5.29.17
constexpr auto oid_basic_constraints = "\x55\x1d\x13"sv;                // 2.5.29.19
constexpr auto oid_extended_key_usage = "\x55\x1d\x25"sv;               // 2.5.29.37
constexpr auto oid_any_usage = "\x55\x1d\x25\x00"sv;                    // 2.5.29.37.0
constexpr auto oid_server_auth = "\x2b\x06\x01\x05\x05\x07\x03\x01"sv;  // 1.3.6.1.5.5.7.3.1

constexpr std::uint8_t key_cert_sign = 0x04; // RFC 5280 4.2.1.3: bit 5, counted from the left

// The extensions, before they are put together.
struct Extensions {
    bool authority = false;
    bool may_sign = true;
};

std::optional<int> number(std::string_view digits) {
    int value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// RFC 5280 4.1.2.5: "YYMMDDHHMMSSZ" until 2049, "YYYYMMDDHHMMSSZ" from then on.
std::optional<std::chrono::sys_seconds> time_of(const DerReader::Element& element) {
    std::string_view text = element.content;
    const bool utc = element.tag == Tag::utc_time;
    if (!utc && element.tag != Tag::generalized_time) return std::nullopt;
    if (text.size() != (utc ? 13U : 15U) || text.back() != 'Z') return std::nullopt;

    const std::size_t year_digits = utc ? 2 : 4;
    auto year = number(text.substr(0, year_digits));
    if (!year) return std::nullopt;
    if (utc) *year += *year < 50 ? 2000 : 1900;
    text.remove_prefix(year_digits);

    std::array<int, 5> part{}; // month, day, hour, minute, second
    for (std::size_t i = 0; i < part.size(); ++i) {
        const auto value = number(text.substr(2 * i, 2));
        if (!value) return std::nullopt;
        part.at(i) = *value;
    }
    const std::chrono::year_month_day day{std::chrono::year{*year},
                                          std::chrono::month{static_cast<unsigned>(part[0])},
                                          std::chrono::day{static_cast<unsigned>(part[1])}};
    if (!day.ok() || part[2] > 23 || part[3] > 59 || part[4] > 60) return std::nullopt;
    return std::chrono::sys_days{day} + std::chrono::hours{part[2]} +
           std::chrono::minutes{part[3]} + std::chrono::seconds{part[4]};
}

bool read_validity(std::string_view content, CertificateFacts& facts) {
    DerReader validity{content};
    const auto begin = validity.next();
    const auto end = validity.next();
    if (!begin || !end) return false;
    const auto not_before = time_of(*begin);
    const auto not_after = time_of(*end);
    if (!not_before || !not_after) return false;
    facts.not_before = *not_before;
    facts.not_after = *not_after;
    return true;
}

// RFC 3279 2.3.1: the modulus is the first integer, with an octet of zeros in front if its top bit
// is set.
unsigned rsa_bits(std::string_view public_key) {
    DerReader outer{public_key};
    const auto key = outer.next(Tag::sequence);
    if (!key) return 0;
    DerReader numbers{key->content};
    const auto modulus = numbers.next(Tag::integer);
    if (!modulus) return 0;
    const auto first = modulus->content.find_first_not_of('\0');
    if (first == std::string_view::npos) return 0;
    auto bits = static_cast<unsigned>(modulus->content.size() - first) * 8;
    for (auto top = static_cast<std::uint8_t>(modulus->content[first]); (top & 0x80) == 0; --bits) {
        top = static_cast<std::uint8_t>(top << 1);
    }
    return bits;
}

bool read_key(std::string_view content, CertificateFacts& facts) {
    DerReader info{content};
    const auto algorithm = info.next(Tag::sequence);
    const auto bits = info.next(Tag::bit_string);
    if (!algorithm || !bits) return false;
    DerReader parts{algorithm->content};
    const auto type = parts.next(Tag::object_identifier);
    if (!type || bits->content.empty()) return false;
    facts.public_key = bits->content.substr(1); // behind the count of unused bits: none
    if (type->content == oid_rsa) {
        facts.key_type = KeyType::rsa;
        facts.key_bits = rsa_bits(facts.public_key);
    } else if (type->content == oid_ec) {
        const auto curve = parts.next(Tag::object_identifier);
        if (curve && curve->content == oid_p256) {
            facts.key_type = KeyType::ecdsa_p256;
            facts.key_bits = 256;
        } else if (curve && curve->content == oid_p384) {
            facts.key_type = KeyType::ecdsa_p384;
            facts.key_bits = 384;
        }
    }
    return true;
}

std::string common_name_of(std::string_view name) {
    std::string result;
    DerReader sets{name};
    while (const auto set = sets.next(Tag::set)) {
        DerReader attributes{set->content};
        while (const auto attribute = attributes.next(Tag::sequence)) {
            DerReader pair{attribute->content};
            const auto type = pair.next(Tag::object_identifier);
            const auto value = pair.next();
            if (type && value && type->content == oid_common_name) result = value->content;
        }
    }
    return result;
}

bool read_alternative_names(std::string_view value, CertificateFacts& facts) {
    DerReader outer{value};
    const auto list = outer.next(Tag::sequence);
    if (!list) return false;
    DerReader names{list->content};
    while (const auto name = names.next()) {
        if (facts.names.size() + facts.addresses.size() >= alternative_names_max) return true;
        if (name->tag == Tag::context_2) {
            facts.names.emplace_back(name->content);
        } else if (name->tag == Tag::context_7 &&
                   (name->content.size() == 4 || name->content.size() == 16)) {
            facts.addresses.emplace_back(name->content);
        }
    }
    return names.at_end();
}

bool read_extended_key_usage(std::string_view value, CertificateFacts& facts) {
    DerReader outer{value};
    const auto list = outer.next(Tag::sequence);
    if (!list) return false;
    facts.for_servers = false;
    DerReader purposes{list->content};
    while (const auto purpose = purposes.next(Tag::object_identifier)) {
        if (purpose->content == oid_server_auth || purpose->content == oid_any_usage) {
            facts.for_servers = true;
        }
    }
    return purposes.at_end();
}

bool read_basic_constraints(std::string_view value, Extensions& seen) {
    DerReader outer{value};
    const auto list = outer.next(Tag::sequence);
    if (!list) return false;
    DerReader parts{list->content};
    const auto authority = parts.next(Tag::boolean);
    seen.authority = authority && authority->content.size() == 1 && authority->content[0] != '\0';
    return true;
}

bool read_key_usage(std::string_view value, Extensions& seen) {
    DerReader outer{value};
    const auto bits = outer.next(Tag::bit_string);
    if (!bits) return false;
    seen.may_sign = bits->content.size() >= 2 &&
                    (static_cast<std::uint8_t>(bits->content[1]) & key_cert_sign) != 0;
    return true;
}

bool read_extension(std::string_view content, CertificateFacts& facts, Extensions& seen) {
    DerReader parts{content};
    const auto type = parts.next(Tag::object_identifier);
    static_cast<void>(parts.next(Tag::boolean)); // critical: the library judges that
    const auto value = parts.next(Tag::octet_string);
    if (!type || !value) return false;
    if (type->content == oid_alternative_name) return read_alternative_names(value->content, facts);
    if (type->content == oid_extended_key_usage) {
        return read_extended_key_usage(value->content, facts);
    }
    if (type->content == oid_basic_constraints) return read_basic_constraints(value->content, seen);
    if (type->content == oid_key_usage) return read_key_usage(value->content, seen);
    return true;
}

bool read_extensions(std::string_view content, CertificateFacts& facts) {
    DerReader outer{content};
    const auto list = outer.next(Tag::sequence);
    if (!list) return false;
    Extensions seen;
    DerReader extensions{list->content};
    while (const auto extension = extensions.next(Tag::sequence)) {
        if (!read_extension(extension->content, facts, seen)) return false;
    }
    facts.is_authority = seen.authority && seen.may_sign;
    return extensions.at_end();
}

bool is_weak(std::string_view algorithm) {
    DerReader parts{algorithm};
    const auto type = parts.next(Tag::object_identifier);
    return !type || type->content == oid_rsa_md5 || type->content == oid_rsa_sha1 ||
           type->content == oid_ecdsa_sha1;
}

// RFC 5280 4.1: the TBSCertificate, field after field.
bool read_body(std::string_view content, CertificateFacts& facts) {
    DerReader body{content};
    static_cast<void>(body.next(Tag::context_0_explicit)); // version
    if (!body.next(Tag::integer)) return false;            // serialNumber
    const auto algorithm = body.next(Tag::sequence);
    const auto issuer = body.next(Tag::sequence);
    const auto validity = body.next(Tag::sequence);
    const auto subject = body.next(Tag::sequence);
    const auto key = body.next(Tag::sequence);
    if (!algorithm || !issuer || !validity || !subject || !key) return false;
    facts.issuer = issuer->whole;
    facts.subject = subject->whole;
    facts.common_name = common_name_of(subject->content);
    facts.weak_signature = is_weak(algorithm->content);
    if (!read_validity(validity->content, facts) || !read_key(key->content, facts)) return false;
    while (const auto field = body.next()) { // unique identifiers are passed over
        if (field->tag == Tag::context_3_explicit && !read_extensions(field->content, facts)) {
            return false;
        }
    }
    return body.at_end();
}

} // namespace

std::expected<CertificateFacts, DerProblem> read_certificate(std::string_view der) {
    DerReader outer{der};
    const auto certificate = outer.next(Tag::sequence);
    if (!certificate) return std::unexpected(DerProblem::malformed);
    DerReader parts{certificate->content};
    const auto body = parts.next(Tag::sequence);
    CertificateFacts facts;
    if (!body || !read_body(body->content, facts)) return std::unexpected(DerProblem::malformed);
    return facts;
}

} // namespace postern::ssl
