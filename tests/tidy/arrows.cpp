#include "tests/tidy/arrows.h"

#include <algorithm>
#include <array>

namespace postern::tidy {
namespace {

// From the bottom up. The longest `part` that fits a path is its row. A file of gateway/ itself has
// a row of its own: what stands there is what several folders need, so that each says how far up it
// is.
constexpr std::array table{
    Arrow{"policy/", ""},
    Arrow{"ssl/", ""},
    Arrow{"gateway/io/", ""},
    Arrow{"gateway/smtp/", ""},
    Arrow{"gateway/report/", ""},
    Arrow{"gateway/limits.", ""},
    Arrow{"gateway/cidr.", ""},
    Arrow{"gateway/identifiers.", ""},
    // A pair: one reads what the other declares.
    Arrow{"gateway/settings.", "policy/ gateway/limits. gateway/cidr. gateway/settings_bounds."},
    Arrow{"gateway/settings_bounds.", "policy/ gateway/settings."},
    Arrow{"gateway/channel.", "ssl/ gateway/io/ gateway/smtp/line. gateway/limits."},
    Arrow{"gateway/achieved.", "policy/ ssl/"},
    Arrow{"gateway/journal.", "gateway/io/ gateway/report/"},
    Arrow{"gateway/dns/", "gateway/io/ gateway/cidr. gateway/settings."},
    Arrow{"gateway/relay/", rows_above},
    Arrow{"gateway/spool/", "gateway/io/ gateway/smtp/"},
    Arrow{"gateway/configuration.", rows_above},
    Arrow{"gateway/policy_in_use.", rows_above},
    Arrow{"gateway/deliver/", rows_above},
    Arrow{"gateway/receive/", rows_above},
    Arrow{"gateway/watch.", "gateway/io/"},
    Arrow{"gateway/supervisor.", "gateway/io/"},
    Arrow{"gateway/listening.", "gateway/io/"},
    Arrow{"gateway/ourselves.", "gateway/io/ gateway/dns/ gateway/settings."},
    Arrow{"gateway/loader.",
          "policy/ ssl/ gateway/io/ gateway/settings. gateway/dns/ gateway/spool/ "
          "gateway/configuration. gateway/ourselves. gateway/watch."},
    Arrow{"gateway/machine.", "ssl/ gateway/io/ gateway/report/ gateway/dns/"},
    Arrow{"gateway/admin/", "gateway/io/ gateway/smtp/line. gateway/channel. gateway/limits."},
    Arrow{"gateway/core.", rows_above},
    // A pair: the endpoints ask the gateway, which opens and closes them.
    Arrow{"gateway/endpoints.",
          "gateway/io/ gateway/admin/ gateway/channel. gateway/settings. gateway/gateway. "
          "gateway/deliver/"},
    Arrow{"gateway/gateway.", rows_above},
    Arrow{"gateway/gateway_reload.", rows_above},
    Arrow{"gateway/gateway_report.", rows_above},
    Arrow{"gateway/gateway_supervision.", rows_above},
    Arrow{"gateway/gateway_support.", rows_above},
    Arrow{"gateway/command/postfix/", "policy/"},
    Arrow{"gateway/command/", rows_above},
    Arrow{"gateway/main.", rows_above},
    Arrow{"perf/", "ssl/ gateway/io/ gateway/smtp/"},
    Arrow{"perf/micro/", "policy/ ssl/ gateway/io/ gateway/smtp/ gateway/spool/"},
    Arrow{"tests/", rows_above},
};

struct Package {
    std::string_view headers;     // how its headers begin
    std::string_view identifiers; // how its names begin, blank-separated
    std::string_view home;        // where its names may stand, blank-separated
    std::string_view includers;   // likewise its headers, in files ending in `suffix`
    std::string_view suffix;
};

constexpr std::array packages{
    Package{"wolfssl/", "WOLFSSL wolfSSL_", "ssl/ perf/micro/", "ssl/ perf/micro/", ".cpp"},
    Package{"liburing",
            "io_uring",
            "gateway/io/ perf/micro/ tests/gateway/io/",
            "gateway/io/ perf/micro/ tests/gateway/io/",
            ""},
    Package{"toml++/", "toml::", "policy/document.cpp", "policy/document.cpp", ""},
    Package{"idn2", "idn2_", "policy/", "policy/", ".cpp"},
    Package{"xxhash.h", "XXH", "perf/body_hash.", "perf/body_hash.", ".cpp"},
    Package{"unbound.h", "ub_", "gateway/dns/context", "gateway/dns/context", ".cpp"},
};

bool any_begins(std::string_view text, std::string_view beginnings) {
    while (!beginnings.empty()) {
        const auto end = std::min(beginnings.find(' '), beginnings.size());
        if (end > 0 && text.starts_with(beginnings.substr(0, end))) return true;
        beginnings.remove_prefix(std::min(end + 1, beginnings.size()));
    }
    return false;
}

/// Whether an identifier of `line` begins with one of `beginnings`.
bool names_any(std::string_view line, std::string_view beginnings) {
    bool inside = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (!inside && any_begins(line.substr(at), beginnings)) return true;
        const char c = line[at];
        inside =
            c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }
    return false;
}

bool may_include(const Arrow& row, std::string_view path) {
    if (path.starts_with(row.part)) return true;
    if (row.may_include != rows_above) return any_begins(path, row.may_include);
    return std::any_of(
        table.data(), &row, [&](const Arrow& above) { return path.starts_with(above.part); });
}

const Arrow* row_of(std::string_view path) {
    const Arrow* found = nullptr;
    for (const auto& arrow : table) {
        if (!path.starts_with(arrow.part)) continue;
        if (found == nullptr || arrow.part.size() > found->part.size()) found = &arrow;
    }
    return found;
}

} // namespace

std::span<const Arrow> arrows() { return table; }

Complaints upward_includes(const Source& source) {
    const Arrow* const row = row_of(source.path);
    if (row == nullptr) return {source.path + ": in no row of the table in tests/tidy/arrows.cpp"};
    Complaints complaints;
    for (const auto& include : source.includes) {
        if (!include.quoted || may_include(*row, include.path)) continue;
        complaints.push_back(place(source, include.line) + "may not include " + include.path);
    }
    return complaints;
}

Complaints leaked_packages(const Source& source) {
    Complaints complaints;
    for (const auto& package : packages) {
        const bool includes_here =
            any_begins(source.path, package.includers) && source.path.ends_with(package.suffix);
        for (const auto& include : source.includes) {
            if (include.quoted || includes_here || !include.path.starts_with(package.headers))
                continue;
            complaints.push_back(place(source, include.line) + "<" + include.path +
                                 "> belongs in " + std::string(package.includers) +
                                 std::string(package.suffix));
        }
        if (any_begins(source.path, package.home)) continue;
        for (std::size_t line = 0; line < source.code.size(); ++line) {
            const std::string_view code = source.code[line];
            if (code.starts_with("#") || !names_any(code, package.identifiers)) continue;
            complaints.push_back(place(source, line + 1) + "names of <" +
                                 std::string(package.headers) + "...> belong in " +
                                 std::string(package.home));
        }
    }
    return complaints;
}

} // namespace postern::tidy
