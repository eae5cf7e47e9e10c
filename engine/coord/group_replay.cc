#include "engine/coord/group_replay.h"

#include <variant>

#include "engine/base/status_macros.h"
#include "engine/coord/group_state_key.h"

namespace cauce {
namespace {

absl::Status Take(const StateEntry& entry, StoredGroups& replayed) {
  if (const auto* end = std::get_if<TransactionEnd>(&entry.what)) {
    end->outcome == TransactionOutcome::kCommit
        ? replayed.offsets.EndWithCommit(end->producer_id)
        : replayed.offsets.EndWithAbort(end->producer_id);
    return absl::OkStatus();
  }
  const auto& read = std::get<StateEntry::Record>(entry.what);
  CAUCE_ASSIGN_OR_RETURN(const GroupStateKey key,
                         DecodeGroupStateKey(read.record.key));
  if (const auto* offset = std::get_if<OffsetCommitKey>(&key)) {
    if (!read.record.value) {
      replayed.offsets.Remove(*offset);
      return absl::OkStatus();
    }
    CAUCE_ASSIGN_OR_RETURN(const OffsetCommitValue value,
                           DecodeOffsetCommitValue(*read.record.value));
    if (read.transaction) {
      replayed.offsets.CommitPending(*offset, value, entry.offset,
                                     read.transaction->id);
    } else {
      replayed.offsets.Commit(*offset, value, entry.offset);
    }
  } else if (const auto* group = std::get_if<GroupMetadataKey>(&key)) {
    if (!read.record.value) {
      replayed.groups.erase(group->group);
      return absl::OkStatus();
    }
    CAUCE_ASSIGN_OR_RETURN(replayed.groups[group->group],
                           DecodeGroupMetadataValue(*read.record.value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoredGroups> ReplayGroups(StateLog& log,
                                          PartitionId partition) {
  StoredGroups replayed;
  CAUCE_RETURN_IF_ERROR(
      log.Replay(partition, [&replayed](const StateEntry& entry) {
        return Take(entry, replayed);
      }));
  return replayed;
}

}  // namespace cauce
