// The directories of partitions: making them, seeing whose they are, and
// removing them.
//
// A new one is empty, but for the topic's first, whose `partition.metadata`
// tells the topic and its id to who has lost the catalogue. So however many
// partitions a topic has, three syncs make them durable. Whoever opens one
// for the first time furnishes it, or new_partitions.h some ahead. Not
// thread-safe, the engine locks; but different partitions may be furnished and
// checked at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

class PartitionDirectories {
 public:
  // `files` and `catalog` are borrowed; `directory` is the data directory.
  // Nobody changes the catalog while a call is here.
  PartitionDirectories(FileSystem& files, std::string directory,
                       const TopicCatalog& catalog);

  std::string PathOf(const TopicPartition& partition) const;

  // Whether the names of partitions [from, next) of `topic` are free: nothing
  // is there, but for what a creation of them left that did not end.
  // Reason::kTopicExists.
  absl::Status CheckFree(const TopicEntry& topic, int32_t from,
                         int32_t next) const;

  // Makes the directories of partitions [from, next), durably.
  absl::Status Make(const TopicEntry& topic, int32_t from, int32_t next);

  // Renames the directories of all partitions, so that their names are free,
  // durably, and removes what is in them as far as it can be: RemoveTrees tells
  // of the rest. Returns the new names of those that were there. After an error
  // some have kept theirs.
  absl::StatusOr<std::vector<std::string>> Empty(const TopicEntry& topic);

  // Renames the directory of a topic that goes; returns its name from then on.
  absl::StatusOr<std::string> GiveNameAway(const TopicPartition& partition,
                                           const TopicId& topic_id);

  // Removes a directory of the data directory with the files in it, or these
  // alone of several; a directory in it stays: Reason::kCorruptFile where the
  // outer one was to go. Removes what it can whatever it cannot. One that is
  // not there is no error. As long as other files are there, or may come back
  // with the power, `partition.metadata` says whose they are: it goes last.
  absl::Status RemoveTree(std::string_view name);
  absl::Status EmptyTrees(std::span<const std::string> names);

  // Removes these, which have given their names away. One that cannot be
  // removed harms nobody, whatever the reason: `events` is told, and it is
  // among those that are returned, to be tried again.
  std::vector<std::string> RemoveTrees(std::span<const std::string> names,
                                       const EventSink& events);

  // OK unless `partition.metadata` says that the directory is another topic's,
  // as where somebody has exchanged two of them: Reason::kCorruptFile, with
  // both ids. Where the file is absent, damaged or forbidden, or the catalogue
  // knows no id, the name decides. The disk's error where that failed.
  absl::Status CheckOwner(const TopicEntry& topic, PartitionId partition) const;

  // Puts the topic's id and its first epoch into the directory of a partition
  // that has no segment yet, and syncs both files, but not their names. Other
  // epochs that are there and whole stay as they are, and wherever it stops, on
  // a full disk too, what was whole is. Errors of CheckOwner.
  absl::Status Furnish(const TopicEntry& topic, PartitionId partition);

  // The same for several that are as they were made, of a topic that has an id,
  // with one sync of `whole`, which covers them. After an error some may be.
  absl::Status FurnishNew(const TopicEntry& topic,
                          std::span<const PartitionId> partitions,
                          WholeSync& whole);

  // Whether it holds nothing but what Furnish puts there, or a part of that, so
  // that nothing is lost where nobody looks at it until it is opened.
  bool HoldsFirstFilesOnly(const TopicEntry& topic,
                           PartitionId partition) const;

  // As Furnish for one that has segments, of which only `partition.metadata` is
  // looked at: one that is absent or damaged is written anew where the
  // catalogue knows the id, and of damage `events` is told. Errors of
  // CheckOwner.
  absl::Status Check(const TopicEntry& topic, PartitionId partition,
                     const EventSink& events);

 private:
  // What of a directory is left when its files are removed.
  struct Emptied {
    std::vector<std::string> others;  // paths of what is no file
    // Files that go for good with its next sync.
    bool is_unsynced = false;
    // Its `partition.metadata`, which was not removed.
    bool has_owner = false;
  };
  absl::StatusOr<Emptied> RemoveFilesIn(std::string_view name);
  // Removes that too, once the others are gone for good.
  absl::Status RemoveOwnerIn(std::string_view name, const Emptied& emptied);
  absl::Status CheckOneFree(const TopicEntry& topic,
                            PartitionId partition) const;

  FileSystem& files_;
  const std::string directory_;
  const TopicCatalog& catalog_;
};

}  // namespace cauce
