// Where reading begins: an offset, a time, or an end of the log, as `--from`
// has it. A plain value.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce::cli {

class ReadFrom {
 public:
  // Takes start, end, an offset or @TIME; InvalidArgument tells so.
  static absl::StatusOr<ReadFrom> Parse(std::string_view text);

  // The offset to begin at. For one that is gone, the first there is. With
  // OnDamage::kSkip a time is looked for behind what cannot be read.
  absl::StatusOr<Offset> In(const Partition& partition,
                            OnDamage on_damage = OnDamage::kStop) const;

  // Where to begin in partitions that did not exist when reading began: all of
  // them lies behind the end there was.
  ReadFrom InAdded() const;

  // Whether any of `lost`, which lie right in front of the first record that is
  // there, may be asked for, where `at` is where reading begins.
  bool MayWant(const OffsetRange& lost, Offset at) const;

  // As it was typed.
  const std::string& text() const { return text_; }

 private:
  enum class Kind { kStart, kEnd, kOffset, kTime };

  ReadFrom(std::string_view text, Kind kind) : text_(text), kind_(kind) {}

  std::string text_;
  Kind kind_;
  Offset offset_;
  Timestamp time_;
};

}  // namespace cauce::cli
