// Checks the segments of one partition: each by itself, that none is missing
// whose index still stands there or that held the log's first records, and
// that the log reaches as far as it was durable and to its start.
//
// Only reads; a writer may be at work on the partition. For one thread at a
// time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment.h"
#include "engine/log/segment_check.h"
#include "engine/log/segment_intruders.h"

namespace cauce {

struct PartitionToCheck {
  // What was last saved of a partition's bounds.
  struct Bounds {
    Offset durable{0};    // what lies below was durable
    Offset log_start{0};  // what lies below is gone
  };

  std::string directory;
  // How the last writer had stopped before anything was read, and, where that
  // was a clean stop, whether another has opened the directory since.
  bool clean_stop = false;
  std::function<absl::StatusOr<bool>()> opened_since;
  // Whether the saved start is known, and the log began at offset 0: not where
  // the partition came from elsewhere.
  bool start_is_known = false;
  // Whether compaction may have left offsets out in front of a segment.
  bool may_have_gaps = true;
  // What it held at the last close, whatever came since.
  std::optional<KnownLog> known;
  // Whether that was of this very directory, and not of one that this is a copy
  // of, or that stood in its place.
  bool is_same_directory = true;
  // The same by now, for a look beside a writer, who lowers it before he cuts.
  // Null where nobody writes meanwhile.
  std::function<std::optional<NotedLog>()> known_now;
  // Where the last stop was none: nobody has written it since that close.
  bool is_as_closed = false;
  // The log has gone on behind the close that is noted, whatever the mark says
  // (outgrown_close.h): its last stop counts as none.
  bool has_outgrown_close = false;
  Bounds bounds;
  // As saved by now: a writer at work moves them before it cuts or deletes.
  std::function<absl::StatusOr<Bounds>()> bounds_now;
  size_t decompressed_bytes_max = kDecompressedBytesMax;
};

class PartitionCheck {
 public:
  // Counts into `summary`. All are borrowed.
  PartitionCheck(FileSystem& files, const PartitionToCheck& partition,
                 VerifySummary& summary, const SegmentCheck::Found& found,
                 const SegmentCheck::Progress& progress);

  // A partition that is gone is none to tell of: its writer may have deleted
  // it meanwhile.
  absl::Status Run();

 private:
  // The base offsets of files, smallest first.
  struct Bases {
    std::vector<Offset> logs;
    std::vector<Offset> retired;      // of logs that are called `.deleted`
    std::vector<Offset> orphans;      // of indexes without a log
    std::vector<Offset> directories;  // called as logs are
    std::vector<Offset> swaps;        // of compacted logs without their names
  };

  // From where a segment ends to where the one behind it begins.
  struct Gap {
    Offset segment;  // its base
    Offset end;
    Offset next;
    bool is_whole_behind = false;  // whole batches stand behind it
    int64_t zeros = 0;  // how many bytes of them stand behind where it ends
  };
  // What there is behind a segment: the log's end, or another one, that can be
  // read or not.
  enum class Behind { kEnd, kSegment, kUnread };

  absl::StatusOr<Bases> List() const;
  // Whether the log has gone on behind its close; then it was told.
  absl::StatusOr<bool> TellOutgrown(const SegmentPlace& place);
  // How many of the last ones lie above the end of a log that was closed.
  absl::StatusOr<size_t> CountAbove(const SegmentPlace& place,
                                    const std::vector<Offset>& bases) const;
  // Takes those out that lie above the end of a log that was closed; those of
  // which a failed read hides it are unread_ from then on.
  absl::Status TellAboveEnd(const SegmentPlace& place,
                            std::vector<Offset>& bases);
  // That none is gone from between others where nothing else would show it; of
  // those that are shorter than they were it is told where they end.
  absl::Status CheckNoneIsGone(const std::vector<Offset>& bases);
  // What the close has noted, as far as it counts by now.
  std::optional<NotedLog> KnownNow() const;
  // That those of producers can be read.
  absl::Status CheckSnapshots();
  absl::Status CheckSegments(const SegmentPlace& place,
                             const std::vector<Offset>& bases);
  // From where on what stands in it may be torn; nothing after a clean stop, or
  // where somebody has overwritten it.
  std::optional<Offset> TornFrom(const SegmentPlace& segment) const;
  // The last segment that begins with a whole batch; nothing where none does.
  std::optional<Offset> LastWhole(const SegmentPlace& place,
                                  const std::vector<Offset>& bases) const;
  // The name of the one of `logs` whose first batch begins at `first`.
  std::optional<Offset> FindByFirstBatch(const SegmentPlace& place,
                                         Offset first,
                                         const std::vector<Offset>& logs);
  // Its log may be one of `logs` that is called by another offset.
  absl::Status CheckOrphan(const SegmentPlace& place, Offset base,
                           const std::vector<Offset>& logs);
  // Each of the segments that `swapped` leaves as they are, by itself.
  absl::Status CheckBeside(const SegmentPlace& place,
                           const OffsetRange& swapped,
                           const std::vector<Offset>& bases);
  // Those that stand in the place of a log; the first of them whose offsets are
  // missing was told with that.
  void TellDirectories();
  // The one that stands where the log ends too early, or goes on too late: it
  // is what is wrong there.
  std::optional<std::string> TakeDirectoryAt(Offset end);
  // It keeps nobody from looking at the others.
  void TellUnreadable(Offset base, const absl::Status& why);
  // That no segment is missing in front of `base`, the oldest one's.
  absl::Status CheckStart(Offset base);
  // That a segment, whole so far, ends where it should.
  absl::Status CheckBehind(const Gap& gap, Behind behind);
  // That the next segment begins where this one ends. Above what was durable
  // only where whole batches stand behind the gap.
  absl::Status CheckGap(const Gap& gap);
  // Where there may be gaps: that it is one of those.
  absl::Status CheckNotShort(const Gap& gap);
  // That it reaches as far as it was durable, and to its start.
  absl::Status CheckEnd(const Gap& gap);
  // That nothing stands in a segment behind where the log was closed.
  absl::StatusOr<bool> EndsAtClose(Offset base, Offset end);
  // That the last stop was a clean one, and nobody has opened it since.
  absl::StatusOr<bool> IsClosed() const;
  bool IsUnread(Offset base) const;
  // Unless what could not be read was told with its file.
  void TellUnread();
  std::string PathOf(Offset base, std::string_view suffix) const;
  void Tell(Finding finding);

  FileSystem& files_;
  PartitionToCheck partition_;
  VerifySummary& summary_;
  const SegmentCheck::Found& found_;
  const SegmentCheck::Progress& progress_;
  // Files that may be segments or not, since one could not be read: nothing is
  // concluded from where they begin.
  std::vector<UnreadSegment> unread_;
  bool unread_told_ = false;
  std::set<Offset> foreign_;  // the names of files of another log
  std::set<Offset> directories_;  // that are called as logs are
  // Of the segments that had more at the last close.
  std::vector<MissingPart> short_;
  // The names of logs by where their first batches begin, once they are wanted.
  std::optional<std::map<Offset, Offset>> first_batches_;
};

}  // namespace cauce
