// Whether offsets may be committed: that there are such partitions, of the
// topics that were read. Functions of what the engine has: any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"

namespace cauce {

// The id of the partition's topic. Reason::kUnknownTopic, also where another
// has its name than that which `offset` names, kUnknownPartition,
// kInvalidTopicName, kOffsetOutOfRange below 0.
absl::StatusOr<TopicId> CheckCommittable(const Engine& engine,
                                         const TopicPartition& name,
                                         const OffsetAndMetadata& offset);
// The first error of any.
absl::Status CheckCommittable(const Engine& engine,
                              const OffsetsToCommit& offsets);

}  // namespace cauce
