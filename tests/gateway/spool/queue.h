#pragma once

#include "gateway/smtp/envelope.h"
#include "gateway/spool/recovery.h"
#include "gateway/spool/spool.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/gateway/awaited.h"
#include "tests/gateway/directory.h"

namespace postern::spool::test {

using gateway::test::awaited;

inline constexpr Time noon{std::chrono::seconds{1'800'000'000}};

inline smtp::Mail mail_from(std::string_view address) {
    const auto all = smtp::Extensions{}
                         .add_size(0)
                         .add(smtp::Extension::eight_bit_mime)
                         .add(smtp::Extension::dsn);
    return smtp::parse_mail("FROM:<" + std::string{address} + "> SIZE=10 BODY=8BITMIME ENVID=e+20x",
                            all)
        .value();
}

inline smtp::Recipient recipient(std::string_view address) {
    return smtp::parse_rcpt("TO:<" + std::string{address} +
                                "> NOTIFY=FAILURE,DELAY ORCPT=rfc822;o@x",
                            smtp::Extensions{}.add(smtp::Extension::dsn),
                            smtp::Utf8::allowed)
        .value();
}

inline std::vector<smtp::Recipient> recipients(std::size_t count) {
    std::vector<smtp::Recipient> all;
    for (std::size_t number = 0; number < count; ++number) {
        all.push_back(recipient("r" + std::to_string(number) + "@example.org"));
    }
    return all;
}

// Bytes that are all different within any few hundred.
inline std::string content(std::size_t size, unsigned seed = 0) {
    std::string bytes(size, '\0');
    for (std::size_t index = 0; index < size; ++index) {
        bytes[index] = static_cast<char>(index * 7 + (index >> 8U) + seed);
    }
    return bytes;
}

// A disk whose operations of one kind fail while `code` is not 0.
class Fault final : public io::FileFault {
public:
    explicit Fault(io::FileOperation operation) : operation_(operation) {}
    [[nodiscard]] int fails(io::FileOperation operation) override {
        return operation == operation_ ? code : 0;
    }

    int code = 0;

private:
    io::FileOperation operation_;
};

// A disk that has space for so many segments.
class SmallDisk final : public io::FileFault {
public:
    explicit SmallDisk(int segments) : free(segments) {}
    [[nodiscard]] int fails(io::FileOperation operation) override {
        if (operation == io::FileOperation::remove) ++free;
        if (operation != io::FileOperation::allocate) return 0;
        if (free == 0) return ENOSPC;
        --free;
        return 0;
    }
    int free;
};

// A spool of one core in a directory of its own, on a loop.
class Queue {
public:
    struct Options {
        std::uint32_t segment_bytes = 1U << 20U;
        io::Duration patience{0};
        io::Duration company{20};
        io::FileFault* fault = nullptr;
    };
    Queue() : Queue(Options{}) {}
    explicit Queue(Options options) : options_(options) { start(); }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue() { stop(); }

    [[nodiscard]] Spool& spool() { return *spool_; }
    [[nodiscard]] io::test::Loop& loop() { return loop_; }
    [[nodiscard]] std::string path(std::string_view name = "") const {
        return directory_.path("spool") + "/" + std::string{name};
    }
    [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }

    void start(unsigned cores = 1) {
        auto recovery = recover(directory_.path("spool"), cores).value();
        damages_ = std::move(recovery.damages);
        spool_.emplace(loop_.ring(),
                       Spool::Settings{.directory = directory_.path("spool"),
                                       .core = 0,
                                       .segment_bytes = options_.segment_bytes,
                                       .report_segment_bytes = options_.segment_bytes,
                                       .patience = options_.patience,
                                       .company = options_.company,
                                       .fault = options_.fault},
                       std::move(recovery.cores[0]));
        settle();
    }
    void stop() {
        if (spool_) loop_.run(spool_->stop());
        spool_.reset();
    }
    // The compaction has come to rest.
    void settle() {
        gateway::test::turn_until(loop_, [&] { return !spool_->compacting(); });
    }
    void restart() {
        stop();
        start();
    }

    [[nodiscard]] std::expected<MessageId, Error> submit(std::string_view bytes,
                                                         std::size_t to = 1) {
        return awaited(loop_, submitted(bytes, to));
    }
    io::Task<std::expected<MessageId, Error>> submitted(std::string_view bytes, std::size_t to) {
        Writer writer = spool_->begin(mail_from("s@example.com"), recipients(to), noon);
        const auto added = co_await writer.add(bytes);
        if (!added) co_return std::unexpected{added.error()};
        const auto committed = co_await writer.commit();
        if (!committed) co_return std::unexpected{committed.error()};
        co_return writer.id();
    }

    // In hand.
    [[nodiscard]] Message loaded(MessageId id) {
        settle();
        REQUIRE(spool_->take(id));
        return awaited(loop_, spool_->load(id)).value();
    }
    [[nodiscard]] std::expected<std::string, Error> content_of(const Message& message) {
        return awaited(loop_, read(message));
    }
    [[nodiscard]] std::expected<void, Error> finish(MessageId id) {
        const Message message = loaded(id);
        return awaited(loop_, spool_->done(message));
    }
    // Everything that waits, with its content; put back unchanged.
    [[nodiscard]] std::map<MessageId, std::string> all() {
        settle();
        std::map<MessageId, std::string> messages;
        for (const Entry& entry : spool_->page(0, SIZE_MAX)) {
            if (entry.in_hand) continue;
            const MessageId id = entry.id;
            const Message message = loaded(id);
            messages[id] = content_of(message).value();
            spool_->put_back(message);
        }
        return messages;
    }

private:
    io::Task<std::expected<std::string, Error>> read(const Message& message) {
        Reader reader = spool_->read(message);
        std::string all;
        for (;;) {
            const auto piece = co_await reader.next();
            if (!piece) co_return std::unexpected{piece.error()};
            if (piece->empty()) co_return all;
            all += *piece;
        }
    }

    Options options_;
    gateway::test::Directory directory_;
    io::test::Loop loop_;
    std::vector<Damage> damages_;
    std::optional<Spool> spool_;
};

} // namespace postern::spool::test
