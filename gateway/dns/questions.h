#pragma once

#include "gateway/dns/answer.h"
#include "gateway/dns/context.h"
#include "gateway/io/readable.h"
#include "gateway/io/ring.h"
#include "gateway/io/task_group.h"

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::dns {

class Questions;

// One question to the name servers: begins when made, is awaited once or never, and is withdrawn
// when it goes. It stays where it is.
class Question final : private Context::Asker, private io::Timer {
public:
    // Answered within `wait`, with Outcome::timed_out at the latest.
    Question(Questions& questions, std::string name, RecordType type, io::Duration wait);
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question() override;

    [[nodiscard]] bool await_ready() const { return answer_.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    [[nodiscard]] Answer await_resume();

private:
    friend class Questions;
    void answered(Answer answer) override;
    void expired() override;
    void end(Answer::Outcome outcome);
    void finish(Answer answer);

    Questions& questions_;
    std::string name_;
    RecordType type_;
    std::optional<int> number_; // while the context has it
    std::optional<Answer> answer_;
    std::coroutine_handle<> waiter_;
};

// What one core is asking: takes answers as its ring says that there are some, and keeps the number
// of questions that the context has at a time below what it takes without making us wait. Owned by
// the resolver; one thread only.
class Questions {
public:
    static constexpr std::size_t at_once_max = 64;

    Questions(io::Ring& ring, std::unique_ptr<Context> context);
    Questions(const Questions&) = delete;
    Questions& operator=(const Questions&) = delete;
    // stop() was awaited, and every question has gone.
    ~Questions();

    [[nodiscard]] std::size_t at_once() const { return asked_.size(); }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    // Every question, now or later, ends with Outcome::cancelled.
    [[nodiscard]] io::Task<void> stop();

private:
    friend class Question;
    void begin(Question& question);
    // It has its answer, or nobody wants it any more.
    void forget(Question& question);
    void ask(Question& question);
    void end_all(Answer::Outcome outcome);
    [[nodiscard]] io::Task<void> listen();

    io::Ring& ring_;
    std::unique_ptr<Context> context_;
    std::vector<Question*> asked_;
    std::deque<Question*> waiting_; // in the order in which they came; bounded by who awaits them
    // Set for good: what later questions are told.
    std::optional<Answer::Outcome> ended_;
    io::Readable* listening_ = nullptr;
    io::TaskGroup background_;
};

} // namespace postern::dns
