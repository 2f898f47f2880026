#pragma once

#include "policy/address_list.h"
#include "policy/mistake.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::policy {

/// Makes an AddressList of entries as people write them. Entries that are none are errors, entries
/// given twice are warnings, each with its place; of many of one kind only the first are told one
/// by one.
class AddressListBuilder {
public:
    /// `mistakes` is used until `finish` returns.
    AddressListBuilder(std::string name, Mistakes& mistakes);

    /// Makes room; a guess that is wrong only costs time.
    void reserve(std::size_t entries);

    /// `file` must outlive the builder.
    void add(std::string_view entry, const std::string& file, Place place);

    [[nodiscard]] AddressList finish();

    static constexpr std::size_t bad_told_max = 50;
    static constexpr std::size_t repeated_told_max = 3;

private:
    struct Pending {
        AddressTable::Staged staged;
        const std::string* file = nullptr;
        Place place;
    };
    static constexpr std::size_t pending_max = 16; // buckets on their way to the cache

    void
    tell_bad(std::string_view entry, std::string_view why, const std::string& file, Place place);
    void link_oldest();

    std::string name_;
    Mistakes& mistakes_;
    AddressTable table_;
    AddressList::Lengths lengths_;
    std::string canonical_; // the entry at hand
    std::array<Pending, pending_max> pending_;
    std::size_t added_ = 0;  // ever
    std::size_t linked_ = 0; // of these; the others are pending
    std::size_t bad_ = 0;
    std::size_t repeated_ = 0;
    bool full_ = false;
    const std::string* last_file_ = nullptr;
};

} // namespace postern::policy
