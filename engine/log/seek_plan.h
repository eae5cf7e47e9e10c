// How the batch of an offset is found with few reads: where to look for it, by
// what an index says alone, and which one it is, by headers alone.
//
// An index names the last offset of a batch, so the entry below an offset leads
// to a batch in front of the wanted one, and the entry above may lead to it.
// Both are guesses, good for speed and never for truth: whoever follows them
// verifies the batch that he finds, its CRC and its offsets, and walks from the
// entry below where anything is odd. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cauce/types.h"
#include "engine/log/sparse_index.h"

namespace cauce {

// What is known of a segment besides its index.
struct SeekRange {
  Offset base;
  int64_t bytes = 0;
  // Between two entries more than that lies, all but the last batch of it less.
  int64_t index_interval_bytes = 0;
};

struct SeekPlan {
  // Look here first, if anywhere: the batch of `claimed` is likely to hold the
  // offset, and ends at `claimed_end` at the latest.
  std::optional<OffsetEntry> claimed;
  int64_t claimed_end = 0;
  // Then among the batches from that of `below` on, or from the segment's first
  // one: the wanted one is likely to end at `walk_end`, if that is any place.
  std::optional<OffsetEntry> below;
  int64_t walk_end = 0;
};

// No more than that is worth reading on a guess.
inline constexpr int64_t kSeekBytesMax = 64 << 10;

SeekPlan PlanSeek(const OffsetIndex& index, const SeekRange& range,
                  Offset wanted);

// A batch, by what the headers in front of it say.
struct HeaderPlace {
  int64_t position = 0;
  Offset expected;  // where the one before it ends: it begins there, or later
};

// Looks for the batch that holds `wanted` in `bytes`, which stand in the
// segment from the batch of `below`, or from its first one, on. Nothing where a
// header does not continue the one before, or is not there, or where none holds
// it.
std::optional<HeaderPlace> FindByHeaders(
    std::string_view bytes, const SeekRange& range,
    const std::optional<OffsetEntry>& below, Offset wanted);

}  // namespace cauce
