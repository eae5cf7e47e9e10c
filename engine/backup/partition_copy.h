// Copies one partition's files while another process may append to it, roll,
// compact and delete: what comes of it is the partition as it was at one
// moment.
//
// Segments are copied oldest first, and looked at once more behind the last:
// where one has given way meanwhile, which compaction and retention do, those
// that are others now are copied anew, until nothing has changed in between.
// Else a tombstone that was compacted away between two copies would leave the
// value that it has deleted. A compacted segment that is on its way to its
// place counts as being there. For one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/backup/file_copy.h"
#include "engine/backup/source_segments.h"
#include "engine/log/segment_scan.h"

namespace cauce {

struct PartitionSource {
  const Engine& engine;  // opened for reading
  FileSystem& files;
  std::string directory;  // the data directory
  TopicPartition name;
  // Whether compaction may have left offsets out.
  bool may_have_gaps = false;
  // And whether a broker's cleaner may have, above the recovery point too.
  bool is_brokers = false;
  OnDamage on_damage = OnDamage::kStop;
};

// A segment's log as the copy got it.
struct CopiedLog {
  int64_t bytes = 0;
  uint32_t crc = 0;  // CRC-32C of them
};

struct CopiedPartition {
  OffsetRange log;
  // Where an opening of the copy is to look at every batch, and make the
  // indexes anew that were still being written.
  Offset look_from{0};
  bool damaged = false;
  std::map<std::string, CopiedLog> logs;  // by name
};

class PartitionCopy {
 public:
  // `target` is the copy's directory, which is there. `meter` is borrowed.
  PartitionCopy(PartitionSource source, FilePlace target, CopyMeter& meter);

  // Durable on return, names too. Reason::kCorruptBatch and other errors of
  // reading; Unavailable where it changed every time.
  absl::StatusOr<CopiedPartition> Run();

 private:
  // A segment as it was copied.
  struct Copied {
    uint64_t id = 0;        // of the file
    int64_t bytes = 0;      // that it had
    CopiedLog copied;       // of these
    bool sealed = false;
    bool is_swap = false;
    Offset next;            // where it ends
    std::string damage;     // that was copied with it
  };
  using Segments = std::map<Offset, Copied>;

  // Nothing where it changed meanwhile.
  absl::StatusOr<std::optional<CopiedPartition>> Attempt();
  absl::StatusOr<std::optional<CopiedPartition>> AttemptOf(
      const Partition& partition);
  // All of those, and returns where they end: at the last whole batch.
  absl::StatusOr<OffsetRange> CopySegments(
      const std::vector<SourceSegment>& listed, OffsetRange log);
  absl::Status CopyRest(Offset end);
  absl::StatusOr<CopiedPartition> Describe(const OffsetRange& log,
                                           const std::string& damage) const;
  // CopiedPartition::look_from, of two segments or more.
  absl::StatusOr<Offset> FindLookFrom() const;
  // What a reader of `log` is told, and no file tells; nothing where all is
  // there.
  absl::StatusOr<std::string> FindMissing(const Partition& partition,
                                          const OffsetRange& log) const;
  // Those that hold the offsets of `log`, or go on where it ends.
  static std::vector<SourceSegment> Within(
      const std::vector<SourceSegment>& listed, const OffsetRange& log);
  absl::StatusOr<Copied> CopySegment(const SourceSegment& segment,
                                     std::optional<Offset> next, Offset end);
  absl::StatusOr<ScannedSegment> Scan(const SourceSegment& segment,
                                      std::optional<Offset> next, Offset end,
                                      int64_t bytes) const;
  absl::Status CopyIndexes(const SourceSegment& segment);
  absl::Status CopyAborted(Offset base, Offset end);
  // Returns where those are that it has copied.
  absl::StatusOr<std::set<Offset>> CopySnapshots(Offset end);
  absl::Status CopyEpochs(Offset end);
  // Whether there is one; else none stays in the copy either.
  absl::StatusOr<bool> CopyWhole(const std::string& name,
                                 const std::string& as);
  absl::Status RemoveOthers(const std::set<Offset>& snapshots);
  absl::StatusOr<bool> IsUnchanged(const OffsetRange& log) const;
  std::string PathOf(const SourceSegment& segment) const;
  FilePlace Target(const std::string& name) const;

  const PartitionSource source_;
  const std::string directory_;  // of the source
  const FilePlace target_;
  CopyMeter& meter_;
  Segments segments_;
  // What was damaged in the attempt before: what a writer is at work on looks
  // so for a moment.
  std::optional<std::string> damage_;
};

}  // namespace cauce
