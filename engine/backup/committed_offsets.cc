#include "engine/backup/committed_offsets.h"

#include <algorithm>
#include <tuple>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/coord/group_replay.h"
#include "engine/coord/state_log.h"
#include "engine/facade/engine_core.h"

namespace cauce {
namespace {

// Whether it was committed in this topic, and not in an older one of its name.
bool IsOf(const TopicDescription& topic, const OffsetCommitKey& key,
          const OffsetCommitValue& value) {
  if (key.topic != topic.name) return false;
  if (key.partition.value < 0 || key.partition.value >= topic.partitions)
    return false;
  return value.topic_id.is_zero() || topic.id.is_zero() ||
         value.topic_id == topic.id;
}

void Take(const TopicDescription& topic, const OffsetTable& table,
          std::vector<BackupOffset>& offsets) {
  for (const std::string& group : table.Groups()) {
    if (group.empty()) continue;
    for (const OffsetCommitKey& key : table.KeysOf(group)) {
      const OffsetCommitValue& value = table.Find(key)->value;
      if (!IsOf(topic, key, value) || value.offset < Offset{0}) continue;
      offsets.push_back({.group = group,
                         .partition = key.partition,
                         .offset = value.offset,
                         .leader_epoch = value.leader_epoch,
                         .metadata = value.metadata});
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<BackupOffset>> ReadCommittedOffsets(
    const Engine& engine, const TopicDescription& topic) {
  const auto log = EngineCore::Of(engine)->OpenStateLog(
      kConsumerOffsetsTopic, EngineCore::IfMissing::kTell);
  std::vector<BackupOffset> offsets;
  if (ReasonOf(log.status()) == Reason::kUnknownTopic) return offsets;
  CAUCE_RETURN_IF_ERROR(log.status());
  for (int32_t i = 0; i < (*log)->partitions(); ++i) {
    CAUCE_ASSIGN_OR_RETURN(const StoredGroups stored,
                           ReplayGroups(**log, PartitionId{i}));
    Take(topic, stored.offsets, offsets);
  }
  std::ranges::sort(offsets, {}, [](const BackupOffset& each) {
    return std::tie(each.group, each.partition);
  });
  return offsets;
}

}  // namespace cauce
