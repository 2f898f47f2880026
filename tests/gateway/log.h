#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/journal.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::gateway::test {

// What a core writes to its log.
class Log {
public:
    Log() { open(); }

    [[nodiscard]] Journal& journal() { return *journal_; }
    // What was written since the last time, a line each, without times and durations.
    [[nodiscard]] std::vector<std::string> take() {
        journal_.reset();
        writer_.reset();
        std::array<char, 65536> block{};
        std::string text;
        for (;;) {
            const ssize_t size = ::pread(file_.get(), block.data(), block.size(), read_);
            if (size <= 0) break;
            read_ += size;
            text.append(block.data(), static_cast<std::size_t>(size));
        }
        open();
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            lines.push_back(without_times(text.substr(at, end - at)));
            at = end + 1;
        }
        return lines;
    }

private:
    void open() {
        writer_.emplace(file_.get());
        journal_.emplace(*writer_);
        journal_->set_level(report::Level::debug);
    }
    static std::string without_times(std::string line) {
        for (const std::string_view key : {R"("time":)", R"("duration_ms":)"}) {
            const std::size_t at = line.find(key);
            if (at == std::string::npos) continue;
            line.erase(at, line.find(',', at) + 1 - at);
        }
        return line;
    }

    io::Descriptor file_{::memfd_create("log", MFD_CLOEXEC)};
    ::off_t read_ = 0;
    std::optional<JournalWriter> writer_;
    std::optional<Journal> journal_;
};

} // namespace postern::gateway::test
