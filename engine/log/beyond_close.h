// A log that reaches further than where it was closed, though nobody has opened
// it since: somebody else than a writer has changed its files. Whether it is
// still the log that was closed, and what to say of it to whoever opens, reads
// or verifies it.
//
// Goes by the sizes that the close has noted, and by where its last segment
// ended. Reads only; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment.h"

namespace cauce {

enum class BeyondClose {
  kGoesOn,   // all of its last segment is there, and more behind it
  kOther,    // its last segment is not, and some of the others are
  kAnother,  // none of its segments is
};

// `directory` is the partition's. An error where that cannot be told.
absl::StatusOr<BeyondClose> CompareWithClose(FileSystem& files,
                                             std::string_view directory,
                                             const KnownLog& known);

// Of a log that ends at `end`, and that was closed at `closed`.
std::string DescribeBeyondClose(BeyondClose what, Offset end, Offset closed);

// What to do about it.
std::string_view AdviceBeyondClose(BeyondClose what);

// A file that reaches to `end`, though another one followed it at the close,
// which began at `next`.
struct BeyondNext {
  Offset base;
  Offset end;
  Offset next;
  friend bool operator==(const BeyondNext&, const BeyondNext&) = default;
};

// Those of `there`, the files in the order of their bases, that are longer than
// they were. No writer leaves that, whatever the last stop was, unless a pass
// of compaction was made since: who cuts a log lowers what is known of it
// first. Looks into those alone that are longer; what cannot be read there is
// told by who reads it. `place` is that of any segment.
absl::StatusOr<std::vector<BeyondNext>> FindBeyondNext(
    const SegmentPlace& place, const KnownLog& known,
    std::span<const KnownSegment> there);

// What to say of it, behind its path, with what to do about it.
std::string DescribeBeyondNext(const BeyondNext& found);

}  // namespace cauce
