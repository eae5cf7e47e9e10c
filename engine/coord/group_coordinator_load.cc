// How a GroupCoordinator comes by what its log holds: a partition at a time,
// when something of it is first asked for.
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/base/wire.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/group_replay.h"
#include "engine/coord/state_partition.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status CheckGroupId(const std::string& group) {
  if (!group.empty() && group.size() <= kWireStringBytesMax) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kInvalidGroupId,
                   fmt::format("a group's id is {} bytes, it must be 1 to {}; "
                               "set group.id",
                               group.size(), kWireStringBytesMax));
}

}  // namespace

absl::StatusOr<PartitionId> GroupCoordinator::Enter(const std::string& group,
                                                    IfMissing if_missing) {
  CAUCE_RETURN_IF_ERROR(CheckGroupId(group));
  bool is_open = false;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(closed_);
    is_open = log_ != nullptr;
  }
  if (!is_open) {
    MutexLock lock(load_mutex_);
    CAUCE_RETURN_IF_ERROR(OpenLog(if_missing));
  }
  PartitionId partition;
  {
    MutexLock lock(mutex_);
    partition = StatePartitionOf(group, log_->partitions());
    if (shards_.contains(partition)) return partition;
  }
  CAUCE_RETURN_IF_ERROR(Load(partition));
  return partition;
}

absl::Status GroupCoordinator::OpenLog(IfMissing if_missing) {
  {
    MutexLock lock(mutex_);
    if (log_ != nullptr) return absl::OkStatus();
  }
  CAUCE_ASSIGN_OR_RETURN(auto log, seams_.log(if_missing));
  MutexLock lock(mutex_);
  log_ = std::move(log);
  return absl::OkStatus();
}

absl::Status GroupCoordinator::Load(PartitionId partition) {
  {
    MutexLock load(load_mutex_);
    std::shared_ptr<StateLog> log;
    {
      MutexLock lock(mutex_);
      CAUCE_RETURN_IF_ERROR(closed_);
      if (shards_.contains(partition)) return absl::OkStatus();
      CAUCE_RETURN_IF_ERROR(unread_.CheckMayTry(partition, Now()));
      log = log_;
    }
    absl::StatusOr<StoredGroups> read = ReplayGroups(*log, partition);
    MutexLock lock(mutex_);
    if (!read.ok()) {
      unread_.Failed(partition, read.status(), Now());
      return read.status();
    }
    StoredGroups& replayed = *read;
    unread_.Succeeded(partition);
    // Those that have offsets and nothing else are groups as well.
    for (const std::string& id : replayed.offsets.Groups()) {
      if (!replayed.groups.contains(id)) FindOrMake(id, partition);
    }
    shards_[partition].offsets = std::move(replayed.offsets);
    for (const auto& [id, value] : replayed.groups) {
      const EntryPtr entry = FindOrMake(id, partition);
      CarryOut(entry, entry->group.state(),
               entry->group.Load(value, NowOf(*entry)));
    }
    ScheduleNext();
  }
  RunEffects();
  return absl::OkStatus();
}

std::vector<absl::Status> GroupCoordinator::LoadAll() {
  int32_t partitions = 0;
  {
    MutexLock lock(load_mutex_);
    const absl::Status opened = OpenLog(IfMissing::kTell);
    if (ReasonOf(opened) == Reason::kUnknownTopic) return {};
    if (!opened.ok()) return {opened};
  }
  {
    MutexLock lock(mutex_);
    partitions = log_->partitions();
  }
  // One that cannot be read keeps no other from it.
  std::vector<absl::Status> unread;
  for (int32_t i = 0; i < partitions; ++i) {
    absl::Status read = Load(PartitionId{i});
    if (!read.ok()) unread.push_back(std::move(read));
  }
  return unread;
}

}  // namespace cauce
