// Whether the directory that bears a partition's name is another topic's, as
// where somebody has exchanged two of them.
//
// Told by the id in its `partition.metadata` and those in the list of topics;
// where the directory's is not known, or no topic's, the name decides. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

// That it is another topic's, for who tells of it: with both ids, and what puts
// it right. Neither begins or ends a sentence.
struct OtherOwner {
  std::string what;
  std::string advice;
};

// `id` is what ReadPartitionMetadata returned of the directory that bears the
// name of a partition of `topic`, one of `catalog`. Nothing where it counts as
// that topic's.
std::optional<OtherOwner> FindOtherOwner(const TopicCatalog& catalog,
                                         const TopicEntry& topic,
                                         const absl::StatusOr<TopicId>& id);

}  // namespace cauce
