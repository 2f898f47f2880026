#pragma once

#include "gateway/deliver/outcome.h"
#include "policy/compliance.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace postern::deliver {

// What is known of each recipient of one attempt so far. A recipient is open until some host has
// decided on it. A value.
class Ledger {
public:
    explicit Ledger(std::size_t recipients) : entries_(recipients) {}

    [[nodiscard]] std::vector<std::size_t> open() const; // recipients by their number
    [[nodiscard]] bool any_open() const;
    [[nodiscard]] bool any_settled() const;

    // It is decided, whatever other hosts might say.
    void settle(std::size_t recipient, Outcome outcome);
    // One host did not take it. Of several the one whose cause tells most counts, of equals the
    // first.
    void weigh(std::size_t recipient, const Outcome& outcome);
    // The same for all that are open.
    void weigh(const Outcome& outcome);

    // For another way (COMPLIANCE O12): open are those of which every host fell short in its TLS,
    // with nothing known of them.
    [[nodiscard]] Ledger of_those_that_fell_short() const;
    // What came of them there. That other hosts fell short, too, tells nothing new.
    void take_from(const Ledger& other_way);

    // The end of the attempt: one outcome a recipient. TLS that fell short may be tried again where
    // the policy says so.
    [[nodiscard]] std::vector<Outcome> close(policy::OnTlsFailure on_tls_failure) &&;

private:
    struct Entry {
        std::optional<Outcome> outcome;
        bool settled = false;
    };
    std::vector<Entry> entries_;
};

} // namespace postern::deliver
