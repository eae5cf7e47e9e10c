// What to do about a data directory's topics when it is opened: which
// creations to take back, which deletions to finish, what came from elsewhere
// and what is missing.
//
// A plan, not an act: pure, and carried out by the engine. Nothing is planned
// to be removed but what a crash left of a creation or deletion of ours, and
// directories that are named as deleted, of which those that a broker named and
// those that nothing says the owner of, are then left as they are. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

// Where a partition's directory is renamed to before it is removed, so that
// its own name is free at once: Kafka's "orders-3.<id in hex>-delete", the
// topic cut to fit 255 bytes.
std::string DeletedDirectoryName(const TopicPartition& partition,
                                 const TopicId& topic_id);

// Whether DeletedDirectoryName, or Kafka, made this name.
bool IsDeletedDirectoryName(std::string_view directory);

// A topic, and how many partitions it has by its directories.
struct FoundTopic {
  std::string name;
  int32_t partitions = 0;
  friend bool operator==(const FoundTopic&, const FoundTopic&) = default;
};

// Whether DeletedDirectoryName made that name for a partition of the topic
// `topic_id`. Kafka puts a number there that it draws.
bool IsDeletedDirectoryOf(std::string_view directory, const TopicId& topic_id);

struct OpenPlan {
  // 1. Remove these directories,
  std::vector<std::string> remove;
  //    those of IsDeletedDirectoryName after step 2 alone: a topic that has
  //    such a one is being deleted, whatever the catalogue says,
  // 2. take these topics out of the catalogue: their creation is taken back,
  //    or their deletion finished,
  std::vector<std::string> forget;
  // 3. add these, as imported: nobody here has made them. Their ids are in
  //    their partitions' `partition.metadata`,
  std::vector<FoundTopic> imported;
  // 4. and grow these imported ones, of which there are more partitions now.
  std::vector<FoundTopic> grown;

  // The partitions of topics that are live, or imported just now, whose
  // directory is there.
  std::vector<TopicPartition> open;
  // Those that were there and are not: what they held is lost, and empty ones
  // must not take their place. Of an imported topic others may always have been
  // on other brokers: of it those are missing that were here, unless a
  // directory says that they were deleted.
  std::vector<TopicPartition> missing;

  // Directories that look like partitions and belong to no topic: left by a
  // growth that did not end, or by somebody else. They stay as they are.
  std::vector<std::string> left_alone;
};

// Whether anything is saved of a partition: it held records here.
using WasHere = std::function<bool(const TopicPartition&)>;

// `entries` are what ListDataDirectory returned. Without `was_here` none of an
// imported topic is missing.
OpenPlan PlanOpen(const TopicCatalog& catalog,
                  std::span<const DirectoryEntry> entries,
                  const WasHere& was_here = nullptr);

}  // namespace cauce
