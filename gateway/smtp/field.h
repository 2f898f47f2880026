#pragma once

#include "gateway/smtp/header.h"

#include <optional>
#include <string>
#include <string_view>

// The fields of a header section, one after the other (RFC 5322 2.2, 4.5 for the obsolete forms).
namespace postern::smtp {

struct Field {
    std::string_view name;  // without blanks; "" where the lines are no field
    std::string_view lines; // all its lines as they stand in the section, CRLFs included
};

// Walks over a whole section that it borrows. Malformed lines come as fields without a name.
class FieldReader {
public:
    FieldReader(std::string_view section, Stuffing stuffing)
        : rest_(section), stuffing_(stuffing) {}
    // Nothing at the end or at the empty line.
    [[nodiscard]] std::optional<Field> next();

private:
    std::string_view rest_;
    Stuffing stuffing_;
};

// The name before the colon of a field's first line; "" when the line begins no field.
[[nodiscard]] std::string_view field_name(std::string_view line);

// The value of a field: behind its colon, unfolded, stuffed dots taken out.
[[nodiscard]] std::string field_value(const Field& field, Stuffing stuffing);

} // namespace postern::smtp
