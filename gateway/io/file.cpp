#include "gateway/io/file.h"

#include "gateway/io/operation.h"

#include <liburing.h>

#include <fcntl.h>
#include <linux/falloc.h>

#include <cassert>
#include <cerrno>
#include <coroutine>
#include <utility>

namespace postern::io {
namespace {

// One request: `prepare` fills in the submission, the result is the kernel's.
template<typename Prepare>
class Request final : public Operation {
public:
    Request(Ring& ring, int fault, Prepare prepare)
        : ring_(ring), result_(-fault), prepare_(std::move(prepare)) {}
    [[nodiscard]] bool await_ready() const { return result_ < 0; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        io_uring_sqe& entry = ring_.submission();
        prepare_(entry);
        io_uring_sqe_set_data(&entry, static_cast<Operation*>(this));
    }
    [[nodiscard]] std::int32_t await_resume() const { return result_; }

private:
    void complete(std::int32_t result, std::uint32_t /*flags*/) override {
        result_ = result;
        waiter_.resume();
    }

    Ring& ring_;
    std::int32_t result_;
    Prepare prepare_;
    std::coroutine_handle<> waiter_;
};

int fault_of(FileFault* fault, FileOperation operation) {
    return fault == nullptr ? 0 : fault->fails(operation);
}

// The kernel takes more, but counts in 32 bits.
constexpr std::size_t transfer_bytes_max = 1U << 30U;

unsigned transfer(std::size_t bytes) {
    return static_cast<unsigned>(bytes < transfer_bytes_max ? bytes : transfer_bytes_max);
}

bool again(std::int32_t result) { return result == -EINTR || result == -EAGAIN; }

std::expected<void, FileError> done_or_error(std::int32_t result) {
    if (result < 0) return std::unexpected{file_error_from_errno(-result)};
    return {};
}

int flags_of(File::Mode mode) {
    switch (mode) {
    case File::Mode::create: return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    case File::Mode::read: return O_RDONLY | O_CLOEXEC;
    case File::Mode::change: return O_RDWR | O_CLOEXEC;
    case File::Mode::directory: return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    }
    return 0;
}

} // namespace

std::string_view text(FileError error) {
    switch (error) {
    case FileError::full: return "no space left";
    case FileError::exists: return "exists already";
    case FileError::missing: return "no such file";
    case FileError::denied: return "not allowed";
    case FileError::exhausted: return "resources exhausted";
    case FileError::failed: return "failed";
    }
    return "failed";
}

FileError file_error_from_errno(int code) {
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return FileError::full;
    case EEXIST: return FileError::exists;
    case ENOENT:
    case ENOTDIR: return FileError::missing;
    case EACCES:
    case EPERM:
    case EROFS: return FileError::denied;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return FileError::exhausted;
    default: return FileError::failed;
    }
}

// NOLINTBEGIN(misc-const-correctness): a request changes while it is awaited

Task<std::expected<File, FileError>>
File::open(Ring& ring, std::string path, Mode mode, FileFault* fault) {
    constexpr mode_t owner_only = 0600;
    Request request{ring, fault_of(fault, FileOperation::open), [&](io_uring_sqe& entry) {
                        io_uring_prep_openat(
                            &entry, AT_FDCWD, path.c_str(), flags_of(mode), owner_only);
                    }};
    const std::int32_t result = co_await request;
    if (result < 0) co_return std::unexpected{file_error_from_errno(-result)};
    co_return File{ring, Descriptor{result}, fault};
}

Task<std::expected<void, FileError>> File::remove(Ring& ring, std::string path, FileFault* fault) {
    Request request{ring, fault_of(fault, FileOperation::remove), [&](io_uring_sqe& entry) {
                        io_uring_prep_unlinkat(&entry, AT_FDCWD, path.c_str(), 0);
                    }};
    co_return done_or_error(co_await request);
}

Task<std::expected<void, FileError>> File::write(std::string_view bytes, std::uint64_t offset) {
    assert(valid());
    while (!bytes.empty()) {
        Request request{*ring_, fault_of(fault_, FileOperation::write), [&](io_uring_sqe& entry) {
                            io_uring_prep_write(
                                &entry, fd_.get(), bytes.data(), transfer(bytes.size()), offset);
                        }};
        const std::int32_t result = co_await request;
        if (again(result)) continue;
        if (result < 0) co_return std::unexpected{file_error_from_errno(-result)};
        // Nothing written and no error: the next try says why.
        bytes.remove_prefix(static_cast<std::size_t>(result));
        offset += static_cast<std::uint64_t>(result);
    }
    co_return std::expected<void, FileError>{};
}

Task<std::expected<std::size_t, FileError>> File::read(std::span<char> into, std::uint64_t offset) {
    assert(valid());
    std::size_t total = 0;
    while (total < into.size()) {
        const std::span<char> left = into.subspan(total);
        Request request{
            *ring_, fault_of(fault_, FileOperation::read), [&](io_uring_sqe& entry) {
                io_uring_prep_read(
                    &entry, fd_.get(), left.data(), transfer(left.size()), offset + total);
            }};
        const std::int32_t result = co_await request;
        if (again(result)) continue;
        if (result < 0) co_return std::unexpected{file_error_from_errno(-result)};
        if (result == 0) break;
        total += static_cast<std::size_t>(result);
    }
    co_return total;
}

Task<std::expected<void, FileError>> File::data_sync() {
    assert(valid());
    Request request{*ring_, fault_of(fault_, FileOperation::sync), [&](io_uring_sqe& entry) {
                        io_uring_prep_fsync(&entry, fd_.get(), IORING_FSYNC_DATASYNC);
                    }};
    co_return done_or_error(co_await request);
}

Task<std::expected<void, FileError>> File::sync() {
    assert(valid());
    Request request{*ring_, fault_of(fault_, FileOperation::sync), [&](io_uring_sqe& entry) {
                        io_uring_prep_fsync(&entry, fd_.get(), 0);
                    }};
    co_return done_or_error(co_await request);
}

Task<std::expected<void, FileError>> File::allocate(std::uint64_t bytes) {
    assert(valid());
    Request request{*ring_, fault_of(fault_, FileOperation::allocate), [&](io_uring_sqe& entry) {
                        io_uring_prep_fallocate(&entry, fd_.get(), 0, 0, static_cast<off_t>(bytes));
                    }};
    const std::int32_t result = co_await request;
    if (result == -EOPNOTSUPP) co_return std::expected<void, FileError>{};
    co_return done_or_error(result);
}

Task<std::expected<void, FileError>> File::release(std::uint64_t offset, std::uint64_t bytes) {
    assert(valid());
    constexpr int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    Request request{
        *ring_, fault_of(fault_, FileOperation::allocate), [&](io_uring_sqe& entry) {
            io_uring_prep_fallocate(
                &entry, fd_.get(), mode, static_cast<off_t>(offset), static_cast<off_t>(bytes));
        }};
    const std::int32_t result = co_await request;
    if (result == -EOPNOTSUPP) co_return std::expected<void, FileError>{};
    co_return done_or_error(result);
}

// NOLINTEND(misc-const-correctness)

} // namespace postern::io
