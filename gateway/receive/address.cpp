#include "gateway/receive/address.h"

#include <string>
#include <utility>

namespace postern::receive {

policy::Address address_of(const smtp::Path& path) {
    if (path.is_null()) return {};
    return policy::Address::of_mailbox(path.local_value(), path.domain());
}

bool complete_postmaster(smtp::Path& path,
                         const policy::Snapshot& policy,
                         std::string_view hostname) {
    std::string_view domain = hostname;
    if (!policy.is_our_domain(domain)) {
        domain = {};
        for (const auto& organization : policy.parts().organizations) {
            if (organization->domains.empty()) continue;
            domain = organization->domains.front();
            break;
        }
    }
    if (domain.empty()) return false;
    const std::string completed = "<postmaster@" + std::string{domain} + ">";
    auto read = smtp::read_path(completed, smtp::PathKind::forward, smtp::Utf8::refused);
    if (!read) return false;
    path = std::move(read->path);
    return true;
}

} // namespace postern::receive
