#include "gateway/spool/error.h"

namespace postern::spool {

std::string_view text(Error error) {
    switch (error) {
    case Error::full: return "no space left";
    case Error::failed: return "the disk failed";
    case Error::damaged: return "damaged";
    case Error::too_big: return "too big";
    case Error::stopped: return "stopped";
    }
    return "failed";
}

} // namespace postern::spool
