#pragma once

#include "ssl/error.h"
#include "ssl/version.h"

#include <expected>
#include <memory>
#include <string_view>

namespace postern::ssl {

// wolfSSL's process-wide state. `main` makes one before everything else of this folder and lets it
// go last; tests make one each.
class Library {
public:
    [[nodiscard]] static std::expected<std::unique_ptr<Library>, Error> open();

    // "wolfSSL 5.5.4", for the line that a starting process writes.
    [[nodiscard]] static std::string_view version();

    // The oldest protocol version there is; a lower floor in the settings means this one.
    [[nodiscard]] static Version oldest_version();

    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library();

private:
    Library() = default;
};

// What wolfSSL keeps for one thread (multiples of curve points, in some builds). Every thread that
// uses this folder, but for the one with the Library, makes one first.
class ThreadMemory {
public:
    ThreadMemory() = default;
    ThreadMemory(const ThreadMemory&) = delete;
    ThreadMemory& operator=(const ThreadMemory&) = delete;
    ~ThreadMemory();
};

} // namespace postern::ssl
