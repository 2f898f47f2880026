#include "gateway/smtp/notification.h"

namespace postern::smtp {

bool report_is_due(const Path& sender, const Notify& notify, Action action, NextHop next_hop) {
    if (sender.is_null() || notify.never) return false;
    switch (action) {
    case Action::failed: return notify.failure || !notify.given();
    case Action::delayed: return notify.delay || !notify.given();
    case Action::relayed: return notify.success && next_hop == NextHop::without_dsn;
    case Action::delivered:
    case Action::expanded: return notify.success;
    }
    return false;
}

} // namespace postern::smtp
