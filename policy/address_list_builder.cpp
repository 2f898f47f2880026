#include "policy/address_list_builder.h"

#include <utility>

namespace postern::policy {
namespace {

std::uint64_t bit_of(std::size_t length) { return std::uint64_t{1} << (length & 63U); }

} // namespace

AddressListBuilder::AddressListBuilder(std::string name, Mistakes& mistakes)
    : name_(std::move(name)), mistakes_(mistakes) {}

void AddressListBuilder::reserve(std::size_t entries) {
    while (linked_ < added_)
        link_oldest();
    table_.reserve(table_.size() + entries);
}

void AddressListBuilder::add(std::string_view entry, const std::string& file, Place place) {
    last_file_ = &file;
    canonical_.clear();
    const bool wildcard = entry.starts_with("*.");
    const bool address = !wildcard && entry.contains('@');
    if (wildcard) canonical_ = "*.";
    const std::string_view rest = wildcard ? entry.substr(2) : entry;
    const auto appended = address ? append_canonical_address(rest, canonical_)
                                  : append_canonical_domain(rest, canonical_);
    if (!appended) return tell_bad(entry, text(appended.error()), file, place);
    if (wildcard && canonical_.ends_with(']'))
        return tell_bad(entry, "puts a wildcard before an address literal", file, place);

    const auto staged = table_.stage(canonical_);
    if (!staged) {
        if (!std::exchange(full_, true))
            mistakes_.error(
                file, place, "the list \"" + name_ + "\" is too big: over 4 GiB of text");
        return;
    }
    (address    ? lengths_.addresses
     : wildcard ? lengths_.wildcards
                : lengths_.domains) |= bit_of(staged->bytes);
    if (added_ - linked_ == pending_max) link_oldest();
    pending_[added_++ % pending_max] = Pending{.staged = *staged, .file = &file, .place = place};
}

void AddressListBuilder::link_oldest() {
    const Pending& pending = pending_[linked_++ % pending_max];
    if (table_.link(pending.staged) == AddressTable::Linking::added) return;
    if (++repeated_ > repeated_told_max) return;
    const auto entry = table_.find(table_.key(pending.staged), pending.staged.hash);
    mistakes_.warning(*pending.file,
                      pending.place,
                      "\"" + std::string(entry.value_or("")) + "\" is on the list \"" + name_ +
                          "\" already");
}

void AddressListBuilder::tell_bad(std::string_view entry,
                                  std::string_view why,
                                  const std::string& file,
                                  Place place) {
    if (++bad_ > bad_told_max) return;
    constexpr std::size_t shown_max = 80;
    std::string message = "\"" + std::string(entry.substr(0, shown_max));
    if (entry.size() > shown_max) message += "…";
    message += "\" is no entry for an address list: it " + std::string(why);
    message += "; use user@example.com, example.com or *.example.com";
    mistakes_.error(file, place, std::move(message));
}

AddressList AddressListBuilder::finish() {
    while (linked_ < added_)
        link_oldest();
    if (bad_ > bad_told_max)
        mistakes_.error(*last_file_,
                        Place{},
                        std::to_string(bad_ - bad_told_max) + " more entries of the list \"" +
                            name_ + "\" are none");
    if (repeated_ > repeated_told_max)
        mistakes_.warning(*last_file_,
                          Place{},
                          std::to_string(repeated_ - repeated_told_max) +
                              " more entries of the list \"" + name_ + "\" are repeated");
    table_.finish();
    return AddressList(std::move(name_), std::move(table_), lengths_);
}

} // namespace postern::policy
