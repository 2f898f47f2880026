#include "policy/load_list.h"

#include "policy/address_list_builder.h"
#include "policy/list_text.h"

#include <algorithm>

namespace postern::policy {
namespace {

// How many entries a file has, judging by its beginning.
std::size_t estimated_entries(std::string_view beginning, std::uint64_t whole_bytes) {
    std::size_t count = 0;
    ListText text;
    text.feed(beginning, [&](std::string_view, Place) { ++count; });
    const double parts = static_cast<double>(whole_bytes) / static_cast<double>(beginning.size());
    return static_cast<std::size_t>(static_cast<double>(count) * std::max(parts, 1.0) * 1.02);
}

void read_file_of_list(const Text& file,
                       const ListDraft& draft,
                       const Files& files,
                       AddressListBuilder& builder,
                       Mistakes& mistakes) {
    ListText text;
    const auto take = [&](std::string_view entry, Place place) {
        builder.add(entry, file.value, place);
    };
    bool is_first = true;
    const auto read = files.stream(file.value, [&](std::string_view piece, std::uint64_t bytes) {
        if (is_first && bytes > piece.size()) builder.reserve(estimated_entries(piece, bytes));
        is_first = false;
        text.feed(piece, take);
    });
    text.finish(take);
    if (!read) mistakes.error(draft.file, file.place, file.value + " " + read.error());
}

} // namespace

AddressList load_list(const ListDraft& draft, const Files& files, Mistakes& mistakes) {
    AddressListBuilder builder(draft.name.value, mistakes);
    for (const Text& entry : draft.entries)
        builder.add(entry.value, draft.file, entry.place);
    for (const Text& file : draft.files)
        read_file_of_list(file, draft, files, builder, mistakes);
    AddressList list = builder.finish();
    if (list.size() == 0)
        mistakes.warning(
            draft.file, draft.name.place, "the list \"" + draft.name.value + "\" has no entries");
    return list;
}

} // namespace postern::policy
