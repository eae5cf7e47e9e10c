// What a partition of __consumer_offsets says of its groups: the last value of
// each, and what they have committed. A function of what stands there: any
// thread.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/coord/group_records.h"
#include "engine/coord/offset_table.h"
#include "engine/coord/state_log.h"

namespace cauce {

struct StoredGroups {
  OffsetTable offsets;
  // Those that had members; others have offsets alone.
  std::map<std::string, GroupMetadataValue> groups;
};

// Errors of the replay; Reason::kCorruptBatch and kUnsupportedFormat for a
// record that cannot be read, which may be the last word on its key.
absl::StatusOr<StoredGroups> ReplayGroups(StateLog& log, PartitionId partition);

}  // namespace cauce
