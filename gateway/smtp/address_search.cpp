#include "gateway/smtp/address_search.h"

#include "gateway/smtp/address_lexer.h"

#include <algorithm>
#include <array>
#include <string>

namespace postern::smtp {

namespace {

constexpr std::size_t window_bytes = 1000; // looked at on either side of an '@'

// Two ways to read the same text: only what touches the '@', or across blanks, comments and dots.
struct Readings {
    std::string tight;
    std::string loose;
};

std::string without_dots_around(std::string_view text) {
    while (text.starts_with('.'))
        text.remove_prefix(1);
    while (text.ends_with('.'))
        text.remove_suffix(1);
    return std::string(text);
}

bool is_local_byte(char byte) { return is_atom_byte(byte) || byte == '.'; }
bool is_domain_byte(char byte) { return is_host_byte(byte) || byte == '.'; }

// Drops blanks and comments at the end of `text`.
std::string_view without_blanks_behind(std::string_view text) {
    for (;;) {
        const std::size_t last = text.find_last_not_of(" \t");
        text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
        if (!text.ends_with(')')) return text;
        std::size_t depth = 0;
        std::size_t begin = text.size();
        do {
            --begin;
            if (text[begin] == ')') ++depth;
            if (text[begin] == '(') --depth;
        } while (begin > 0 && depth > 0);
        if (depth > 0) return text;
        text = text.substr(0, begin);
    }
}

std::string_view last_word_unquoted(std::string_view text) {
    std::size_t begin = text.size();
    while (begin > 0 && is_local_byte(text[begin - 1]))
        --begin;
    return text.substr(begin);
}

// The word that ends `text`, quotes included, or an empty one. A quote that nothing opens is
// overlooked.
std::string_view last_word(std::string_view text) {
    if (!text.ends_with('"')) return last_word_unquoted(text);
    for (std::size_t begin = text.size() - 1; begin > 0; --begin) {
        if (text[begin - 1] != '"') continue;
        std::size_t slashes = 0;
        while (slashes + 1 < begin && text[begin - 2 - slashes] == '\\')
            ++slashes;
        if (slashes % 2 == 0) return text.substr(begin - 1);
    }
    return last_word_unquoted(text.substr(0, text.size() - 1));
}

std::string meaning(std::string_view word) {
    if (word.size() >= 2 && word.starts_with('"')) return unquoted(word.substr(1, word.size() - 2));
    return std::string(word);
}

Readings local_before(std::string_view text) {
    Readings readings;
    std::string_view rest = without_blanks_behind(text);
    std::string_view word = last_word(rest);
    readings.tight = without_dots_around(meaning(word));
    while (!word.empty()) {
        readings.loose.insert(0, meaning(word));
        rest = without_blanks_behind(rest.substr(0, rest.size() - word.size()));
        // Only a dot joins what stands apart.
        if (!rest.ends_with('.') && !readings.loose.starts_with('.')) break;
        word = last_word(rest);
    }
    readings.loose = without_dots_around(readings.loose);
    return readings;
}

std::string_view first_labels(std::string_view text) {
    return text.substr(
        0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_domain_byte) - text.begin()));
}

Readings domain_behind(std::string_view text) {
    Readings readings;
    std::string_view rest = text;
    if (!skip_blanks_and_comments(rest)) rest.remove_prefix(1);
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close != std::string_view::npos) readings.tight = rest.substr(0, close + 1);
        return readings;
    }
    std::string_view labels = first_labels(rest);
    readings.tight = without_dots_around(labels);
    while (!labels.empty()) {
        readings.loose += labels;
        rest.remove_prefix(labels.size());
        if (!skip_blanks_and_comments(rest)) break;
        if (!rest.starts_with('.') && !readings.loose.ends_with('.')) break;
        labels = first_labels(rest);
    }
    readings.loose = without_dots_around(readings.loose);
    return readings;
}

} // namespace

void AddressSearch::search(std::string_view text) {
    for (std::size_t at = text.find('@'); at != std::string_view::npos;
         at = text.find('@', at + 1)) {
        if (++signs_ > mailboxes_max) found_.too_many = true;
        if (found_.too_many) return;
        const std::size_t begin = at - std::min(at, window_bytes);
        const Readings local = local_before(text.substr(begin, at - begin));
        const Readings domain = domain_behind(text.substr(at + 1, window_bytes));
        const bool two_locals = local.loose != local.tight;
        const bool two_domains = domain.loose != domain.tight;
        add(local.tight, domain.tight);
        if (two_domains) add(local.tight, domain.loose);
        if (two_locals) add(local.loose, domain.tight);
        if (two_locals && two_domains) add(local.loose, domain.loose);
    }
}

void AddressSearch::add(std::string_view local, std::string_view domain) {
    if (local.empty() || domain.empty()) return;
    Mailbox mailbox(local, domain);
    if (std::ranges::find(found_.all, mailbox) != found_.all.end()) return;
    if (found_.all.size() == mailboxes_max) {
        found_.too_many = true;
        return;
    }
    found_.all.push_back(std::move(mailbox));
}

} // namespace postern::smtp
