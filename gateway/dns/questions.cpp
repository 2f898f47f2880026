#include "gateway/dns/questions.h"

#include <cassert>
#include <utility>

namespace postern::dns {

Question::Question(Questions& questions, std::string name, RecordType type, io::Duration wait)
    : questions_(questions), name_(std::move(name)), type_(type) {
    questions_.ring_.arm(*this, wait);
    questions_.begin(*this);
}

Question::~Question() { questions_.forget(*this); }

Answer Question::await_resume() {
    assert(answer_.has_value());
    return std::move(*answer_);
}

void Question::answered(Answer answer) {
    number_.reset();
    questions_.forget(*this);
    finish(std::move(answer));
}

void Question::expired() { end(Answer::Outcome::timed_out); }

void Question::end(Answer::Outcome outcome) {
    questions_.forget(*this);
    finish({.outcome = outcome, .records = {}, .why = {}});
}

void Question::finish(Answer answer) {
    disarm();
    answer_.emplace(std::move(answer));
    if (waiter_) questions_.ring_.resume_soon(waiter_);
}

Questions::Questions(io::Ring& ring, std::unique_ptr<Context> context)
    : ring_(ring), context_(std::move(context)), background_(ring) {
    background_.spawn(listen());
}

Questions::~Questions() {
    assert(background_.running() == 0);
    assert(asked_.empty());
    assert(waiting_.empty());
}

io::Task<void> Questions::stop() {
    ended_ = Answer::Outcome::cancelled;
    end_all(*ended_);
    if (listening_ != nullptr) listening_->cancel();
    while (!co_await background_.ended(io::Duration{1000})) {
    }
}

void Questions::begin(Question& question) {
    if (ended_) {
        question.end(*ended_);
    } else if (asked_.size() < at_once_max) {
        ask(question);
    } else {
        waiting_.push_back(&question);
    }
}

void Questions::ask(Question& question) {
    question.number_ = context_->ask(question.name_, question.type_, question);
    if (question.number_) {
        asked_.push_back(&question);
    } else {
        question.finish({.outcome = Answer::Outcome::ours, .records = {}, .why = {}});
    }
}

void Questions::forget(Question& question) {
    if (question.number_) context_->cancel(*std::exchange(question.number_, std::nullopt));
    std::erase(waiting_, &question);
    std::erase(asked_, &question);
    while (!waiting_.empty() && asked_.size() < at_once_max) {
        Question& next = *waiting_.front();
        waiting_.pop_front();
        ask(next);
    }
}

void Questions::end_all(Answer::Outcome outcome) {
    while (!waiting_.empty()) {
        waiting_.back()->end(outcome);
    }
    while (!asked_.empty()) {
        asked_.back()->end(outcome);
    }
}

io::Task<void> Questions::listen() {
    while (!ended_) {
        io::Readable readable{ring_, context_->fd(), std::chrono::hours{24}};
        listening_ = &readable;
        const bool there = co_await readable;
        listening_ = nullptr;
        if (ended_ || !there || context_->take_answers()) continue;
        ended_ = Answer::Outcome::ours; // its thread is gone
        end_all(*ended_);
    }
}

} // namespace postern::dns
