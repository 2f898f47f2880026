#include "gateway/receive/inbound_intake.h"

#include "gateway/smtp/mailbox.h"
#include "gateway/smtp/replies.h"

#include <optional>
#include <utility>
#include <vector>

namespace postern::receive {

namespace replies = smtp::replies;

// THE door of inbound mail: nothing of the message has been said to the next hop before this, not
// even DATA.
io::Task<std::expected<std::string, Spoken>>
InboundIntake::open(const smtp::HeaderSection& header) {
    const smtp::Mailboxes mailboxes = smtp::mailboxes_of(header.from_fields());
    if (mailboxes.too_many) { // a listed one could be among those we do not look at
        co_return std::unexpected{Spoken::ours(replies::too_many_senders())};
    }
    std::vector<policy::Address> from = senders_of(mailboxes, transaction_.sender());
    Judgement judgement =
        admit(transaction_.policy(), transaction_.settings(), from, facts().standing);
    const std::optional<smtp::Reply> refused = judgement.reply;
    note(std::move(from));
    note(std::move(judgement));
    if (refused) co_return std::unexpected{Spoken::ours(*refused)};

    const auto answer = co_await transaction_.delivery().begin_content();
    if (!answer) co_return received_field();
    if (answer->failure) {
        surroundings().recorder.next_hop_failed(facts(), transaction_, *answer->failure);
    }
    co_return std::unexpected{Spoken::of(*answer)};
}

io::Task<bool> InboundIntake::pass(std::string_view content) {
    return transaction_.delivery().write(content);
}

io::Task<Spoken> InboundIntake::close() {
    const relay::Answer answer = co_await transaction_.delivery().finish();
    if (answer.failure) {
        surroundings().recorder.next_hop_failed(facts(), transaction_, *answer.failure);
    }
    co_return Spoken::of(answer);
}

} // namespace postern::receive
