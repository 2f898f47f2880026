#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>
#include <vector>

namespace postern::spool {

// Small values in the order of their keys, which are unique; `key_of` is a member or a function. A
// row of short runs: whatever is added or removed moves the values of one run and never all of
// them, so that a million values grow and shrink without a pause. Values that come in their order
// take their size and hardly more. No pointer into it outlives a change.
template<typename T, auto key_of>
class Sorted {
public:
    using Key = std::remove_cvref_t<std::invoke_result_t<decltype(key_of), const T&>>;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    // Null: not here.
    [[nodiscard]] T* find(const Key& key) {
        if (empty()) return nullptr;
        Run& run = runs_[run_of(key)];
        const auto found = std::ranges::lower_bound(run, key, {}, key_of);
        return found == run.end() || key_in(*found) != key ? nullptr : &*found;
    }

    // The first with this key or a greater one; null at the end.
    [[nodiscard]] const T* at_least(const Key& key) const {
        if (empty()) return nullptr;
        std::size_t number = run_of(key);
        auto found = std::ranges::lower_bound(runs_[number], key, {}, key_of);
        if (found != runs_[number].end()) return &*found;
        return ++number == runs_.size() ? nullptr : &runs_[number].front();
    }

    // The last with a smaller key; null: there is none.
    [[nodiscard]] const T* below(const Key& key) const {
        if (empty()) return nullptr;
        const std::size_t number = run_of(key);
        const Run& run = runs_[number];
        const auto found = std::ranges::lower_bound(run, key, {}, key_of);
        if (found != run.begin()) return &*std::prev(found);
        return number == 0 ? nullptr : &runs_[number - 1].back();
    }

    // At most `count`, from the first with this key or a greater one on.
    [[nodiscard]] std::vector<T> some(const Key& key, std::size_t count) const {
        std::vector<T> values;
        if (empty()) return values;
        std::size_t number = run_of(key);
        auto from = std::ranges::lower_bound(runs_[number], key, {}, key_of);
        while (values.size() < count) {
            const auto left = static_cast<std::size_t>(runs_[number].end() - from);
            const auto taken = static_cast<std::ptrdiff_t>(std::min(left, count - values.size()));
            values.insert(values.end(), from, from + taken);
            if (++number == runs_.size()) break;
            from = runs_[number].begin();
        }
        return values;
    }

    // Its key is not here yet.
    void add(const T& value) {
        ++size_;
        if (runs_.empty()) return begin_run(0, value);
        std::size_t number = run_of(key_in(value));
        const bool is_last = key_in(runs_.back().back()) < key_in(value);
        if (runs_[number].size() == run_max) {
            if (is_last) return begin_run(runs_.size(), value);
            split(number);
            number = run_of(key_in(value));
        }
        Run& run = runs_[number];
        const auto at = std::ranges::lower_bound(run, key_in(value), {}, key_of);
        assert(at == run.end() || key_in(*at) != key_in(value));
        run.insert(at, value);
    }

    // False: it is not here.
    bool remove(const Key& key) {
        if (empty()) return false;
        const std::size_t number = run_of(key);
        Run& run = runs_[number];
        const auto found = std::ranges::lower_bound(run, key, {}, key_of);
        if (found == run.end() || key_in(*found) != key) return false;
        run.erase(found);
        --size_;
        if (run.empty()) {
            runs_.erase(iterator_of(number));
        } else if (number + 1 < runs_.size() && run.size() + runs_[number + 1].size() <= run_few) {
            run.insert(run.end(), runs_[number + 1].begin(), runs_[number + 1].end());
            runs_.erase(iterator_of(number + 1));
        }
        return true;
    }

private:
    using Run = std::vector<T>;
    static constexpr std::size_t run_max = 256;
    static constexpr std::size_t run_few = run_max / 2; // neighbours that are put together

    [[nodiscard]] static Key key_in(const T& value) { return std::invoke(key_of, value); }
    [[nodiscard]] auto iterator_of(std::size_t number) {
        return std::next(runs_.begin(), static_cast<std::ptrdiff_t>(number));
    }

    // The last run that does not begin behind the key; the first, when all do.
    [[nodiscard]] std::size_t run_of(const Key& key) const {
        const auto behind = std::ranges::upper_bound(
            runs_, key, {}, [](const Run& run) { return key_in(run.front()); });
        return static_cast<std::size_t>(std::max<std::ptrdiff_t>(behind - runs_.begin(), 1) - 1);
    }

    void begin_run(std::size_t number, const T& value) {
        Run& run = *runs_.emplace(iterator_of(number));
        run.reserve(run_max);
        run.push_back(value);
    }

    void split(std::size_t number) {
        Run& behind = *runs_.emplace(iterator_of(number + 1));
        behind.reserve(run_max);
        Run& run = runs_[number];
        const auto middle = std::next(run.begin(), static_cast<std::ptrdiff_t>(run.size() / 2));
        behind.assign(middle, run.end());
        run.erase(middle, run.end());
    }

    std::vector<Run> runs_; // none is empty
    std::size_t size_ = 0;
};

} // namespace postern::spool
