#pragma once

#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace postern::command::test {

using Command = int (*)(std::span<const std::string_view>, std::ostream&, std::ostream&);
using Arguments = std::vector<std::string_view>;

// What a command left behind.
struct Outcome {
    int code;
    std::string out;
    std::string err;
};

inline Outcome outcome_of(Command command, const Arguments& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = command(arguments, out, err);
    return {.code = code, .out = out.str(), .err = err.str()};
}

} // namespace postern::command::test
