#pragma once

#include "gateway/report/section.h"
#include "gateway/settings.h"

namespace postern::command {

/// What a host's file says, where it differs from what counts without it: names, paths and
/// numbers, and of each certificate's key who may read it. Opens no key.
[[nodiscard]] report::Section section_of(const gateway::Settings& settings);

} // namespace postern::command
