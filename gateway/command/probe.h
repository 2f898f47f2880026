#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace postern::command {

// `postern probe` ("Test TLS connection"): how the mail hosts of a domain, or one host, do in TLS,
// and which of our demands they would meet. Says no MAIL. The exit code: 0 every host offers TLS
// with a trusted certificate for its name; 1 some host falls short or cannot be reached, there is
// none, or the fault is ours; 2 usage.
[[nodiscard]] int
probe(std::span<const std::string_view> arguments, std::ostream& out, std::ostream& err);

} // namespace postern::command
