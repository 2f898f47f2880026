#include "policy/mistake.h"

#include <map>
#include <tuple>
#include <utility>

namespace postern::policy {

std::string Mistake::text() const {
    std::string text = file;
    if (place.line > 0) {
        text += ':';
        text += std::to_string(place.line);
        text += ':';
        text += std::to_string(place.column);
    }
    text += severity == Severity::warning ? ": warning: " : ": ";
    text += message;
    return text;
}

void Mistakes::error(std::string_view file, Place place, std::string message) {
    add({.severity = Severity::error,
         .file = std::string(file),
         .place = place,
         .message = std::move(message)});
}

void Mistakes::warning(std::string_view file, Place place, std::string message) {
    add({.severity = Severity::warning,
         .file = std::string(file),
         .place = place,
         .message = std::move(message)});
}

void Mistakes::add(Mistake mistake) {
    (mistake.severity == Severity::error ? errors_ : warnings_) += 1;
    if (kept_.size() < mistakes_kept_max) kept_.push_back(std::move(mistake));
}

void Mistakes::append(const Mistakes& others) {
    const std::size_t errors = errors_ + others.errors_;
    const std::size_t warnings = warnings_ + others.warnings_;
    for (const Mistake& mistake : others.kept_)
        add(mistake);
    // Counted there, but not kept there either.
    errors_ = errors;
    warnings_ = warnings;
}

void Mistakes::sort() {
    // By insertion into a map rather than std::stable_sort, which libstdc++ 12 builds on a function
    // that it has deprecated itself.
    std::multimap<std::tuple<std::string, Place>, Mistake> sorted;
    for (Mistake& mistake : kept_) {
        std::tuple place(mistake.file, mistake.place);
        sorted.emplace(std::move(place), std::move(mistake));
    }
    kept_.clear();
    for (auto& [place, mistake] : sorted)
        kept_.push_back(std::move(mistake));
}

std::string Mistakes::text() const {
    std::string text;
    for (const Mistake& mistake : kept_) {
        text += mistake.text();
        text += '\n';
    }
    const std::size_t left_out = errors_ + warnings_ - kept_.size();
    if (left_out > 0) text += "and " + std::to_string(left_out) + " more\n";
    return text;
}

} // namespace postern::policy
