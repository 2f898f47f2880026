#pragma once

#include "gateway/spool/record.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace postern::spool {

// Bytes of a segment.
struct Area {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
};

struct Scan {
    enum class Header : std::uint8_t {
        good,
        damaged,  // the mark was taken from the first record
        unknown,  // nothing can be read
        unwritten // all zeros: the segment was never begun
    };
    Header header = Header::good;
    Mark mark = 0;
    std::vector<Area> damaged{}; // no records, with records behind them
    Area tail{};                 // no records up to the last byte that is not zero
    std::uint32_t end = 0;       // where the records end
};

// Reads a whole segment, which should have the header `expected` but for the mark; `visit` gets
// each good record, in order. Behind damage it goes on at the next record with the segment's mark;
// the damage is visited as a record that is `lost`.
[[nodiscard]] Scan scan(std::string_view segment,
                        const SegmentHeader& expected,
                        const std::function<void(std::uint32_t offset, const Record&)>& visit);

} // namespace postern::spool
