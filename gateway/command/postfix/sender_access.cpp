#include "gateway/command/postfix/sender_access.h"

#include "policy/fold.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

namespace postern::command::postfix {
namespace {

constexpr std::string_view wanted = "reject_plaintext_session";

// Of access(5); whatever stands behind them is their text or argument.
constexpr std::array<std::string_view, 15> actions{"reject",
                                                   "defer",
                                                   "defer_if_reject",
                                                   "defer_if_permit",
                                                   "bcc",
                                                   "discard",
                                                   "filter",
                                                   "hold",
                                                   "prepend",
                                                   "redirect",
                                                   "info",
                                                   "warn",
                                                   "ok",
                                                   "dunno",
                                                   "permit"};
constexpr std::array<std::string_view, 3> passes{"ok", "dunno", "permit"};

std::string in_lower_case(std::string_view text) {
    std::string lower;
    policy::append_lower_case(text, lower);
    return lower;
}

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

// "4NN text" and "5NN text" are replies; other numbers are OK.
bool is_reply_code(std::string_view text) {
    return text.size() == 3 && is_number(text) && (text.front() == '4' || text.front() == '5');
}

bool is_one_of(std::span<const std::string_view> known, std::string_view word) {
    return std::ranges::find(known, word) != known.end();
}

bool lets_pass(std::string_view word) {
    return is_one_of(passes, word) || (is_number(word) && !is_reply_code(word));
}

} // namespace

bool is_access_action(std::string_view word) {
    const std::string lower = in_lower_case(word.substr(0, word.find(',')));
    return lower == wanted || is_one_of(actions, lower) || is_number(lower) ||
           lower.starts_with("reject_") || lower.starts_with("permit_") ||
           lower.starts_with("check_");
}

std::optional<Treatment>
read_sender_access(const TableEntry& entry, const std::string& file, policy::Mistakes& mistakes) {
    std::vector<Word> words = without_commas(entry.words);
    for (Word& word : words)
        word.text = in_lower_case(word.text);
    const Word& first = words.empty() ? entry.words.front() : words.front();
    const bool takes_text = is_one_of(actions, first.text) || is_reply_code(first.text);
    const auto found = takes_text ? words.end() : std::ranges::find(words, wanted, &Word::text);
    if (found != words.end()) {
        if (found != words.begin())
            mistakes.error(file,
                           first.place,
                           "what stands before " + std::string(wanted) +
                               " has no equivalent: TLS is demanded whatever comes of it");
        const bool more = std::ranges::any_of(
            found + 1, words.end(), [](const Word& word) { return !lets_pass(word.text); });
        if (more)
            mistakes.error(file,
                           (found + 1)->place,
                           "what stands behind " + std::string(wanted) +
                               " has no equivalent; leave it to Postfix");
        return Treatment{
            .word = wanted,
            .required = {.demand = policy::Demand::tls, .floor = policy::TlsVersion::tls_1_2}};
    }
    if (lets_pass(first.text)) return Treatment{.word = "OK", .required = {}};
    mistakes.error(file,
                   first.place,
                   quoted(entry.words.front().text) +
                       " has no equivalent, and the entry is left out; leave it to Postfix");
    return std::nullopt;
}

} // namespace postern::command::postfix
