#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "perf/sink_store.h"

using postern::perf::MessageStore;
using postern::perf::StoredMessage;
using postern::perf::Stuffed;
using postern::perf::without_stuffing;

TEST_CASE("one dot at the start of a line goes, every other stays", "[perf]") {
    CHECK(without_stuffing("") == "");
    CHECK(without_stuffing("..a\r\nb.\r\n..\r\n") == ".a\r\nb.\r\n.\r\n");
    CHECK(without_stuffing("a..b") == "a..b");
    CHECK(without_stuffing("\r\n\r\n") == "\r\n\r\n");
}

TEST_CASE("a stored message is its envelope and its content", "[perf]") {
    const std::filesystem::path directory = std::filesystem::temp_directory_path() /
                                            ("postern-sink-test-" + std::to_string(::getpid()));
    std::filesystem::create_directory(directory);
    MessageStore store{directory, 0};
    StoredMessage message;
    message.envelope = "X-Envelope-From: <a@b>\r\n";
    MessageStore::append(message, "Subject: x\r\n\r\n..y\r\n.\r\n");
    CHECK(store.write(message, Stuffed::yes));

    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        ++files;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        CHECK(text == "X-Envelope-From: <a@b>\r\nSubject: x\r\n\r\n.y\r\n");
    }
    CHECK(files == 1);
    std::filesystem::remove_all(directory);
    CHECK_FALSE(store.write(message, Stuffed::yes));
}
