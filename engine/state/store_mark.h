// What a store's table says of itself, changed in one step with its rows: whose
// changelog it reflects, and up to where.
//
// The bytes are described in engine/FORMAT.md; a table's mark is the only thing
// in it that does not come from the changelog. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/stores.h"
#include "cauce/types.h"

namespace cauce {

struct StoreMark {
  StoreKind kind = StoreKind::kKeyValue;
  TopicId topic;
  PartitionId partition;
  // Everything below it is in the table, and nothing else.
  Offset applied{0};
  // Of windows and sessions; none before the first.
  Timestamp stream_time = kNoTimestamp;
  int64_t segment_ms = 0;  // what their rows are cut by; 0 for other kinds
  // What their rows were kept for by who opened the table last: older ones may
  // be gone from it, and still be in the changelog. 0 for other kinds, and
  // where it is not known, in a mark of version 1.
  int64_t retention_ms = 0;
  // RecordChecksum of the record right below `applied`; 0 where that is none of
  // the table's, as a marker or a gap.
  uint32_t last_record = 0;
  // By the clock: whatever stands at `applied` or above was appended later. Of
  // a table that was made from nothing, and is not at the end yet: when the
  // reading began.
  Timestamp written{0};

  friend bool operator==(const StoreMark&, const StoreMark&) = default;
};

inline constexpr size_t kStoreMarkBytes = 72;

std::string EncodeStoreMark(const StoreMark& mark);

// Reason::kCorruptFile; kUnsupportedFormat for one of a newer release.
absl::StatusOr<StoreMark> ParseStoreMark(std::string_view bytes);

// Tells the record from others at its offset; never 0.
uint32_t RecordChecksum(std::string_view key,
                        std::optional<std::string_view> value);

}  // namespace cauce
