#pragma once

#include "gateway/smtp/report_facts.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The texts of deploy/reports, which says what they look like. They are part of the program.
namespace postern::smtp {

// A whole file.
[[nodiscard]] std::string_view report_texts(Language language);

struct ReportText {
    std::string_view name; // "subject.failed"
    std::string_view text; // lines end in '\n', the last without
};
// Takes the next text off `texts`; nothing at the end.
[[nodiscard]] std::optional<ReportText> take_report_text(std::string_view& texts);

// The texts of one language, read once for all recipients of a report.
class ReportTexts {
public:
    explicit ReportTexts(Language language);
    // The text of that name, which must be there.
    [[nodiscard]] std::string_view of(std::string_view name) const;

private:
    std::vector<ReportText> texts_;
};

struct ReportValue {
    std::string_view name; // "recipient", without brackets
    std::string text;      // lines end in CRLF, the last without
};
// Appends `text` with its values, lines ended by CRLF. All values in it must be given.
void append_report_text(std::string& out,
                        std::string_view text,
                        std::span<const ReportValue> values);

} // namespace postern::smtp
