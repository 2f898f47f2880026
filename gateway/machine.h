#pragma once

#include "gateway/report/section.h"

#include <string>

namespace postern::gateway {

/// What this program was built of: our version, the libraries', the compiler's.
[[nodiscard]] report::Section versions();

/// The kernel and what it gives us, tried and not guessed; the memory and CPUs that we may use.
[[nodiscard]] report::Section machine();

/// Limits of this process (getrlimit(2)): "1024, at most 1048576".
void append_limits(report::Section& section);

} // namespace postern::gateway
