#pragma once

#include "gateway/io/task.h"
#include "gateway/receive/admission.h"
#include "gateway/receive/facts.h"
#include "gateway/receive/spoken.h"
#include "gateway/receive/surroundings.h"
#include "gateway/receive/transaction.h"
#include "gateway/smtp/body.h"
#include "gateway/smtp/header.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::receive {

// The content of one message on its way through: its header section is held back until it ends,
// then the message is judged, and either streams on to the next hop or is read and dropped. Owned
// by a session for one message: take() and more take(), then finish(); fail() at any point before
// that.
class Intake {
public:
    Intake(Surroundings& surroundings, const Facts& facts, Transaction& transaction);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    // Nothing of an unfinished message counts: the delivery is abandoned with its transaction.
    ~Intake() = default;

    // Dot-stuffed content, proved clean.
    [[nodiscard]] io::Task<void> take(std::string_view content);
    // The message is complete. Says what became of it, and writes that down: the one record of the
    // decision.
    [[nodiscard]] io::Task<Spoken> finish(const smtp::ContentFacts& content);
    // The message is refused with this reply whatever follows; nothing more of it goes on.
    void fail(const smtp::Reply& reply);
    [[nodiscard]] bool failed() const { return stage_ == Stage::dropping; }
    // For an end without finish(): the client has gone, or is sent away with `reply`.
    void note_lost(const smtp::ContentFacts& content, std::string_view why);

private:
    enum class Stage : std::uint8_t { header, passing, dropping };

    [[nodiscard]] io::Task<void> decide();
    [[nodiscard]] std::optional<smtp::Reply> wrong_with_header() const;
    [[nodiscard]] std::string received_field() const;
    [[nodiscard]] io::Task<Spoken> finish_delivery();
    void record(const Spoken& reply,
                const smtp::ContentFacts& content,
                std::string_view why,
                io::Clock::duration decision_took);

    Surroundings& surroundings_;
    const Facts& facts_;
    Transaction& transaction_;
    smtp::HeaderSection header_;
    std::vector<policy::Address> from_;
    Judgement judgement_;
    std::optional<Spoken> reply_; // decided already, said at the end of data
    Stage stage_ = Stage::header;
};

} // namespace postern::receive
