#pragma once

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <string>
#include <utility>

namespace postern::perf::micro {

// Each tells Google Benchmark what its file measures, before the benchmarks are run.
void add_lists();
void add_text();
void add_tls();
void add_spool();
void add_primitives();
void add_kernel();

// CPU time of this thread so far, in seconds: unlike the clock it says nothing of who else runs.
[[nodiscard]] double cpu_seconds();

// The whole file at `path`, which is below the top of the tree.
[[nodiscard]] std::string file_of_tree(const std::string& path);

// What is measured would be something else: ends the program.
inline void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "perf_micro: %s\n", what);
    std::exit(EXIT_FAILURE); // NOLINT(concurrency-mt-unsafe): there is one thread
}

template<typename T, typename Error>
[[nodiscard]] T must(std::expected<T, Error> result, const char* what) {
    must(result.has_value(), what);
    return std::move(*result);
}

} // namespace postern::perf::micro
