#include "engine/log/as_closed.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;

class AsClosed : public ::testing::Test {
 protected:
  AsClosed() {
    CAUCE_CHECK(files_->CreateDirectories("/p-0").ok());
    for (const int64_t base : {0, 10}) Put(base, 3);
    clock_.Advance(absl::Hours(1));
    known_.directory = StampOf(*files_->Info("/p-0"), clock_.Now());
    known_.log_changed_ns = ChangeTimeOf(*files_->Info(PathOf(10)),
                                         clock_.Now());
  }

  static std::string PathOf(int64_t base) {
    return "/p-0/" + SegmentFileName({base}, kLogSuffix);
  }
  void Put(int64_t base, size_t bytes) {
    const auto file = files_->Open(PathOf(base), OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, std::string(bytes, 'x')).ok());
  }
  absl::StatusOr<bool> Is() const {
    return IsAsClosed(*files_, "/p-0", known_, bounds_);
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
  KnownLog known_{.segments = {{Offset{0}, 3}, {Offset{10}, 3}},
                  .end = Offset{20}};
  LogBounds bounds_{.recovery_point = Offset{20}};
};

TEST_F(AsClosed, IsAPartitionThatNobodyHasWritten) {
  EXPECT_THAT(Is(), IsOkAndHolds(true));
  // It was cut, or goes on.
  bounds_.recovery_point = Offset{15};
  EXPECT_THAT(Is(), IsOkAndHolds(false));
}

TEST_F(AsClosed, IsNoneOfWhichAFileIsGone) {
  CAUCE_CHECK(files_->RemoveFile(PathOf(0)).ok());
  EXPECT_THAT(Is(), IsOkAndHolds(false));
  CAUCE_CHECK(files_->RemoveFile(PathOf(10)).ok());
  EXPECT_THAT(Is(), IsOkAndHolds(false));
}

TEST_F(AsClosed, IsNoneThatWasAppendedTo) {
  Put(10, 4);
  EXPECT_THAT(Is(), IsOkAndHolds(false));
}

TEST_F(AsClosed, IsNotKnownWhereItsNamesCannotBeListed) {
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kList, "/p-0",
               MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(IsAsClosed(failing, "/p-0", known_, bounds_),
              test::HasReason(Reason::kDiskFailed));
}

TEST_F(AsClosed, IsNoneWithoutADirectory) {
  EXPECT_THAT(IsAsClosed(*files_, "/p-1", known_, bounds_),
              IsOkAndHolds(false));
}

}  // namespace
}  // namespace cauce
