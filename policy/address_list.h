#pragma once

#include "policy/address.h"
#include "policy/address_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::policy {

/// What of an address can be on a list, taken apart once and then looked up in any number of lists:
/// the address, its domain, and each parent of the domain for the wildcards. Borrows the address.
class AddressKey {
public:
    explicit AddressKey(const Address& address);

private:
    friend class AddressList;

    static constexpr std::size_t parents_max = 127; // more labels do not fit a listed domain

    [[nodiscard]] std::string_view domain() const { return address_.substr(domain_at_); }
    /// With the dot before it; the shortest is the first.
    [[nodiscard]] std::string_view parent(std::size_t index) const {
        return address_.substr(parents_at_[index]);
    }

    std::string_view address_;
    std::size_t domain_at_ = 0;
    std::size_t parent_count_ = 0;
    std::array<std::uint32_t, parents_max> parents_at_;
};

/// A named list (`[[address_list]]`) of `user@example.com`, `example.com` and `*.example.com`, made
/// by AddressListBuilder. Never changes; owned by the snapshot. A look-up allocates nothing, and
/// asks only for what is of a kind and length that the list has.
class AddressList {
public:
    /// Which lengths (modulo 64, one bit each) the keys of one kind have; 0: there are none.
    struct Lengths {
        std::uint64_t addresses = 0;
        std::uint64_t domains = 0;
        std::uint64_t wildcards = 0; // with the dot, without the star
    };

    AddressList(std::string name, AddressTable table, Lengths lengths);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::size_t size() const { return table_.size(); }
    [[nodiscard]] std::size_t bytes() const { return table_.bytes(); }

    /// The entry that an address matches, in canonical spelling: the address itself before its
    /// domain before the nearest wildcard. The text lives as long as the list.
    [[nodiscard]] std::optional<std::string_view> find(const AddressKey& key) const;
    [[nodiscard]] std::optional<std::string_view> find(const Address& address) const {
        return find(AddressKey(address));
    }

private:
    std::string name_;
    AddressTable table_;
    Lengths lengths_;
};

} // namespace postern::policy
