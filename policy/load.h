#pragma once

#include "policy/files.h"
#include "policy/mistake.h"
#include "policy/snapshot.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::policy {

/// What came of reading policy.toml and all that it names.
struct Loaded {
    std::shared_ptr<const Snapshot> snapshot; // null when `mistakes` has an error
    Mistakes mistakes;                        // warnings too; by file, line and column
    /// Domains of organizations without a route: mistakes where mail for them is taken.
    Mistakes unrouted;
    /// Every file and directory that was read or looked for, also when loading failed: a change of
    /// any of them is a reason to load again.
    std::vector<std::string> files;
};

/// Reads the policy, all or nothing, and finds every mistake in one go. Keeps nothing, waits for
/// the disk: for the loader's thread and for commands. `generation` is the number the snapshot will
/// carry.
[[nodiscard]] Loaded load(const std::string& path, std::uint64_t generation);
[[nodiscard]] Loaded load(const std::string& path, const Files& files, std::uint64_t generation);

/// A policy that is one text and names no files, under the name `policy.toml`.
[[nodiscard]] Loaded load_text(std::string text);

} // namespace postern::policy
