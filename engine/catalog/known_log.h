// What is known of a log that was closed, so that it can be opened again
// without its directory being listed: one partition's part of `cauce.segments`
// (manifest.h).
//
// A view: what the files say holds. Where the directory is not as it was then,
// the segments are still those that were there, and one that is gone from
// between others, or shorter than it was, is missed. Pure: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/manifest.h"

namespace cauce {

// A partition's directory at one moment. Whoever makes, renames or removes a
// file in it gives it another time, whoever puts another directory in its place
// another id. Nothing tells where either is 0.
struct DirectoryStamp {
  uint64_t id = 0;
  int64_t changed_ns = 0;  // since 1970

  friend bool operator==(const DirectoryStamp&,
                         const DirectoryStamp&) = default;
};

// The stamp of a directory that was seen as `info` at `now`, the time of day.
// Its time is 0 where it was changed so shortly before that the next change
// might get the same one.
DirectoryStamp StampOf(const FileInfo& info, absl::Time now);

// Whether the directory that is seen as `info` by now is as `stamp` says.
bool IsUnchanged(const DirectoryStamp& stamp, const FileInfo& info);

// When the file that was seen as `info` at `now` was changed last, in ns since
// 1970; 0 where, as above, that tells nothing.
int64_t ChangeTimeOf(const FileInfo& info, absl::Time now);

struct KnownSegment {
  Offset base;
  int64_t bytes = 0;  // of the .log file

  friend bool operator==(const KnownSegment&, const KnownSegment&) = default;
};

// What a close knew of times, so that they need not be read again; kNoTimestamp
// where it did not, or where there are none.
struct KnownTimes {
  Timestamp oldest;  // the largest of the first segment's records
  // Of the last segment's: of its first batch, and the largest of all, with the
  // last offset of the batch that has it.
  Timestamp first;
  Timestamp largest;
  Offset largest_at;

  friend bool operator==(const KnownTimes&, const KnownTimes&) = default;
};

struct KnownLog {
  DirectoryStamp directory;
  int64_t log_changed_ns = 0;  // ChangeTimeOf the last .log file
  std::vector<KnownSegment> segments;  // oldest first; one at least
  Offset end;                          // where the last one ends
  Offset snapshot{0};  // of producers, the newest; 0 where there is none
  std::vector<EpochStart> epochs;
  // In front of segments, what nobody has deleted, and whose files are gone, or
  // have lost some of it; in order.
  std::vector<OffsetRange> missing;
  KnownTimes times;

  friend bool operator==(const KnownLog&, const KnownLog&) = default;
};

// What a segment had, and lacks by now.
struct MissingPart {
  // From where it begins to where the next one does: all of it, or some.
  OffsetRange range;
  // Its file is there, and lacks some of it; else there is none.
  bool is_short = false;
  // How much shorter than at the last close; below 0 of one that is longer,
  // and in the place of what was there. 0 where only that is known which
  // was noted then: some of it was gone, or could not be read, and its file has
  // not grown since.
  int64_t bytes_gone = 0;
  friend bool operator==(const MissingPart&, const MissingPart&) = default;
};

// Of the segments that `log` had those of which `there`, the files that are
// there, in the order of their bases, has none, or one that is shorter: each by
// itself, in front of another that is there. What is gone in front of all and
// behind them is another matter.
std::vector<MissingPart> FindMissing(const KnownLog& log,
                                     std::span<const KnownSegment> there);

// What a close has noted of a log. Where that was not the last stop somebody
// may have written the log since: appended to it, cut it, deleted its front and
// compacted it, in order.
struct NotedLog {
  KnownLog log;
  bool was_last_stop = false;

  friend bool operator==(const NotedLog&, const NotedLog&) = default;
};

// The last of the segments that there were, where that is the last of `there`
// too, and shorter: if its batches end where they did, some are gone from
// within it. None where somebody may have cut it, which makes it short, too.
std::optional<MissingPart> FindShortEnd(const NotedLog& noted,
                                        std::span<const KnownSegment> there);

// Of the segments in front of the last one those that are longer than they
// were, though nobody has written since: what was there has given way to an
// older copy of it, or to another log's, and nobody knows what of it is left.
// None that was short before, which may have been put right.
std::vector<MissingPart> FindGrown(const NotedLog& noted,
                                   std::span<const KnownSegment> there);

// Of `missing`, found as above, what nobody can have done who has written `log`
// since. A compacted segment ends where those did that it replaces, and who
// cuts a log lowers the end of what is known first: what is gone for another
// reason leaves offsets below that which no file in front reaches. `end_of`
// tells where the batches of the file end that begins at an offset, and is
// asked once for each file.
absl::StatusOr<std::vector<MissingPart>> WithoutRewritten(
    std::vector<MissingPart> missing, const KnownLog& log,
    std::span<const KnownSegment> there,
    absl::FunctionRef<absl::StatusOr<Offset>(Offset base)> end_of);

// Whether the last .log file, seen as `info` by now, is as it was: nobody has
// written it since.
bool LogIsUnchanged(const KnownLog& log, const FileInfo& info);

// Too many epochs are left out, and with them when the directory was changed,
// so that they are read again; too many gaps are joined where they meet, and
// the oldest left out. Nothing for one with too many segments, or with none.
std::optional<std::string> EncodeKnownLog(const KnownLog& log);
// Reason::kCorruptFile.
absl::StatusOr<KnownLog> DecodeKnownLog(std::string_view bytes);
// Takes parts out of `rows`, the last ones first, until the manifest has no
// more than `bytes_max`: those that tell of gaps after all others, since maybe
// nothing else does. Returns how many that were.
size_t LeaveOutParts(ManifestRows& rows,
                     int64_t bytes_max = kManifestBytesMax);
// What `manifest` tells of a partition; nothing where it does not, or what it
// tells is damaged.
std::optional<KnownLog> FindKnown(const Manifest& manifest,
                                  const TopicPartition& partition);

}  // namespace cauce
