// Files that are called like segments above the end of a log that was closed.
//
// A close saves where the log ends. A segment that begins there may be empty,
// but none begins behind it: a log that went on in such a file would leave out
// all offsets up to its name. It may hold batches of offsets below, though: a
// segment that was called by another name. Only looks; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"

namespace cauce {

// How many of `bases`, smallest first, are no segments of a log that was closed
// at `end`: they are the last ones, hold no batch, and the one in front of them
// ends there. None where that is not so, since then the saved end may be wrong.
// `place` is that of any segment. Opens no file where nothing lies above.
absl::StatusOr<size_t> CountAboveEnd(const SegmentPlace& place,
                                     std::span<const Offset> bases, Offset end);

// The same where the close itself has noted the end, behind which nobody wrote:
// then none of them is a segment, whatever it holds, nor one that begins right
// at the end and holds a batch. What is no file, and all in front of it, is not
// counted.
absl::StatusOr<size_t> CountBehindClose(const SegmentPlace& place,
                                        std::span<const Offset> bases,
                                        Offset end);

// The same of a log without gaps that somebody may be writing: a roll begins a
// segment where the one in front of it ends. So those that hold no batch and
// begin behind that are none, unless they begin at `durable` or `log_start`, up
// to which a writer goes on behind damage and deletions, or below. NotFound
// where a writer took one of them meanwhile.
struct AboveEnd {
  size_t count = 0;
  Offset end;  // of the one in front of them
};
absl::StatusOr<AboveEnd> FindBehindEnd(const SegmentPlace& place,
                                       std::span<const Offset> bases,
                                       Offset durable, Offset log_start);

// Whether the first batch of the file at `place` is whole and begins below its
// name: no writer puts one there, so it is a segment by another name, or its
// offset is damaged. Reads no more than a header where it does not.
absl::StatusOr<bool> BeginsBelowItsName(const SegmentPlace& place);

// The same where no whole batch that follows that one could stand there either.
absl::StatusOr<bool> LiesBelowItsName(const SegmentPlace& place);

// Whether the file at `place`, which should hold what was durable between its
// name and `durable`, begins with a whole batch at or behind that, and goes on
// with the one that follows it: what lies in it is another log's. A batch alone
// may have a wrong offset.
absl::StatusOr<bool> BeginsBehindDurable(const SegmentPlace& place,
                                         Offset durable);

// What to say of the one at `place`, behind its path, and what to do about it.
struct AboveEndWords {
  // Whether it begins with a whole batch.
  bool has_records = false;
  std::string what;
  std::string_view advice;
};
AboveEndWords DescribeAboveEnd(const SegmentPlace& place,
                               std::optional<Offset> end);

}  // namespace cauce
