#include "gateway/smtp/mailbox.h"

#include "gateway/smtp/address_lexer.h"
#include "gateway/smtp/address_search.h"

#include <algorithm>

namespace postern::smtp {

namespace {

// Reads one address-list strictly (RFC 5322 3.4 and 4.4). Each function returns false when the
// grammar is broken; the mailboxes read until then are kept.
class ListReader {
public:
    ListReader(std::string_view text, Mailboxes& found) : lexer_(text), found_(found) {}

    [[nodiscard]] bool read() {
        token_ = lexer_.next();
        while (token_.kind != TokenKind::end) {
            if (token_.is(',')) { // RFC 5322 4.4: empty elements
                token_ = lexer_.next();
            } else if (!(token_.is(';') ? end_group() : read_element())) {
                return false;
            }
        }
        return !in_group_;
    }

private:
    // A mailbox, or the name of a group with its colon.
    [[nodiscard]] bool read_element() {
        if (!read_words()) return false;
        if (!token_.is(':')) return read_address() && at_separator();
        if (in_group_ || words_ == 0) return false;
        in_group_ = true;
        token_ = lexer_.next();
        return true;
    }

    [[nodiscard]] bool end_group() {
        if (!in_group_) return false;
        in_group_ = false;
        token_ = lexer_.next();
        return at_separator();
    }

    [[nodiscard]] bool at_separator() const {
        return token_.kind == TokenKind::end || token_.is(',') || (in_group_ && token_.is(';'));
    }

    [[nodiscard]] bool at_word() const {
        return token_.kind == TokenKind::atom || token_.kind == TokenKind::quoted;
    }

    // Words with or without dots between: a display name, a group's name or a local part; only the
    // parser of what follows knows which. They are put together as if they were a local part.
    [[nodiscard]] bool read_words() {
        local_.clear();
        words_ = 0;
        local_legal_ = true;
        bool after_dot = true;
        for (;; token_ = lexer_.next()) {
            if (at_word()) {
                if (!after_dot) local_legal_ = false;
                append_word();
                ++words_;
                after_dot = false;
            } else if (token_.is('.')) {
                if (words_ == 0) return false;
                if (after_dot) local_legal_ = false;
                local_ += '.';
                after_dot = true;
            } else {
                if (after_dot) local_legal_ = false;
                return token_.kind != TokenKind::bad;
            }
        }
    }

    void append_word() {
        if (token_.kind == TokenKind::quoted && token_.text.find('\\') != std::string_view::npos) {
            local_ += unquoted(token_.text);
        } else {
            local_ += token_.text;
        }
    }

    // Behind the words: "@domain", or "<...>" of which they are the display name.
    [[nodiscard]] bool read_address() {
        if (token_.is('@')) return read_domain_of_mailbox();
        if (!token_.is('<')) return false;
        token_ = lexer_.next();
        if ((token_.is('@') || token_.is(',')) && !skip_route()) return false;
        if (!read_words() || !token_.is('@') || !read_domain_of_mailbox()) return false;
        if (!token_.is('>')) return false;
        token_ = lexer_.next();
        return true;
    }

    // RFC 5322 4.4 obs-route: @one,@two:
    [[nodiscard]] bool skip_route() {
        while (!token_.is(':')) {
            if (token_.is(',')) {
                token_ = lexer_.next();
                continue;
            }
            if (!token_.is('@') || !read_domain()) return false;
        }
        token_ = lexer_.next();
        return true;
    }

    // Only where local_legal_ is a mailbox what was read.
    [[nodiscard]] bool read_domain_of_mailbox() {
        if (!local_legal_ || !read_domain()) return false;
        if (found_.all.size() == mailboxes_max) {
            found_.too_many = true;
            return false;
        }
        found_.all.emplace_back(local_, domain_);
        return true;
    }

    // Stands at the '@'; afterwards at what follows the domain.
    [[nodiscard]] bool read_domain() {
        domain_.clear();
        token_ = lexer_.next();
        if (token_.kind == TokenKind::literal) {
            domain_ = token_.text;
            token_ = lexer_.next();
            return true;
        }
        for (;;) {
            // Other bytes are atoms as well, but no host is called so: let the search look at it.
            if (token_.kind != TokenKind::atom || !std::ranges::all_of(token_.text, is_host_byte))
                return false;
            domain_ += token_.text;
            token_ = lexer_.next();
            if (!token_.is('.')) return true;
            domain_ += '.';
            token_ = lexer_.next();
        }
    }

    AddressLexer lexer_;
    Mailboxes& found_;
    Token token_;
    std::string local_;
    std::string domain_;
    std::size_t words_ = 0;
    bool local_legal_ = false;
    bool in_group_ = false;
};

} // namespace

Mailbox::Mailbox(std::string_view local, std::string_view domain) : at_(local.size()) {
    text_.reserve(local.size() + 1 + domain.size());
    text_ += local;
    text_ += '@';
    text_ += domain;
}

Mailboxes mailboxes_of(std::span<const std::string> from_fields) {
    Mailboxes found;
    AddressSearch search(found);
    for (const std::string& field : from_fields) {
        if (ListReader(field, found).read()) continue;
        found.broken = true;
        search.search(field);
    }
    return found;
}

} // namespace postern::smtp
