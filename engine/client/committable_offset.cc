#include "engine/client/committable_offset.h"

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<TopicId> CheckCommittable(const Engine& engine,
                                         const TopicPartition& name,
                                         const OffsetAndMetadata& offset) {
  CAUCE_RETURN_IF_ERROR(ValidateTopicName(name.topic));
  CAUCE_ASSIGN_OR_RETURN(const TopicDescription topic,
                         engine.DescribeTopic(name.topic));
  if (name.partition.value < 0 || name.partition.value >= topic.partitions) {
    return MakeError(
        Reason::kUnknownPartition,
        fmt::format("{} has no partition {}: its partitions are 0 to {}",
                    name.topic, name.partition.value, topic.partitions - 1));
  }
  if (!offset.topic_id.is_zero() && offset.topic_id != topic.id) {
    return MakeError(
        Reason::kUnknownTopic,
        fmt::format("{}: offset {} is of topic {}, which was deleted since, "
                    "and the topic of its name is {}: commit what is read of "
                    "that",
                    name.ToString(), offset.offset.value,
                    TopicIdText(offset.topic_id), TopicIdText(topic.id)));
  }
  if (offset.offset < Offset{0}) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: offset {} cannot be committed, the first "
                                 "one is 0",
                                 name.ToString(), offset.offset.value));
  }
  return topic.id;
}

absl::Status CheckCommittable(const Engine& engine,
                              const OffsetsToCommit& offsets) {
  for (const auto& [name, offset] : offsets)
    CAUCE_RETURN_IF_ERROR(CheckCommittable(engine, name, offset).status());
  return absl::OkStatus();
}

}  // namespace cauce
