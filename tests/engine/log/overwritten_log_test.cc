#include "engine/log/overwritten_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr int64_t kBase = 4;

class OverwrittenLog : public ::testing::Test {
 protected:
  bool IsFound(std::string_view bytes) {
    disk_.Write(SegmentFileName(Offset{kBase}, kLogSuffix), bytes);
    const auto found = FindOverwritten(disk_.Place().At(Offset{kBase}));
    EXPECT_THAT(found, IsOk());
    return found->has_value();
  }
  void BeginEpochAt(int64_t offset) {
    const std::vector<EpochStart> epochs = {
        {LeaderEpoch{0}, Offset{0}}, {LeaderEpoch{1}, Offset{offset}}};
    ASSERT_THAT(WriteEpochCheckpoint(disk_.files(), disk_.directory(), epochs),
                IsOk());
  }

  test::TestDisk disk_;
  const std::string batch_ =
      std::string(test::Batch({"a", "b"}).At(Offset{kBase}).bytes());
};

TEST_F(OverwrittenLog, BeginsWithWhatNoTornAppendLeaves) {
  BeginEpochAt(kBase);
  EXPECT_TRUE(IsFound("hello, this is another file"));
  EXPECT_TRUE(IsFound("x"));
  EXPECT_FALSE(IsFound(""));
  EXPECT_FALSE(IsFound(std::string(600, '\0')));
  for (size_t bytes = 1; bytes <= batch_.size(); ++bytes) {
    EXPECT_FALSE(IsFound(batch_.substr(0, bytes))) << bytes;
    // Zeros written ahead stand behind it.
    EXPECT_FALSE(IsFound(batch_.substr(0, bytes) + std::string(600, '\0')));
  }
  // Sectors reach the disk in any order.
  EXPECT_FALSE(IsFound(std::string(512, '\0') + batch_));
}

TEST_F(OverwrittenLog, IsOneWhereSomethingKnowsOfItsRecords) {
  EXPECT_FALSE(IsFound("hello"));
  BeginEpochAt(kBase - 1);
  EXPECT_FALSE(IsFound("hello"));
  disk_.Write(SegmentFileName(Offset{kBase}, kOffsetIndexSuffix),
              std::string(8, '\0'));
  EXPECT_FALSE(IsFound("hello"));
  disk_.Write(SegmentFileName(Offset{kBase}, kOffsetIndexSuffix),
              std::string("\0\0\0\1\0\0\1\0", 8));
  EXPECT_TRUE(IsFound("hello"));
}

}  // namespace
}  // namespace cauce
