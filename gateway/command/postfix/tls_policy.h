#pragma once

#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/treatment.h"
#include "policy/mistake.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern::command::postfix {

/// What an entry of smtp_tls_policy_maps asks for (Postfix's TLS_README, "TLS policy table"):
/// `encrypt` is TLS with any certificate, `verify` and `secure` a trusted one with the host's name.
/// What has no equivalent is recorded: an error where mail would be treated otherwise, a warning
/// where it makes no difference to whom the mail goes and how. Where TLS was demanded it still is.
/// Nothing: not a level, recorded.
[[nodiscard]] std::optional<Treatment>
read_tls_policy(const TableEntry& entry, const std::string& file, policy::Mistakes& mistakes);

/// Whether this is the name of a level, which Postfix reads without regard to case.
[[nodiscard]] bool is_tls_level(std::string_view word);

/// The lowest version that `protocols=VALUE` allows, if it is one that we know how to ask for; the
/// highest must be unbounded. 1.0 where nothing is excluded. Nothing: it is malformed, or allows
/// nothing of TLS.
struct Protocols {
    policy::TlsVersion lowest;
    policy::TlsVersion highest;
};
[[nodiscard]] std::optional<Protocols> read_protocols(std::string_view value);

} // namespace postern::command::postfix
