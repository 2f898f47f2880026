#pragma once

#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/treatment.h"
#include "policy/mistake.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern::command::postfix::test {

struct Read {
    std::optional<Treatment> treatment;
    std::string mistakes;
};

// What `reader` makes of what stands behind "a.example ", in the file "t".
template<typename Reader>
Read read_value(Reader reader, std::string_view value) {
    policy::Mistakes mistakes;
    const auto entries = read_table("a.example " + std::string(value), "t", mistakes);
    auto treatment = reader(entries.at(0), "t", mistakes);
    return {.treatment = treatment, .mistakes = mistakes.text()};
}

} // namespace postern::command::postfix::test
