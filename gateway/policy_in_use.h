#pragma once

#include "gateway/configuration.h"
#include "gateway/relay/route_table.h"

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace postern::gateway {

// One policy snapshot as one core uses it, with its routes' hosts. Counted per core without
// sharing: every running transaction holds a PolicyReference.
struct PolicyInUse {
    std::shared_ptr<const Configuration> configuration;
    std::unique_ptr<relay::RouteTable> routes;
    std::size_t references = 0;
};

class PolicyHolder;

// Keeps the policy a transaction began with (COMPLIANCE, "Snapshot").
class PolicyReference {
public:
    PolicyReference() = default;
    PolicyReference(PolicyHolder& holder, PolicyInUse& policy)
        : holder_(&holder), policy_(&policy) {
        ++policy.references;
    }
    PolicyReference(PolicyReference&& other) noexcept
        : holder_(other.holder_), policy_(std::exchange(other.policy_, nullptr)) {}
    PolicyReference& operator=(PolicyReference&& other) noexcept {
        if (this != &other) {
            release();
            holder_ = other.holder_;
            policy_ = std::exchange(other.policy_, nullptr);
        }
        return *this;
    }
    PolicyReference(const PolicyReference&) = delete;
    PolicyReference& operator=(const PolicyReference&) = delete;
    ~PolicyReference() { release(); }

    [[nodiscard]] const policy::Snapshot& snapshot() const {
        return *policy_->configuration->policy;
    }
    [[nodiscard]] const Configuration& configuration() const { return *policy_->configuration; }
    [[nodiscard]] relay::RouteTable& routes() const { return *policy_->routes; }

private:
    void release();

    PolicyHolder* holder_ = nullptr;
    PolicyInUse* policy_ = nullptr;
};

// The policies of one core: the current one, and older ones that transactions still hold. Owned by
// the core; one thread only.
class PolicyHolder {
public:
    // `let_go` takes a snapshot that this core needs no more; it frees it off the loops.
    using LetGo = std::move_only_function<void(std::shared_ptr<const Configuration>)>;

    explicit PolicyHolder(LetGo let_go) : let_go_(std::move(let_go)) {}
    PolicyHolder(const PolicyHolder&) = delete;
    PolicyHolder& operator=(const PolicyHolder&) = delete;
    // No reference is left.
    ~PolicyHolder();

    void adopt(std::shared_ptr<const Configuration> configuration,
               std::unique_ptr<relay::RouteTable> routes);
    [[nodiscard]] PolicyReference take() { return {*this, policies_.back()}; }
    // For a look without a wait in between.
    [[nodiscard]] const PolicyInUse& current() const { return policies_.back(); }
    void clear();

private:
    friend class PolicyReference;
    void drop_unused();

    LetGo let_go_;
    std::list<PolicyInUse> policies_; // the newest last
};

} // namespace postern::gateway
