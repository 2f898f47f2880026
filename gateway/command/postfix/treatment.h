#pragma once

#include "policy/demand.h"

#include <string_view>

namespace postern::command::postfix {

/// What the right-hand side of an entry asks for, in our terms.
struct Treatment {
    std::string_view word;     // Postfix's: "encrypt", "reject_plaintext_session"; lives for ever
    policy::Required required; // no demand: the entry is an exception from a wider one
};

} // namespace postern::command::postfix
