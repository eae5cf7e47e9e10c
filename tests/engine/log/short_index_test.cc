#include "engine/log/short_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;

// Four batches of one record, with times 5, 9, 7 and 9.
class ShortIndex : public ::testing::Test {
 protected:
  ShortIndex() {
    std::string bytes;
    for (const int64_t time : {5, 9, 7, 9}) {
      const std::string batch =
          test::Batch({"v"}, {time}).At(Offset{next_}, LeaderEpoch{0}).bytes();
      index_.Add({.last = Offset{next_++},
                  .max_timestamp = Timestamp{time},
                  .bytes = static_cast<int64_t>(batch.size()),
                  .position = static_cast<int64_t>(bytes.size())});
      bytes += batch;
    }
    disk_.Write(Name(kLogSuffix), bytes);
    bytes_ = static_cast<int64_t>(bytes.size());
  }

  static std::string Name(std::string_view suffix) {
    return SegmentFileName(Offset{0}, suffix);
  }
  void PutIndexes(std::string_view offsets, std::string_view times) {
    disk_.Write(Name(kOffsetIndexSuffix), offsets);
    disk_.Write(Name(kTimeIndexSuffix), times);
  }
  static std::string Entry(int64_t time, int64_t offset) {
    std::string entry(TimeEntry::kBytes, '\0');
    TimeEntry{Timestamp{time}, Offset{offset}}.Encode(Offset{0}, entry.data());
    return entry;
  }
  absl::StatusOr<bool> Holds() {
    Segment segment(disk_.Place(), OpenMode::kReadWrite, bytes_, Offset{next_});
    return ShortIndexHolds(segment, index_);
  }

  test::TestDisk disk_;
  SegmentIndex index_{Offset{0}, 4096};
  int64_t next_ = 0;
  int64_t bytes_ = 0;
};

TEST_F(ShortIndex, HoldsWhereNoFileWasWritten) {
  EXPECT_THAT(Holds(), IsOkAndHolds(true));
  PutIndexes("", "");
  EXPECT_THAT(Holds(), IsOkAndHolds(true));
}

TEST_F(ShortIndex, HoldsWithTheEntryOfAnyCloseBefore) {
  for (const auto& [time, offset] : {std::pair{5, 0}, {9, 1}}) {
    PutIndexes("", Entry(time, offset));
    EXPECT_THAT(Holds(), IsOkAndHolds(true)) << offset;
  }
}

TEST_F(ShortIndex, DoesNotHoldWithWhatNoCloseHasWritten) {
  // Another time, another batch, one behind the first with that time, and one
  // that is not there.
  for (const auto& [time, offset] :
       {std::pair{6, 0}, {9, 0}, {7, 2}, {9, 3}, {12, 4}}) {
    PutIndexes("", Entry(time, offset));
    EXPECT_THAT(Holds(), IsOkAndHolds(false)) << time << " at " << offset;
  }
  for (const std::string& times :
       {std::string(TimeEntry::kBytes, '\0'), std::string(5, '\0'),
        Entry(5, 0) + Entry(9, 1)}) {
    PutIndexes("", times);
    EXPECT_THAT(Holds(), IsOkAndHolds(false)) << times.size();
  }
  PutIndexes(std::string(OffsetEntry::kBytes, '\0'), "");
  EXPECT_THAT(Holds(), IsOkAndHolds(false));
}

TEST_F(ShortIndex, DoesNotHoldWithOneFileAlone) {
  disk_.Write(Name(kTimeIndexSuffix), "");
  EXPECT_THAT(Holds(), IsOkAndHolds(false));
  ASSERT_THAT(disk_.files().RemoveFile(disk_ / Name(kTimeIndexSuffix)),
              IsOk());
  disk_.Write(Name(kOffsetIndexSuffix), "");
  EXPECT_THAT(Holds(), IsOkAndHolds(false));
}

TEST_F(ShortIndex, IsNoMatterOfOneThatHasEntries) {
  PutIndexes("", "");
  for (int i = 0; i < 3; ++i) {
    index_.Add({.last = Offset{next_ + i},
                .max_timestamp = Timestamp{20 + i},
                .bytes = 4000,
                .position = bytes_});
  }
  EXPECT_THAT(Holds(), IsOkAndHolds(false));
}

}  // namespace
}  // namespace cauce
