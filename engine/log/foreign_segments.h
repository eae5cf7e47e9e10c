// Files under the names of segments that are of another log, by what the last
// close has noted and what the indexes beside them say.
//
// A segment that was damaged, cut, or restored from an older copy still has
// batches that end where its indexes say. A file that is whole, has not the
// size that was noted, and of which nothing in these indexes is true is
// somebody else's: what it holds must not be read as the log's. (But for one
// that another name in the directory misses, or that ends as another segment
// did: that may be it, by a wrong name.) Whoever replaces a segment in order
// gives the new one its indexes first, so that they agree whatever was done
// since the close.
//
// A log's own file taken for another's is the worse mistake. So what one wrong
// bit can say, of an index or of a base offset, which no checksum covers, is
// never enough: several batches must be spoken against, or one by an index and
// by what the close has noted. A time that is true, noted or of an index,
// speaks for the file whatever else does not. Batches that do not follow one
// another are damaged. Positions are those of any log with records of the same
// sizes: against times that the close has noted they say nothing, nor where the
// front is gone that an index knows. Only looks; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment.h"

namespace cauce {

struct ForeignSegment {
  Offset base;              // what it is called by
  int64_t bytes = 0;        // it has,
  int64_t noted_bytes = 0;  // and the one that was closed had
  friend bool operator==(const ForeignSegment&,
                         const ForeignSegment&) = default;
};

// A file of which it is not known what it is: it, or what tells of it, could
// not be read.
struct UnreadSegment {
  Offset base;
  absl::Status why;
};

struct ForeignSegments {
  std::vector<ForeignSegment> found;
  std::vector<UnreadSegment> unread;
};

// Those of the files called by `bases`, which are sorted. `place` is that of
// any segment. In a copy of the directory, too, since all that counts is what
// stands in it. Behind the end that was noted an index says nothing against a
// file, since the log may have been written there, or cut and written again;
// the last one that was noted is none where all of it lies there: that tells.
// One that is gone, or no file, is none, and where an index is damaged it
// counts for nothing. Looks into those alone whose size is another.
absl::StatusOr<ForeignSegments> FindForeign(const SegmentPlace& place,
                                            const KnownLog& noted,
                                            std::span<const Offset> bases);

// What to say of it, behind its path, and what to do about it.
std::string DescribeForeign(const ForeignSegment& foreign);
inline constexpr std::string_view kForeignAdvice =
    "close the directory and restore the file from a copy of this log, or let "
    "cauce log repair put it aside and say what is gone; where it is a copy of "
    "this log after all, remove its indexes, and it is read";

}  // namespace cauce
