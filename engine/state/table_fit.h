// Whether a table that was found may be gone on with: it is what its changelog
// was at one offset, and what is left of that leads to its end. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "cauce/types.h"
#include "engine/state/changelog_reader.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_mark.h"

namespace cauce {

// What a changelog is, for the one who looks at a table of it.
struct ChangelogView {
  TopicId topic;
  PartitionId partition;
  Offset begin{0};
  Offset end{0};
  // RecordChecksum of the record right below the mark, where there is one.
  std::optional<uint32_t> last_record;
};

// Why the table with `mark` is not what the changelog was at some offset, or
// cannot be brought up to its end; nothing where it can.
std::optional<std::string> WhyUnfit(const StoreMark& mark,
                                    const RowLayout& layout,
                                    const ChangelogView& changelog);

// How rows are to age where nobody says it: as the table's do. A mark that does
// not tell of retention does so by its segments, which are half of it; with the
// same as in `layout` it is as that.
RowLayout LayoutOf(const StoreMark& mark, const RowLayout& layout);

// Refused where compaction may have dropped tombstones that a table with the
// mark has not seen. Each stays for `delete_retention` (delete.retention.ms)
// behind its append. A mark of the future tells no age.
Gaps GapsOf(const StoreMark& mark, absl::Duration delete_retention,
            absl::Time now);

}  // namespace cauce
