#pragma once

#include "gateway/io/descriptor.h"
#include "gateway/io/ring.h"
#include "gateway/io/task.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace postern::io {

// Why a file operation did not do what was asked.
enum class FileError : std::uint8_t {
    full,      // no space, over the quota, or over the largest file allowed
    exists,    // create: there is one already
    missing,   // no such file or directory
    denied,    // permissions, or a read-only file system
    exhausted, // descriptors or memory ran out
    failed,    // EIO and everything else: what the disk has is unknown
};

[[nodiscard]] std::string_view text(FileError error);
// `code` is an errno value, positive.
[[nodiscard]] FileError file_error_from_errno(int code);

enum class FileOperation : std::uint8_t { open, write, read, sync, allocate, remove };

// Stands in for a disk that fails: asked before each operation. For tests.
class FileFault {
public:
    FileFault() = default;
    FileFault(const FileFault&) = delete;
    FileFault& operator=(const FileFault&) = delete;
    virtual ~FileFault() = default;
    // The errno that the operation ends with, 0 to let it happen.
    [[nodiscard]] virtual int fails(FileOperation operation) = 0;
};

// A file, or a directory to sync, on one ring. Operations may overlap. The file outlives them, and
// so does the memory they are given; none can be cancelled.
class File {
public:
    enum class Mode : std::uint8_t {
        create,    // a new one, to write and to read
        read,      // one that exists
        change,    // one that exists, to write and to read
        directory, // to sync() what was created or removed in it
    };

    File() = default; // no file
    [[nodiscard]] static Task<std::expected<File, FileError>>
    open(Ring& ring, std::string path, Mode mode, FileFault* fault = nullptr);
    // A name less; who has the file open keeps it.
    [[nodiscard]] static Task<std::expected<void, FileError>>
    remove(Ring& ring, std::string path, FileFault* fault = nullptr);

    [[nodiscard]] bool valid() const { return fd_.valid(); }

    // All of `bytes`. After an error any part of them may have been written.
    [[nodiscard]] Task<std::expected<void, FileError>> write(std::string_view bytes,
                                                             std::uint64_t offset);
    // As much as there is, up to the size of `into`; less only at the end of the file.
    [[nodiscard]] Task<std::expected<std::size_t, FileError>> read(std::span<char> into,
                                                                   std::uint64_t offset);
    // What was written, and what is needed to read it, is on the disk: fdatasync. After an error
    // nothing is known of what was written since the last success, and a later success says nothing
    // about it.
    [[nodiscard]] Task<std::expected<void, FileError>> data_sync();
    // As data_sync(), with everything that is known of the file: fsync.
    [[nodiscard]] Task<std::expected<void, FileError>> sync();
    // Makes the file at least this long, with space of its own on the disk. Where the file system
    // cannot do that nothing happens.
    [[nodiscard]] Task<std::expected<void, FileError>> allocate(std::uint64_t bytes);
    // Gives the space from `offset` on back; the file keeps its length and reads as zeros there.
    [[nodiscard]] Task<std::expected<void, FileError>> release(std::uint64_t offset,
                                                               std::uint64_t bytes);

private:
    File(Ring& ring, Descriptor fd, FileFault* fault)
        : ring_(&ring), fd_(std::move(fd)), fault_(fault) {}

    Ring* ring_ = nullptr;
    Descriptor fd_;
    FileFault* fault_ = nullptr;
};

} // namespace postern::io
