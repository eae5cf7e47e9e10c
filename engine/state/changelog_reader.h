// Reads a store's changelog, in the order of its offsets: what is committed of
// it. For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/partition.h"
#include "cauce/stores.h"
#include "engine/state/row_layout.h"

namespace cauce {

// A record of the changelog; views until the next one is read.
struct ChangelogRecord {
  Offset offset;
  std::string_view key;
  std::optional<std::string_view> value;
  Timestamp time;      // of the record
  Timestamp row_time;  // that a windowed row ages by
};

// Whether a gap may be passed. Refused where who reads may have missed what
// compaction has dropped there.
enum class Gaps { kTaken, kRefused };

// Calls `each` with every record in [from, to) that is of the kind. Damage is
// an error, as is a record that no store of the kind has written, and the first
// that `each` returns. `at_gap` is asked at each gap, in front of the record
// behind it; where that refuses it, Aborted (without a reason).
absl::Status ReadChangelog(
    const Partition& partition, const RowLayout& layout, Offset from, Offset to,
    absl::FunctionRef<Gaps()> at_gap,
    absl::FunctionRef<absl::Status(const ChangelogRecord&)> each);

// RecordChecksum of the record at `offset`; nothing where there is none, or
// where it cannot be read.
std::optional<uint32_t> ChecksumAt(const Partition& partition, Offset offset);

}  // namespace cauce
