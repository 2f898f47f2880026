// replay CORPUS [NAME...]: runs the kept inputs CORPUS/NAME/* through their fuzz target, in an
// ordinary build. A target that finds its property broken aborts; the last name printed is the
// input it broke on. An empty input runs always, so that a target without a corpus is at least
// called once.

#include "tests/fuzz/replay/replay.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace postern::replay {
namespace {

std::vector<std::filesystem::path> inputs_of(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

void run(const Target& target, const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // A block of exactly this size, so that a sanitizer sees a read behind its end.
    const auto bytes = std::make_unique<std::uint8_t[]>(text.size());
    std::copy(text.begin(), text.end(), bytes.get());
    target.run(bytes.get(), text.size());
}

int replay(const std::filesystem::path& corpus, const std::vector<std::string>& names) {
    for (const auto& target : targets()) {
        const std::string name{target.name};
        if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
        std::fprintf(stderr, "%s: the empty input\n", name.c_str());
        const std::uint8_t nothing = 0;
        target.run(&nothing, 0);
        const auto paths = inputs_of(corpus / name);
        for (const auto& path : paths) {
            std::fprintf(stderr, "%s\n", path.c_str());
            run(target, path);
        }
        std::printf("%s: %zu inputs\n", name.c_str(), paths.size() + 1);
    }
    return 0;
}

} // namespace
} // namespace postern::replay

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (arguments.empty()) {
        std::fprintf(stderr, "usage: replay CORPUS [NAME...]\n");
        return 2;
    }
    return postern::replay::replay(arguments[0], {arguments.begin() + 1, arguments.end()});
}
