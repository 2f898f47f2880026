#include "gateway/smtp/report_facts.h"

namespace postern::smtp {

std::string_view text(Action action) {
    switch (action) {
    case Action::failed: return "failed";
    case Action::delayed: return "delayed";
    case Action::delivered: return "delivered";
    case Action::relayed: return "relayed";
    case Action::expanded: return "expanded";
    }
    return "failed";
}

std::string_view text(Trouble trouble) {
    switch (trouble) {
    case Trouble::none: return "none";
    case Trouble::starttls_not_supported: return "starttls-not-supported";
    case Trouble::starttls_refused: return "starttls-refused";
    case Trouble::handshake_failed: return "handshake-failed";
    case Trouble::version_too_low: return "version-too-low";
    case Trouble::certificate_not_trusted: return "certificate-not-trusted";
    case Trouble::certificate_expired: return "certificate-expired";
    case Trouble::certificate_host_mismatch: return "certificate-host-mismatch";
    case Trouble::refused: return "refused";
    case Trouble::deferred: return "deferred";
    case Trouble::unreachable: return "unreachable";
    case Trouble::no_such_domain: return "no-such-domain";
    case Trouble::no_mail_accepted: return "no-mail-accepted";
    case Trouble::not_capable: return "not-capable";
    case Trouble::ours: return "ours";
    case Trouble::other: return "other";
    }
    return "other";
}

std::string_view cause(Trouble trouble) {
    switch (trouble) {
    case Trouble::starttls_refused: return text(Trouble::starttls_not_supported);
    case Trouble::handshake_failed:
    case Trouble::version_too_low: return "validation-failure";
    case Trouble::none:
    case Trouble::starttls_not_supported:
    case Trouble::certificate_not_trusted:
    case Trouble::certificate_expired:
    case Trouble::certificate_host_mismatch:
    case Trouble::refused:
    case Trouble::deferred:
    case Trouble::unreachable:
    case Trouble::no_such_domain:
    case Trouble::no_mail_accepted:
    case Trouble::not_capable:
    case Trouble::ours:
    case Trouble::other: break;
    }
    return text(trouble);
}

std::string status_text(const ReportedRecipient& recipient) {
    const EnhancedCode& status = recipient.status;
    if (status.present()) {
        return std::to_string(status.status) + '.' + std::to_string(status.subject) + '.' +
               std::to_string(status.detail);
    }
    switch (recipient.action) {
    case Action::failed: return "5.0.0";
    case Action::delayed: return "4.0.0";
    case Action::delivered:
    case Action::relayed:
    case Action::expanded: break;
    }
    return "2.0.0";
}

} // namespace postern::smtp
