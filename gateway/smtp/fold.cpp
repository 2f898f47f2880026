#include "gateway/smtp/fold.h"

namespace postern::smtp {

void Folded::add(std::string_view word) {
    if (out_.size() - line_begin_ + 1 + word.size() > fold_at) {
        new_line();
    } else if (!fresh_) {
        out_ += ' ';
    }
    out_ += word;
    fresh_ = false;
}

void Folded::new_line() {
    if (fresh_) return;
    out_ += "\r\n";
    line_begin_ = out_.size();
    out_ += '\t';
    fresh_ = true;
}

} // namespace postern::smtp
