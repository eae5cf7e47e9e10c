#include "engine/log/beyond_close.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Whether a batch of offset `base` begins there: by its first field alone,
// which a log of other batches has at that very byte by chance only.
absl::StatusOr<bool> BeginsAt(FileSystem& files, const std::string& path,
                              int64_t position, Offset base) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  std::string field(sizeof(int64_t), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(position, field));
  return read == field.size() && LoadBig<int64_t>(field.data()) == base.value;
}

}  // namespace

absl::StatusOr<BeyondClose> CompareWithClose(FileSystem& files,
                                             std::string_view directory,
                                             const KnownLog& known) {
  bool has_one = false;
  for (const KnownSegment& segment : known.segments) {
    const std::string path =
        JoinPath(directory, SegmentFileName(segment.base, kLogSuffix));
    const auto info = files.Info(path);
    // A link is no segment either.
    const bool is_gone = absl::IsNotFound(info.status()) ||
                         absl::IsFailedPrecondition(info.status());
    if (is_gone) continue;
    CAUCE_RETURN_IF_ERROR(info.status());
    if (info->is_directory || info->bytes < segment.bytes) continue;
    bool is_there = info->bytes == segment.bytes;
    if (!is_there && segment == known.segments.back()) {
      CAUCE_ASSIGN_OR_RETURN(
          is_there, BeginsAt(files, path, segment.bytes, known.end));
    }
    if (is_there && segment == known.segments.back()) {
      return BeyondClose::kGoesOn;
    }
    has_one |= is_there;
  }
  return has_one ? BeyondClose::kOther : BeyondClose::kAnother;
}

std::string DescribeBeyondClose(BeyondClose what, Offset end, Offset closed) {
  constexpr std::string_view kWhat =
      "it holds records up to offset {}, and the log was closed at offset {}, "
      "and nobody has opened it since: {}";
  switch (what) {
    case BeyondClose::kGoesOn:
      return fmt::format(kWhat, end.value, closed.value,
                         "those behind that are of a newer copy of it, or "
                         "another log's");
    case BeyondClose::kOther:
      return fmt::format(kWhat, end.value, closed.value,
                         "its newest file is not the one that was closed, and "
                         "what it holds is another log's");
    case BeyondClose::kAnother:
      break;
  }
  return fmt::format(kWhat, end.value, closed.value,
                     "none of its files is one that was closed, and all of "
                     "its records are another log's");
}

std::string_view AdviceBeyondClose(BeyondClose what) {
  if (what == BeyondClose::kAnother) {
    return "put the directory of the partition back in its place; where this "
           "one is to stay, remove cauce.segments beside it, which tells of "
           "the other";
  }
  return "restore its newest file from a copy, or let cauce log repair take "
         "out what lies behind that; who opens the partition for writing "
         "takes it in";
}

absl::StatusOr<std::vector<BeyondNext>> FindBeyondNext(
    const SegmentPlace& place, const KnownLog& known,
    std::span<const KnownSegment> there) {
  std::vector<BeyondNext> found;
  for (size_t i = 0; i + 1 < known.segments.size(); ++i) {
    const auto& [base, bytes] = known.segments[i];
    const auto now =
        std::ranges::lower_bound(there, base, {}, &KnownSegment::base);
    const bool is_longer =
        now != there.end() && now->base == base && now->bytes > bytes;
    if (!is_longer) continue;
    const auto scanned = ScanEnd(place.At(base), known.end);
    if (absl::IsResourceExhausted(scanned.status())) return scanned.status();
    if (!scanned.ok()) continue;
    const Offset next = known.segments[i + 1].base;
    if (scanned->next > next) found.push_back({base, scanned->next, next});
  }
  return found;
}

std::string DescribeBeyondNext(const BeyondNext& found) {
  return fmt::format(
      "it holds records up to offset {}, and the next segment began at offset "
      "{} when the log was closed: its records may be another log's; close the "
      "directory and restore the .log files of the partition from a copy, "
      "unless they are meant to be there",
      found.end.value, found.next.value);
}

}  // namespace cauce
