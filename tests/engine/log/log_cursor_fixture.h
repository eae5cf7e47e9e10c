// A log of small segments, for suites about cursors over it. For one thread at
// a time.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce::test {

class LogCursorFixture : public ::testing::TestWithParam<DiskKind> {
 protected:
  // A log of `count` batches of two records, at most four to a segment.
  void Fill(int count) {
    rig_.config().segment_bytes = 400;
    ASSERT_THAT(rig_.Open(), IsOk());
    for (int i = 0; i < count; ++i) Append(i);
  }

  void Append(int number, const AppendOptions& options = {}) {
    const std::string name = std::to_string(number);
    ASSERT_THAT(log().Append(Batch({"a" + name, "b" + name}).view(), options),
                IsOk());
  }

  Log& log() { return rig_.log(); }
  LogCursor Cursor(Offset from, const CursorOptions& options = {}) {
    return LogCursor(rig_.shared_log(), from, options);
  }

  // The offset of the next record; nothing at the end of what is visible.
  static absl::StatusOr<std::optional<int64_t>> NextOffset(LogCursor& cursor) {
    RecordView record;
    const auto more = cursor.Next(&record);
    if (!more.ok()) return more.status();
    if (!*more) return std::nullopt;
    return record.offset.value;
  }

  // The offsets from `from` up to the end or an error.
  static std::vector<int64_t> Walk(LogCursor& cursor) {
    std::vector<int64_t> offsets;
    for (;;) {
      const auto offset = NextOffset(cursor);
      if (!offset.ok() || !*offset) return offsets;
      offsets.push_back(**offset);
    }
  }

  static std::vector<int64_t> Range(int64_t base, int64_t next) {
    std::vector<int64_t> range;
    for (; base < next; ++base) range.push_back(base);
    return range;
  }

  // Changes the bytes of the batch that holds `offset` in the file; the log
  // must not be reading it from a buffer.
  template <class Change>
  void Damage(Offset offset, Change change) {
    rig_.Leaves(Left::kDamaged);
    const auto segment = log().segments()->Find(offset);
    BatchScanner scanner;
    ASSERT_THAT(segment->Seek(scanner, offset), IsOk());
    const std::string name = SegmentFileName(segment->base(), kLogSuffix);
    std::string bytes = *rig_.disk().Read(name);
    change(bytes.data() + scanner.batch_position());
    const auto file = segment->OpenFile();
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  }
  void DamageRecords(Offset offset) {
    Damage(offset, [](char* batch) { batch[layout::kRecords + 3] ^= 1; });
  }

  LogRig rig_{GetParam()};
};

}  // namespace cauce::test
