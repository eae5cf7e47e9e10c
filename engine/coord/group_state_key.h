// What the key of a record of __consumer_offsets names: a group's committed
// offset of a partition, a group, or a thing of a kind that is not known here.
// Pure: any thread.
#pragma once

#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "engine/coord/group_records.h"
#include "engine/coord/offset_records.h"
#include "engine/coord/state_record.h"

namespace cauce {

using GroupStateKey =
    std::variant<OffsetCommitKey, GroupMetadataKey, UnknownStateKey>;

// Reason::kCorruptBatch for bytes that cannot be a key.
absl::StatusOr<GroupStateKey> DecodeGroupStateKey(std::string_view key);

}  // namespace cauce
