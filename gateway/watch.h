#pragma once

#include "gateway/io/descriptor.h"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace postern::gateway {

// Which files a configuration was made of, as they were: path, inode, size and time of change of
// each. Equal fingerprints mean that loading again would bring the same. Follows symbolic links, so
// that the swap of a directory behind one counts.
[[nodiscard]] std::string fingerprint(std::span<const std::string> files);

// Whether one of them has changed in that time, as far as file systems can tell.
[[nodiscard]] bool changed_between(std::span<const std::string> files,
                                   std::chrono::system_clock::time_point begin,
                                   std::chrono::system_clock::time_point end);

// Tells that something happened in the directories of some files: atomic renames, writes in place,
// and swapped symbolic links (Kubernetes) alike. Whether the files have changed, only their
// fingerprint says. Used by the control thread.
class Watch {
public:
    Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() = default;

    // Watches the directories of these files, and those of all symbolic links on the way, instead
    // of the former ones; for a directory that is missing, the nearest one above it. What cannot be
    // watched is left out.
    void set(std::span<const std::string> files);
    // Readable when something happened; drain() then.
    [[nodiscard]] int fd() const { return inotify_.get(); }
    void drain();

private:
    io::Descriptor inotify_;
    std::vector<int> watches_;
};

} // namespace postern::gateway
