#pragma once

#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/treatment.h"
#include "policy/mistake.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern::command::postfix {

/// What an entry of a check_sender_access table asks for (access(5)): `reject_plaintext_session` is
/// TLS; OK, DUNNO, `permit` and numbers are nothing. Any other action has no equivalent: recorded
/// as an error, and nothing is returned.
[[nodiscard]] std::optional<Treatment>
read_sender_access(const TableEntry& entry, const std::string& file, policy::Mistakes& mistakes);

/// Whether a right-hand side that begins so is of an access table.
[[nodiscard]] bool is_access_action(std::string_view word);

} // namespace postern::command::postfix
