#pragma once

#include "gateway/relay/delivery.h"
#include "gateway/smtp/reply.h"

#include <string>

namespace postern::receive {

// A reply as the client gets it, ours or the next hop's, and what the log says of it.
struct Spoken {
    std::string wire;
    int code = 0;
    smtp::EnhancedCode enhanced;
    std::string text; // without codes where it is ours, as it came where it is not
    smtp::After after = smtp::After::keep_open;

    [[nodiscard]] static Spoken ours(const smtp::Reply& reply);
    // COMPLIANCE I16: the next hop's reply, prefixed by nothing; I17 where there is none. Only a
    // success without enhanced code is given one, since we offered them (RFC 2034 4).
    [[nodiscard]] static Spoken of(const relay::Answer& answer);
};

} // namespace postern::receive
