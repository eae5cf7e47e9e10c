#include "engine/log/aborted_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Timestamp kTime{1'000};

class AbortedWalkTest : public ::testing::Test {
 protected:
  // Two producers abort in the second segment what one of them began in the
  // first, and one in the third.
  AbortedWalkTest() {
    EXPECT_THAT(memory_->CreateDirectory("/p"), IsOk());
    Data(7);
    Write();
    Data(8);
    Abort(8);
    Abort(7);
    Write();
    Data(7);
    Abort(7);
    Write();
  }

  void Data(int64_t producer) {
    BatchFields fields;
    fields.transactional = true;
    fields.producer_id = ProducerId{producer};
    fields.producer_epoch = 0;
    Add(test::BatchOf({{.value = "v", .timestamp = kTime}}, fields));
  }
  void Abort(int64_t producer) {
    Add(test::MarkerOf({.producer_id = ProducerId{producer},
                        .producer_epoch = 0,
                        .outcome = TransactionOutcome::kAbort},
                       kTime));
  }
  void Add(const OwnedBatch& batch) {
    bytes_ += batch.At(next_).bytes();
    next_ = next_ + 1;
  }
  void Write() {
    auto file = memory_->Open(PathOf(base_), OpenMode::kCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(0, bytes_), IsOk());
    bytes_.clear();
    bases_.push_back(base_);
    base_ = next_;
  }
  static std::string PathOf(Offset base) {
    return "/p/" + SegmentFileName(base, kLogSuffix);
  }

  void Spoil(Offset base, int64_t position) {
    auto file = memory_->Open(PathOf(base), OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(position, "?"), IsOk());
  }

  // Of the transactions that were aborted in the segment, where they begin.
  std::vector<int64_t> FirstIn(Offset base) {
    const auto aborted = walk_.FindIn(base, bases_);
    EXPECT_THAT(aborted, IsOk());
    std::vector<int64_t> first;
    if (!aborted.ok()) return first;
    for (const auto& each : aborted->entries()) {
      first.push_back(each.first.value);
    }
    return first;
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  AbortedWalk walk_{files_, "/p"};
  std::vector<Offset> bases_;
  std::string bytes_;
  Offset base_{0};
  Offset next_{0};
};

TEST_F(AbortedWalkTest, ReadsEachLogOnceForSegmentsInOrder) {
  EXPECT_THAT(FirstIn(Offset{0}), IsEmpty());
  EXPECT_THAT(FirstIn(Offset{1}), ElementsAre(1, 0));
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(4));
  EXPECT_EQ(files_.Count(FileCall::kOpen, ".log"), 3);
}

TEST_F(AbortedWalkTest, BeginsAnewForASegmentThatItHasPassed) {
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(4));
  EXPECT_THAT(FirstIn(Offset{1}), ElementsAre(1, 0));
  EXPECT_THAT(FirstIn(Offset{1}), ElementsAre(1, 0));
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(4));
}

TEST_F(AbortedWalkTest, BeginsAnewBehindAReadThatFailed) {
  files_.Fail(FileCall::kRead, PathOf(Offset{1}),
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(walk_.FindIn(Offset{4}, bases_), HasReason(Reason::kDiskFailed));
  files_.Mend();
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(4));
  EXPECT_THAT(FirstIn(Offset{1}), ElementsAre(1, 0));
}

TEST_F(AbortedWalkTest, GoesOnBehindALogWithDamage) {
  Spoil(Offset{1}, 62);
  EXPECT_THAT(FirstIn(Offset{1}), IsEmpty());
  // The transaction of the first log has not ended, for all that can be read.
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(0));
}

// No CRC covers it: the markers behind it would lie in front of it.
TEST_F(AbortedWalkTest, TakesNothingFromABatchWhoseOffsetWentAstray) {
  const int64_t data_bytes = static_cast<int64_t>(
      test::BatchOf({{.value = "v", .timestamp = kTime}}).bytes().size());
  Spoil(Offset{1}, data_bytes + 4);
  EXPECT_THAT(FirstIn(Offset{1}), IsEmpty());
  EXPECT_THAT(FirstIn(Offset{4}), ElementsAre(0));
}

}  // namespace
}  // namespace cauce
