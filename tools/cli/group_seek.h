// Where a group is to go on: the offsets that `group seek` asks for, worked out
// for each partition. Pure but for notes: the main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/admin.h"
#include "cauce/types.h"

namespace cauce::cli {

// What `--to` says.
class SeekTarget {
 public:
  // Takes start, end, an offset, @TIME, +N or -N; InvalidArgument tells so.
  static absl::StatusOr<SeekTarget> Parse(std::string_view text);

  // What is to be looked up of each partition; nothing for an offset or a
  // shift.
  std::optional<OffsetSpec> wanted() const { return wanted_; }

  // Where to go on in a partition of which `now` is known, and `found` was
  // looked up. What lies outside of the log counts as the nearer end of it,
  // which is told. InvalidArgument for a shift from nowhere.
  absl::StatusOr<Offset> In(const TopicPartition& name,
                            const std::optional<Offset>& now,
                            const OffsetRange& log, Offset found) const;

 private:
  std::optional<OffsetSpec> wanted_;
  std::optional<int64_t> shift_;
  Offset offset_;
};

}  // namespace cauce::cli
