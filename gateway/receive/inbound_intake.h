#pragma once

#include "gateway/receive/inbound_transaction.h"
#include "gateway/receive/intake.h"

#include <expected>
#include <string>
#include <string_view>

namespace postern::receive {

// A message from outside: judged when its header section is there, then it streams on to the next
// hop, or not a byte of it does.
class InboundIntake final : public Intake {
public:
    InboundIntake(Surroundings& surroundings, const Facts& facts, InboundTransaction& transaction)
        : Intake(surroundings, facts, transaction), transaction_(transaction) {}

private:
    [[nodiscard]] io::Task<std::expected<std::string, Spoken>>
    open(const smtp::HeaderSection& header) override;
    [[nodiscard]] io::Task<bool> pass(std::string_view content) override;
    [[nodiscard]] io::Task<Spoken> close() override;
    void abandon() override { transaction_.delivery().abandon(); }

    InboundTransaction& transaction_;
};

} // namespace postern::receive
