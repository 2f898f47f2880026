#include "perf/sink_store.h"

#include <chrono>
#include <filesystem>
#include <fstream>

namespace postern::perf {

std::string without_stuffing(std::string_view content) {
    std::string plain;
    plain.reserve(content.size());
    while (!content.empty()) {
        if (content.front() == '.') content.remove_prefix(1);
        const std::string_view line = content.substr(0, content.find('\n'));
        plain += line;
        content.remove_prefix(line.size());
        if (content.empty()) break;
        plain += '\n';
        content.remove_prefix(1);
    }
    return plain;
}

void MessageStore::append(StoredMessage& message, std::string_view content) {
    if (message.content.size() + content.size() > content_bytes_max) message.too_big = true;
    if (!message.too_big) message.content += content;
}

bool MessageStore::write(const StoredMessage& message, Stuffed stuffed) {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    // Sorted by name is, but for several in one microsecond, sorted by arrival.
    const std::string name = std::to_string(now.count()) + "-" + std::to_string(core_) + "-" +
                             std::to_string(++written_) + ".eml";
    const std::filesystem::path directory{directory_};
    const std::filesystem::path hidden = directory / ("." + name);
    {
        std::ofstream file{hidden, std::ios::binary};
        file << message.envelope << message.client;
        if (stuffed == Stuffed::yes) {
            std::string_view content = message.content;
            content.remove_suffix(std::string_view{".\r\n"}.size());
            file << without_stuffing(content);
        } else {
            file << message.content;
        }
        file.close();
        if (!file) return false;
    }
    std::error_code problem;
    std::filesystem::rename(hidden, directory / name, problem);
    return !problem;
}

} // namespace postern::perf
