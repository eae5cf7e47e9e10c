// Checks one segment: its batches, their records, and that its indexes lead
// where they say. Tells what is wrong and goes on behind it.
//
// Only reads; a writer may be at work on the segment. For one thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_check.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/index_walk.h"
#include "engine/log/segment_scan.h"
#include "engine/log/sparse_index.h"

namespace cauce {

// Of damage that recovery takes for the end of the log.
inline constexpr std::string_view kRepairFirst =
    "run cauce log repair before anything opens the directory for writing: "
    "recovery would cut the log here, and whole batches off with it";

// Which segment, and what is known of the log around it.
struct SegmentToCheck {
  std::string directory;  // of the partition
  Offset base;
  std::optional<Offset> next_base;  // of the segment behind it
  // After an unclean stop: what was written from here on may be torn, and the
  // next opening mends it. Absent after a clean one.
  std::optional<Offset> torn_from;
  // Whether a segment behind it begins with a whole batch: recovery would cut
  // that off too, and what is torn is no writer's last doing.
  bool is_whole_behind = false;
  // After a clean one, whether a writer has opened the directory since: then
  // what lies above `durable` may be torn all the same. Empty: no.
  std::function<absl::StatusOr<bool>()> opened_since;
  // What lies below was durable once, and is gone, as last saved.
  Offset durable{0};
  Offset log_start{0};
  // Whether compaction may have left gaps between batches.
  bool may_have_gaps = true;
  size_t decompressed_bytes_max = kDecompressedBytesMax;
};

class SegmentCheck {
 public:
  using Found = std::function<void(const Finding&)>;
  // Called after every batch and at the end, with how many bytes of the log's
  // file were passed since the last call.
  using Progress = std::function<void(int64_t bytes)>;

  // Counts into `summary`. All are borrowed.
  SegmentCheck(FileSystem& files, const SegmentToCheck& segment,
               VerifySummary& summary, const Found& found,
               const Progress& progress);

  // Returns the offset behind the segment's last batch. NotFound when the
  // segment is gone: its writer may have deleted it meanwhile.
  absl::StatusOr<Offset> Run();

  // Behind it: how many bytes of zeros stand there where nothing else does.
  int64_t zeros_behind() const { return zeros_behind_; }

 private:
  // One that cannot be opened is told of, and has no entries; but for want of
  // descriptors or memory, which is exhausted_.
  template <class Entry>
  IndexWalk<Entry> OpenIndex(std::string_view suffix);
  ScanRange Range() const;
  // The next batch, as BatchScanner::Next() returns it. What is wrong with the
  // end of the last segment is looked at again first: its writer may have
  // written there between two reads.
  absl::StatusOr<std::optional<RecordBatch>> Next();
  // Reads the place again, from the file as it is by now, until what stands
  // there is no damage or stays as it is.
  absl::StatusOr<std::optional<RecordBatch>> LookAgain();
  absl::StatusOr<std::optional<RecordBatch>> ReadAnew(int64_t position);
  // Of the file's bytes from `position` on, as far as the batch there goes.
  absl::StatusOr<uint32_t> Fingerprint(int64_t position) const;
  absl::StatusOr<bool> IndexesGoOn();
  absl::Status TakeBatch(const RecordBatch& batch);
  // That none are missing in front of it, where compaction left none out and
  // they were not deleted.
  void CheckOffsets(const RecordBatch& batch);
  // All of the file up to `position` is done.
  void Pass(int64_t position);
  // ResourceExhausted where there is no memory to decompress them.
  absl::Status CheckRecords(const RecordBatch& batch);
  absl::Status CheckIndexEntries(const RecordBatch& batch);
  absl::Status CheckTimeEntry(const RecordBatch& batch);
  // Of a batch that has an entry by offset.
  absl::Status CheckHasTimeEntry(const RecordBatch& batch);
  // Of aborted transactions.
  absl::Status CheckAborted();
  // That nothing is missing behind the last batch.
  absl::Status CheckEnd();
  // Unless the next opening takes them for the end of what was written. Returns
  // whether it told: then indexes that go on are right.
  absl::StatusOr<bool> TellZeros(int64_t position);

  // Tells of what stands at the scanner's position and moves it behind. False
  // when nothing more of the segment can be read.
  absl::StatusOr<bool> PassDamage(const absl::Status& damage);
  absl::StatusOr<std::optional<RecordBatch>> FindBehind(BatchScanner& scanner,
                                                        int64_t position);
  // Whether what stands there is wrong by its offsets alone.
  absl::StatusOr<bool> IsWhole(int64_t position) const;
  // Passes by the index entries that lead into what cannot be read.
  absl::Status DropEntriesBelow(int64_t position, Offset base);

  template <class Entry>
  absl::StatusOr<std::optional<Entry>> Peek(IndexWalk<Entry>& walk);
  template <class Entry>
  absl::Status TellIndex(IndexWalk<Entry>& walk, std::string what);
  void Tell(Finding finding);

  // Before damage is told from what the next opening mends: how the last writer
  // stopped, as far as it is known by now.
  absl::Status LookHowItStopped();
  // Whether the next opening rebuilds the segment's indexes anyway.
  bool IsMended() const;

  FileSystem& files_;
  const SegmentToCheck& segment_;
  VerifySummary& summary_;
  const Found& found_;
  const Progress& progress_;
  const std::string path_;

  std::shared_ptr<const File> file_;
  int64_t file_bytes_ = 0;
  int64_t passed_bytes_ = 0;
  int64_t zeros_behind_ = 0;
  BatchScanner scanner_;
  RecordReader reader_;
  Offset next_;
  std::optional<Offset> torn_from_;
  std::optional<IndexWalk<OffsetEntry>> offsets_;
  std::optional<IndexWalk<TimeEntry>> times_;
  absl::Status exhausted_;
  std::optional<AbortedCheck> aborted_;
};

}  // namespace cauce
