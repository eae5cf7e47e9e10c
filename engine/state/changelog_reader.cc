#include "engine/state/changelog_reader.h"

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/state/store_mark.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Of a file at once: a restore reads all of it.
constexpr size_t kReadBytes = 4 << 20;

absl::Status NotOfKind(const Partition& partition, Offset offset,
                       std::string what, StoreKind kind) {
  return MakeError(
      Reason::kInvalidRecord,
      fmt::format("{} at offset {}: {}, which no {} store writes; the topic is "
                  "not its changelog, or somebody else wrote to it",
                  partition.name().ToString(), offset.value, what,
                  StoreKindName(kind)));
}

}  // namespace

absl::Status ReadChangelog(
    const Partition& partition, const RowLayout& layout, Offset from, Offset to,
    absl::FunctionRef<Gaps()> at_gap,
    absl::FunctionRef<absl::Status(const ChangelogRecord&)> each) {
  Cursor cursor = partition.Read(from, {.isolation = Isolation::kReadCommitted,
                                        .read_bytes = kReadBytes});
  Offset expected = from;
  const auto gap_is_refused = [&] {
    return absl::AbortedError(
        fmt::format("{}: there is no record at offset {}",
                    partition.name().ToString(), expected.value));
  };
  RecordView record;
  while (expected < to) {
    CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
    if (!more || record.offset >= to) break;
    // Not once for all: a table that `each` fills gets marks on the way, and
    // behind one of these nobody finds the gap any more.
    if (record.offset != expected && at_gap() == Gaps::kRefused) {
      return gap_is_refused();
    }
    expected = record.offset + 1;
    if (!record.key) {
      return NotOfKind(partition, record.offset, "a record without a key",
                       layout.kind());
    }
    ChangelogRecord found{record.offset, *record.key, record.value,
                          record.timestamp, kNoTimestamp};
    if (layout.windowed()) {
      const auto time = layout.TimeOf(found.key);
      if (!time) {
        return NotOfKind(
            partition, record.offset,
            fmt::format("a key of {} bytes without times", found.key.size()),
            layout.kind());
      }
      found.row_time = *time;
    }
    CAUCE_RETURN_IF_ERROR(each(found));
  }
  if (expected != to && at_gap() == Gaps::kRefused) return gap_is_refused();
  return absl::OkStatus();
}

std::optional<uint32_t> ChecksumAt(const Partition& partition, Offset offset) {
  Cursor cursor = partition.Read(offset);
  RecordView record;
  const auto found = cursor.Next(&record);
  if (!found.ok() || !*found || record.offset != offset || !record.key) {
    return std::nullopt;
  }
  return RecordChecksum(*record.key, record.value);
}

}  // namespace cauce
