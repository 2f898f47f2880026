#pragma once

#include "gateway/smtp/mailbox.h"

#include <cstddef>
#include <string_view>

namespace postern::smtp {

// Adds everything in a text that some reader could take for an address, wherever it stands:
// whatever is around each '@', with and without the blanks, dots and comments next to it. For the
// address lists of one message that break the grammar. Bounded: of all its texts together 1,000
// signs are looked at.
class AddressSearch {
public:
    explicit AddressSearch(Mailboxes& found) : found_(found) {}
    void search(std::string_view text);

private:
    void add(std::string_view local, std::string_view domain);

    Mailboxes& found_;
    std::size_t signs_ = 0;
};

} // namespace postern::smtp
