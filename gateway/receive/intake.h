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
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::receive {

// The content of one message on its way through: its header section is held back until it ends,
// then it is decided whether the message streams on or is read and dropped. What is decided, and
// where it streams to, is the business of each direction. Owned by a session for one message:
// take() and more take(), then finish(); fail() at any point before that. Nothing of an unfinished
// message counts.
class Intake {
public:
    Intake(Surroundings& surroundings, const Facts& facts, const Transaction& transaction);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    virtual ~Intake() = default;

    // Dot-stuffed content, proved clean.
    [[nodiscard]] io::Task<void> take(std::string_view content);
    // The message is complete. Says what became of it, and writes that down: the one record of the
    // decision.
    [[nodiscard]] io::Task<Spoken> finish(const smtp::ContentFacts& content);
    // The message is refused with this reply whatever follows; nothing more of it goes on.
    void fail(const smtp::Reply& reply) { refuse(Spoken::ours(reply)); }
    [[nodiscard]] bool failed() const { return stage_ == Stage::dropping; }
    // For an end without finish(): the client has gone, or is sent away with `reply`.
    void note_lost(const smtp::ContentFacts& content, std::string_view why);

protected:
    [[nodiscard]] Surroundings& surroundings() const { return surroundings_; }
    [[nodiscard]] const Facts& facts() const { return facts_; }
    // Our own Received: field.
    [[nodiscard]] std::string received_field() const;
    // For the record: whom the message is from, and what the policy says of that.
    void note(std::vector<policy::Address> from) { from_ = std::move(from); }
    void note(Judgement judgement) { judgement_ = std::move(judgement); }

private:
    enum class Stage : std::uint8_t { header, passing, dropping };

    // The header section has ended, and nothing is wrong with it as such: the fields to be put in
    // front of it if the message may go on, else what the client is told. Once.
    [[nodiscard]] virtual io::Task<std::expected<std::string, Spoken>>
    open(const smtp::HeaderSection& header) = 0;
    // A part of an opened message, dot-stuffed. False: it cannot go on; close() says why.
    [[nodiscard]] virtual io::Task<bool> pass(std::string_view content) = 0;
    // The opened message is complete, or pass() has failed. Once.
    [[nodiscard]] virtual io::Task<Spoken> close() = 0;
    // It never will be complete.
    virtual void abandon() = 0;

    [[nodiscard]] io::Task<void> end_header();
    void refuse(Spoken reply);
    void record(const Spoken& reply,
                const smtp::ContentFacts& content,
                std::string_view why,
                io::Clock::duration decision_took);

    Surroundings& surroundings_;
    const Facts& facts_;
    const Transaction& transaction_;
    smtp::HeaderSection header_;
    std::vector<policy::Address> from_;
    Judgement judgement_;
    std::optional<Spoken> reply_; // decided already, said at the end of data
    Stage stage_ = Stage::header;
};

} // namespace postern::receive
