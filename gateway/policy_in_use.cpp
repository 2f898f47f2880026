#include "gateway/policy_in_use.h"

#include <cassert>
#include <iterator>

namespace postern::gateway {

void PolicyReference::release() {
    if (policy_ == nullptr) return;
    PolicyInUse& policy = *std::exchange(policy_, nullptr);
    assert(policy.references > 0);
    --policy.references;
    if (policy.references == 0) holder_->drop_unused();
}

PolicyHolder::~PolicyHolder() { clear(); }

void PolicyHolder::adopt(std::shared_ptr<const Configuration> configuration,
                         std::unique_ptr<relay::RouteTable> routes) {
    policies_.push_back({.configuration = std::move(configuration), .routes = std::move(routes)});
    drop_unused();
}

void PolicyHolder::drop_unused() {
    if (policies_.empty()) return;
    const auto current = std::prev(policies_.end());
    for (auto at = policies_.begin(); at != current;) {
        if (at->references > 0) {
            ++at;
            continue;
        }
        at->routes.reset(); // it points into the snapshot
        let_go_(std::move(at->configuration));
        at = policies_.erase(at);
    }
}

void PolicyHolder::clear() {
    for (PolicyInUse& policy : policies_) {
        assert(policy.references == 0);
        policy.routes.reset();
        let_go_(std::move(policy.configuration));
    }
    policies_.clear();
}

} // namespace postern::gateway
