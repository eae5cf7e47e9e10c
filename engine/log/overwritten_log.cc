#include "engine/log/overwritten_log.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Up to `bytes` of the file's first ones.
absl::StatusOr<std::string> HeadOf(FileSystem& files, const std::string& path,
                                   size_t bytes) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  std::string head(bytes, '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(0, head));
  head.resize(read);
  return head;
}

// Whether a batch begins with `head`, or the first bytes of one that was torn.
bool MayBeAppend(std::string_view head, Offset base) {
  char wanted[sizeof base.value];
  StoreBig<int64_t>(wanted, base.value);
  const size_t shared = std::min(head.size(), sizeof wanted);
  if (head.substr(0, shared) == std::string_view(wanted, shared)) return true;
  // Of another offset: that is told where it is met.
  return head.size() == layout::kHeadBytes &&
         layout::MayBeBatch(head.data(), INT64_MAX);
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindOverwritten(
    const SegmentPlace& place) {
  const auto head =
      HeadOf(*place.files,
             place.PathOf(SegmentFileName(place.base, kLogSuffix)),
             layout::kHeadBytes);
  CAUCE_RETURN_IF_ERROR(head.status());
  if (IsZeros(*head) || MayBeAppend(*head, place.base)) return std::nullopt;
  // One that cannot be read tells nothing.
  const auto epochs = ReadEpochCheckpoint(*place.files, place.directory);
  if (epochs.ok() && !epochs->empty() && epochs->back().start >= place.base) {
    return fmt::format("a leader epoch began at offset {}",
                       epochs->back().start.value);
  }
  const std::string index =
      place.PathOf(SegmentFileName(place.base, kOffsetIndexSuffix));
  const auto entry = HeadOf(*place.files, index, 8);
  if (!entry.ok() || entry->size() < 8 || IsZeros(*entry)) return std::nullopt;
  return fmt::format("{} leads into it", index);
}

}  // namespace cauce
