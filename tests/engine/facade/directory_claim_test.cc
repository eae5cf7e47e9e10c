#include "engine/facade/directory_claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "cauce/errors.h"
#include "engine/catalog/meta_properties.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using IfMissing = DirectoryClaim::IfMissing;

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return ++next_; }

 private:
  uint64_t next_ = 0;
};

class Claim : public ::testing::Test {
 protected:
  absl::StatusOr<DirectoryClaim> Take(
      IfMissing if_missing = IfMissing::kCreate) {
    return DirectoryClaim::Take(*files_, "/a/data", if_missing, random_);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  CountingRandom random_;
};

TEST_F(Claim, MakesTheDirectoryOnlyWhereThatIsWanted) {
  EXPECT_THAT(Take(IfMissing::kFail), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Take(), IsOk());
  EXPECT_THAT(Take(IfMissing::kFail), IsOk());
  EXPECT_THAT(CheckIsDirectory(*files_, "/a/data"), IsOk());
}

TEST_F(Claim, AFileIsNoDirectory) {
  ASSERT_THAT(files_->CreateDirectories("/a"), IsOk());
  ASSERT_THAT(files_->Open("/a/data", OpenMode::kCreate), IsOk());
  EXPECT_THAT(Take(), HasReason(Reason::kInvalidOption));
}

TEST_F(Claim, ExcludesEveryOtherWhileItLives) {
  {
    const auto first = Take();
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(Take(), HasReason(Reason::kLocked));
  }
  EXPECT_THAT(Take(), IsOk());
}

TEST_F(Claim, TheDirectoryKeepsItsIdentity) {
  ASSERT_THAT(Take(), IsOk());
  const auto made = ReadMetaProperties(*files_, "/a/data");
  ASSERT_THAT(made, IsOk());
  EXPECT_TRUE(made->directory_id.has_value());
  ASSERT_THAT(Take(), IsOk());
  const auto again = ReadMetaProperties(*files_, "/a/data");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->directory_id, made->directory_id);
}

TEST_F(Claim, AStopIsCleanOnlyBehindTheEnd) {
  const auto was_clean = [this](bool ends) {
    auto claim = Take();
    EXPECT_THAT(claim, IsOk());
    EXPECT_THAT(claim->Begin(), IsOk());
    if (ends) {
      EXPECT_THAT(claim->End(""), IsOk());
    }
    return claim->clean_stop();
  };
  EXPECT_FALSE(was_clean(true));
  EXPECT_TRUE(was_clean(false));
  EXPECT_FALSE(was_clean(false));
}

}  // namespace
}  // namespace cauce
