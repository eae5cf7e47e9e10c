#include "engine/state/table_fit.h"

#include <cstdint>

#include "fmt/format.h"

namespace cauce {

std::optional<std::string> WhyUnfit(const StoreMark& mark,
                                    const RowLayout& layout,
                                    const ChangelogView& changelog) {
  if (mark.topic != changelog.topic) return "it is of a topic that was deleted";
  if (mark.partition != changelog.partition) {
    return fmt::format("it is of partition {}, not {}", mark.partition.value,
                       changelog.partition.value);
  }
  if (mark.kind != layout.kind()) {
    return fmt::format("it is of a {} store, not of a {} store",
                       StoreKindName(mark.kind), StoreKindName(layout.kind()));
  }
  if (mark.segment_ms != layout.segment_ms()) {
    return fmt::format("its segments are of {} ms, not of {} ms",
                       mark.segment_ms, layout.segment_ms());
  }
  if (mark.retention_ms != 0 && mark.retention_ms < layout.retention_ms()) {
    return fmt::format(
        "it was opened with a retention of {} ms, and lacks rows that one of "
        "{} ms shows",
        mark.retention_ms, layout.retention_ms());
  }
  if (mark.applied > changelog.end) {
    return fmt::format("it reflects offset {}, and the changelog ends at {}",
                       mark.applied.value, changelog.end.value);
  }
  if (mark.applied < changelog.begin) {
    return fmt::format(
        "it reflects offset {}, and the changelog begins at {} by now",
        mark.applied.value, changelog.begin.value);
  }
  if (mark.last_record != 0 && changelog.last_record &&
      *changelog.last_record != mark.last_record) {
    return fmt::format(
        "the record below offset {} is another than the one that it has",
        mark.applied.value);
  }
  return std::nullopt;
}

RowLayout LayoutOf(const StoreMark& mark, const RowLayout& layout) {
  if (!layout.windowed() || mark.kind != layout.kind() ||
      mark.segment_ms <= 0 || mark.segment_ms > INT64_MAX / 2) {
    return layout;
  }
  if (mark.retention_ms != 0) {
    return {layout.kind(), mark.segment_ms, mark.retention_ms};
  }
  if (mark.segment_ms == layout.segment_ms()) return layout;
  return {layout.kind(), mark.segment_ms, 2 * mark.segment_ms};
}

Gaps GapsOf(const StoreMark& mark, absl::Duration delete_retention,
            absl::Time now) {
  const absl::Time written = mark.written.ToTime();
  return written <= now && now < written + delete_retention ? Gaps::kTaken
                                                            : Gaps::kRefused;
}

}  // namespace cauce
