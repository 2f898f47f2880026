#pragma once

#include "policy/draft.h"
#include "policy/mistake.h"
#include "policy/snapshot.h"

#include <memory>
#include <vector>

namespace postern::policy {

/// Makes the parts of a snapshot of a draft and its lists (in the draft's order): every word
/// becomes the thing that it names. Everything that does not fit together is recorded; with an
/// error among it the parts are not to be used. `unrouted` gets what is wrong only where mail is
/// taken in.
[[nodiscard]] Parts resolve(const Draft& draft,
                            std::vector<std::unique_ptr<const AddressList>> lists,
                            Mistakes& mistakes,
                            Mistakes& unrouted);

} // namespace postern::policy
