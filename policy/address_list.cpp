#include "policy/address_list.h"

#include <utility>

namespace postern::policy {
namespace {

bool has_length(std::uint64_t lengths, std::size_t length) {
    return ((lengths >> (length & 63U)) & 1U) != 0;
}

} // namespace

AddressKey::AddressKey(const Address& address) : address_(address.text()) {
    const std::string_view name = address.domain();
    domain_at_ = address_.size() - name.size();
    if (name.starts_with('[')) return; // an address literal has no parents
    // From the right, so that an absurdly deep name loses the labels that matter least.
    for (std::size_t at = address_.size(); at-- > domain_at_ + 1;) {
        if (address_[at] != '.') continue;
        if (parent_count_ == parents_max) return;
        parents_at_[parent_count_++] = static_cast<std::uint32_t>(at);
    }
}

AddressList::AddressList(std::string name, AddressTable table, Lengths lengths)
    : name_(std::move(name)), table_(std::move(table)), lengths_(lengths) {}

std::optional<std::string_view> AddressList::find(const AddressKey& key) const {
    struct Question {
        std::string_view key;
        std::uint64_t hash;
    };
    std::array<Question, AddressKey::parents_max + 2> questions;
    std::size_t count = 0;
    const auto ask = [&](std::uint64_t lengths, std::string_view text) {
        if (text.empty() || !has_length(lengths, text.size())) return;
        questions[count] = Question{.key = text, .hash = AddressTable::hash(text)};
        table_.prefetch(questions[count].hash);
        ++count;
    };
    // All that may be there is fetched at once: the time is that of one miss, not of one each.
    ask(lengths_.addresses, key.address_);
    ask(lengths_.domains, key.domain());
    if (lengths_.wildcards != 0) {
        for (std::size_t parent = key.parent_count_; parent-- > 0;)
            ask(lengths_.wildcards, key.parent(parent));
    }
    for (std::size_t question = 0; question < count; ++question) {
        const auto entry = table_.find(questions[question].key, questions[question].hash);
        if (entry) return entry;
    }
    return std::nullopt;
}

} // namespace postern::policy
