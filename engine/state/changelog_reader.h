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

// Whether the records in [from, to) have to be at every offset, since who reads
// them missed what compaction has dropped.
enum class Gaps { kTaken, kRefused };

// Calls `each` with every record in [from, to) that is of the kind. Damage is
// an error, as is a record that no store of the kind has written, and the first
// that `each` returns. Aborted (without a reason) at a gap that is refused.
absl::Status ReadChangelog(
    const Partition& partition, const RowLayout& layout, Offset from, Offset to,
    Gaps gaps, absl::FunctionRef<absl::Status(const ChangelogRecord&)> each);

// RecordChecksum of the record at `offset`; nothing where there is none, or
// where it cannot be read.
std::optional<uint32_t> ChecksumAt(const Partition& partition, Offset offset);

}  // namespace cauce
