// The work of `consume`: prints the records of a topic's partitions, as they
// are there or as they come. For one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/format.h"
#include "tools/cli/output.h"
#include "tools/cli/print_pattern.h"
#include "tools/cli/progress.h"
#include "tools/cli/read_from.h"
#include "tools/cli/record_source.h"
#include "tools/cli/topic_watch.h"

namespace cauce::cli {

struct ConsumerOptions {
  Format format = Format::kText;
  // Which partition to read; absent: the one of `key`, or all.
  std::optional<int32_t> partition;
  // Only records with this key.
  std::optional<std::string> key;
  // Wait for more at the end.
  bool follow = false;
  // Stop after so many.
  std::optional<int64_t> count;
  // Tell of damage and read on behind it.
  bool skip_damage = false;
  Isolation isolation = Isolation::kReadUncommitted;
};

class Consumer {
 public:
  Consumer(const ConsumerOptions& options, ReadFrom from, PrintPattern pattern);

  // Prints what there is in the topic; returns the exit code.
  int Run(const Engine& engine, const std::string& dir,
          const std::string& topic);

 private:
  absl::Status Read(const Engine& engine, const std::string& dir,
                    const std::string& name);
  absl::Status Follow(const Engine& engine, TopicWatch& watch);
  void Await(const TopicWatch& watch);
  absl::Status ReadAvailable(const Engine& engine,
                             const TopicDescription& topic);
  absl::Status AddParts(const Engine& engine, const TopicDescription& topic);
  // Where a transaction keeps back what is committed of the records below
  // `end`, which are all that is read.
  void NoteHeldBack(const Partition& partition, Offset end) const;
  // Tells why a partition cannot be read and lets the others be, where there
  // are others and it is not the topic that went; else the error.
  absl::Status PassOver(const Engine& engine, const TopicDescription& topic,
                        const absl::Status& failure);
  absl::Status AddGrown(const Engine& engine, const TopicDescription& topic);
  // A partition and where to begin in it; with no end. Notes what is missing
  // of it that may be asked for.
  absl::StatusOr<SourcePart> OpenPart(const Engine& engine,
                                      const TopicDescription& topic,
                                      PartitionId id, const ReadFrom& where);
  // With skip_damage also behind what cannot be read, which is told.
  absl::StatusOr<Offset> FindStart(const Partition& partition,
                                   const ReadFrom& where);
  std::set<int32_t> Wanted(const TopicDescription& topic) const;
  RecordSource::Next Take(const RecordSource::Item& item);
  void Print(const RecordSource::Item& item);

  const ConsumerOptions options_;
  const ReadFrom from_;
  const PrintPattern pattern_;
  std::string topic_;
  RecordSource source_;
  std::set<int32_t> reading_;  // partitions of the source
  // Rung by signals alone.
  Doorbell doorbell_;
  Output out_;
  Progress progress_;
  int64_t taken_ = 0;
  int64_t bytes_ = 0;
  bool done_ = false;
  bool passed_over_ = false;  // a partition that could not be read
  bool lost_seen_ = false;    // records that are missing where it begins
};

}  // namespace cauce::cli
