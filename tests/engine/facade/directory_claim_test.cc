#include "engine/facade/directory_claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
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

// It alone may know what compacted topics miss.
TEST_F(Claim, KeepsAManifestWhoseMarkWasDamagedUntilABrokerClosesBehindIt) {
  const std::string manifest = *FormatManifest(
      {{{"orders", PartitionId{0}}, {.part = "part"}}}, {});
  const auto close = [&](std::string_view mark) {
    ASSERT_THAT(files_->CreateDirectories("/a/data"), IsOk());
    ASSERT_THAT(ReplaceFile(*files_, "/a/data", kManifestFile, manifest),
                IsOk());
    ASSERT_THAT(ReplaceFile(*files_, "/a/data", kCleanShutdownFile, mark),
                IsOk());
  };
  const std::string brokers = R"({"version":0,"brokerEpoch":-1})";
  for (const char* kept : {"/a/data/cauce.segments.cut",
                           "/a/data/cauce.segments.cut.1"}) {
    close(brokers + "\ncauce.segmentz 01234567\n");
    auto claim = Take();
    ASSERT_THAT(claim, IsOk());
    EXPECT_TRUE(claim->clean_stop());
    EXPECT_THAT(claim->ReadManifest(), HasReason(Reason::kCorruptFile));
    EXPECT_THAT(claim->ClearUnnamedManifest(), IsOkAndHolds(kept));
    EXPECT_THAT(ReadWholeFile(*files_, kept, 1 << 10), IsOkAndHolds(manifest));
    EXPECT_THAT(claim->ReadManifest(), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(claim->ClearUnnamedManifest(), IsOkAndHolds(""));
  }
  close(brokers);
  auto claim = Take();
  ASSERT_THAT(claim, IsOk());
  EXPECT_THAT(claim->ClearUnnamedManifest(), IsOkAndHolds(""));
  EXPECT_THAT(files_->Info("/a/data/cauce.segments"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files_->Info("/a/data/cauce.segments.cut.2"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce
