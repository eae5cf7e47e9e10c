// A segment of batches with gaps in between, sealed, on a disk; and what each
// look-up should find in it, as a walk over all of its batches does.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/log/segment.h"
#include "engine/log/segment_writer.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce::test {

inline constexpr Offset kBase{5000};
inline constexpr std::string_view kLog = "00000000000000005000.log";
inline constexpr std::string_view kIndex = "00000000000000005000.index";
inline constexpr std::string_view kTimeIndex = "00000000000000005000.timeindex";
inline constexpr int64_t kInterval = 100;  // about one batch

struct Placed {
  Offset base, next;
  int64_t position;
  std::vector<int64_t> timestamps;
};

// How the timestamp of the `i`th record is chosen.
using TimeOf = std::function<int64_t(int i)>;
// How large each value of the `i`th batch is.
using BytesOf = std::function<size_t(int i)>;

class SegmentTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  // Writes `count` batches of one to three records with gaps in between, and
  // seals the segment.
  void Write(
      int count, const TimeOf& time_of = [](int i) { return i; },
      const BytesOf& bytes_of = [](int) { return size_t{5}; },
      int64_t interval_bytes = kInterval) {
    interval_bytes_ = interval_bytes;
    auto writer = SegmentWriter::Create(disk_.Place(kBase, interval_bytes_),
                                        kNoTimestamp);
    ASSERT_THAT(writer, IsOk());
    Offset at = kBase;
    int records = 0;
    for (int i = 0; i < count; ++i) {
      Placed placed{at, at, (*writer)->segment()->bytes(), {}};
      const std::string value(bytes_of(i), 'v');
      std::vector<Record> all;
      for (int record = 0; record <= i % 3; ++record) {
        const int64_t time = time_of(records++);
        placed.timestamps.push_back(time);
        all.push_back({.key = "key", .value = value, .timestamp = {time}});
      }
      const OwnedBatch batch = BatchOf(all).At(at);
      placed.next = batch.view().next_offset();
      const std::string_view part = batch.bytes();
      ASSERT_THAT((*writer)->Append({&part, 1}, BatchFacts::Of(batch.view(), 0),
                                    WriteAhead::kNone),
                  IsOk());
      batches_.push_back(placed);
      at = placed.next + (i % 7 == 0 ? 3 : 0);
    }
    ASSERT_THAT((*writer)->Seal(), IsOk());
    bytes_ = (*writer)->segment()->bytes();
    next_ = (*writer)->segment()->next();
  }

  // In its body: its header says what it did.
  void FlipABitOf(const Placed& batch) {
    std::string bytes = *disk_.Read(kLog);
    bytes[static_cast<size_t>(batch.position) + 65] ^= 1;
    disk_.Write(kLog, bytes);
  }

  // The segment as another process would find it.
  std::shared_ptr<Segment> Open() {
    return std::make_shared<Segment>(disk_.Place(kBase, interval_bytes_),
                                     OpenMode::kRead, bytes_, next_);
  }

  // What Seek should find.
  std::optional<Offset> FirstBatchEndingAbove(Offset offset) const {
    for (const Placed& batch : batches_) {
      if (batch.next > offset) return batch.base;
    }
    return std::nullopt;
  }

  // What FindByTime should find.
  std::optional<int64_t> FirstAtOrAfter(int64_t time, Offset from,
                                        Offset up_to) const {
    for (const Placed& batch : batches_) {
      Offset at = batch.base;
      for (const int64_t timestamp : batch.timestamps) {
        if (timestamp >= time && at >= from && at < up_to) return at.value;
        at = at + 1;
      }
    }
    return std::nullopt;
  }

  static std::optional<Offset> BaseOf(
      const absl::StatusOr<std::optional<RecordBatch>>& batch) {
    if (!batch.ok() || !*batch) return std::nullopt;
    return (*batch)->base_offset();
  }

  // Seeks every offset of the segment and compares with a walk over all.
  void ExpectSeekFindsEveryBatch(Segment& segment, int64_t step = 1) {
    BatchScanner scanner(4096);
    for (Offset at = kBase + -3; at < next_ + 3; at = at + step) {
      const auto found = segment.Seek(scanner, at);
      ASSERT_THAT(found, IsOk());
      ASSERT_EQ(BaseOf(found), FirstBatchEndingAbove(at)) << at.value;
    }
  }

  TestDisk disk_{GetParam()};
  std::vector<Placed> batches_;
  int64_t interval_bytes_ = kInterval;
  int64_t bytes_ = 0;
  Offset next_;
};

}  // namespace cauce::test
