#pragma once

#include "gateway/smtp/mailbox.h"

#include <string_view>

namespace postern::smtp {

// Adds everything in `text` that some reader could take for an address, wherever it stands:
// whatever is around each '@', with and without the blanks, dots and comments next to it. For
// address lists that break the grammar. Bounded: 1,000 signs are looked at, the others only
// counted.
void search_addresses(std::string_view text, Mailboxes& found);

} // namespace postern::smtp
