#include "policy/load.h"

#include "policy/document.h"
#include "policy/draft.h"
#include "policy/file.h"
#include "policy/load_list.h"
#include "policy/resolve.h"

#include <algorithm>
#include <set>
#include <utility>

namespace postern::policy {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

class Loader {
public:
    explicit Loader(const Files& files) : files_(files) {}

    Loaded load(const std::string& path, std::uint64_t generation) {
        if (auto mistake = read_document(path)) mistakes_.add(std::move(*mistake));
        std::vector<std::unique_ptr<const AddressList>> lists;
        for (const ListDraft& list : draft_.lists) {
            for (const Text& file : list.files)
                looked_at_.insert(file.value);
            lists.push_back(
                std::make_unique<const AddressList>(load_list(list, files_, mistakes_)));
        }
        Loaded loaded;
        Parts parts = resolve(draft_, std::move(lists), mistakes_, loaded.unrouted);
        if (mistakes_.errors() == 0)
            loaded.snapshot = std::make_shared<const Snapshot>(std::move(parts), generation);
        mistakes_.sort();
        loaded.mistakes = std::move(mistakes_);
        loaded.files.assign(looked_at_.begin(), looked_at_.end());
        return loaded;
    }

private:
    /// Reads a document and what it includes, each once. What is returned is why it could not be
    /// read.
    std::optional<Mistake> read_document(const std::string& path) {
        if (!looked_at_.insert(path).second) return std::nullopt;
        const auto text = files_.read(path, document_bytes_max);
        if (!text)
            return Mistake{
                .severity = Severity::error, .file = path, .place = {}, .message = text.error()};
        const auto document = Document::parse(*text, path);
        if (!document) return document.error();
        std::vector<Text> includes;
        document->read(mistakes_, [&](Table& root) {
            includes = root.strings("include").value_or(std::vector<Text>());
            read_draft(root, draft_);
        });
        for (const Text& include : includes)
            read_include(include, path);
        return std::nullopt;
    }

    void read_include(const Text& include, const std::string& includer) {
        const std::string pattern = path_beside(includer, include.value);
        const auto found = files_.matching(pattern);
        const bool is_pattern = pattern.find_first_of("*?[") != std::string::npos;
        if (is_pattern) looked_at_.insert(directory_of(pattern)); // a new file there is a change
        if (!found) {
            mistakes_.error(includer, include.place, pattern + " " + found.error());
            return;
        }
        for (const std::string& path : *found) {
            auto mistake = read_document(path);
            if (!mistake) continue;
            const bool is_absent = mistake->place == Place{};
            if (is_absent) // better told where it is named
                mistakes_.error(includer, include.place, path + " " + mistake->message);
            else
                mistakes_.add(std::move(*mistake));
        }
    }

    const Files& files_;
    Mistakes mistakes_;
    Draft draft_;
    std::set<std::string> looked_at_;
};

} // namespace

Loaded load(const std::string& path, const Files& files, std::uint64_t generation) {
    return Loader(files).load(path, generation);
}

Loaded load(const std::string& path, std::uint64_t generation) {
    return load(path, DiskFiles(), generation);
}

Loaded load_text(std::string text) {
    return load("policy.toml", MemoryFiles({{"policy.toml", std::move(text)}}), 1);
}

} // namespace postern::policy
