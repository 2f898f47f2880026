#pragma once

#include "policy/address_list.h"
#include "policy/draft.h"
#include "policy/files.h"
#include "policy/mistake.h"

namespace postern::policy {

/// Makes the list of its entries and files. What is wrong in them is recorded; the list has the
/// rest.
[[nodiscard]] AddressList load_list(const ListDraft& draft, const Files& files, Mistakes& mistakes);

} // namespace postern::policy
