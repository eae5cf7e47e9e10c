#include "engine/catalog/copied_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::StatusIs;

const TopicPartition kFirst{"a", PartitionId{0}};
const TopicPartition kSecond{"a", PartitionId{1}};
const TopicPartition kThird{"b", PartitionId{0}};

// Counts looks, and fails those at one path.
class Looks final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    ++count_;
    if (path == unseen_) return absl::PermissionDeniedError("no");
    return FailingFileSystem::Info(path);
  }

  int count_ = 0;
  std::string unseen_;
};

class CopiedDirectory : public ::testing::Test {
 protected:
  CopiedDirectory() {
    for (const TopicPartition& name : {kFirst, kSecond, kThird}) {
      CAUCE_CHECK(files_->CreateDirectories("/d/" + name.ToString()).ok());
    }
  }

  uint64_t IdOf(const TopicPartition& name) const {
    return files_->Info("/d/" + name.ToString())->id;
  }

  static KnownLog LogIn(uint64_t id) {
    return {.directory = {.id = id, .changed_ns = 5},
            .log_changed_ns = 6,
            .segments = {{Offset{0}, 100}},
            .end = Offset{9},
            .missing = {{Offset{2}, Offset{4}}}};
  }

  // What was noted of a directory is read in `files`.
  Manifest Read(FileSystem& files, uint64_t first, uint64_t second,
                uint64_t third) {
    const std::string parts[] = {*EncodeKnownLog(LogIn(first)),
                                 *EncodeKnownLog(LogIn(second)),
                                 *EncodeKnownLog(LogIn(third))};
    const auto bytes = FormatManifest(
        {{kFirst, {.part = parts[0], .recovery_point = Offset{9}}},
         {kSecond, {.part = parts[1]}},
         {kThird, {.part = parts[2]}}},
        BoundsSums());
    auto manifest = Manifest::Parse("/d/cauce.segments", *bytes);
    CAUCE_CHECK(manifest.ok());
    return ReadInCopy(files, "/d", *std::move(manifest), &unseen_);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const uint64_t other_ = 1'000'000;
  absl::Status unseen_;
};

TEST_F(CopiedDirectory, HasAllThatWasNotedButForTimesWhereNoIdIsTheSame) {
  const Manifest read = Read(*files_, other_, other_ + 1, other_ + 2);
  for (const TopicPartition& name : {kFirst, kSecond, kThird}) {
    KnownLog log = LogIn(IdOf(name));
    log.directory.changed_ns = 0;
    EXPECT_EQ(FindKnown(read, name), log);
  }
  EXPECT_EQ(read.rows().at(kFirst).recovery_point, Offset{9});
}

TEST_F(CopiedDirectory, IsNoneWhereOneIdIsTheSame) {
  const Manifest read = Read(*files_, other_, other_ + 1, IdOf(kThird));
  EXPECT_EQ(FindKnown(read, kFirst), LogIn(other_));
  EXPECT_EQ(FindKnown(read, kThird), LogIn(IdOf(kThird)));
}

// Nothing beside it says that it was put there by itself.
TEST_F(CopiedDirectory, IsWhereTheOnlyPartitionThatHasAPartWasPutByItself) {
  for (const TopicPartition& name : {kSecond, kThird}) {
    ASSERT_THAT(files_->RemoveDirectory("/d/" + name.ToString()), IsOk());
  }
  const Manifest alone = Read(*files_, other_, other_ + 1, other_ + 2);
  EXPECT_EQ(FindKnown(alone, kFirst)->directory.id, IdOf(kFirst));
}

TEST_F(CopiedDirectory, MayHaveLostPartitionsAndOnesWithoutAnId) {
  ASSERT_THAT(files_->RemoveDirectory("/d/" + kSecond.ToString()), IsOk());
  const Manifest read = Read(*files_, other_, other_ + 1, 0);
  EXPECT_EQ(FindKnown(read, kFirst)->directory.id, IdOf(kFirst));
  EXPECT_EQ(FindKnown(read, kSecond), LogIn(other_ + 1));
  EXPECT_EQ(FindKnown(read, kThird), LogIn(0));
}

TEST_F(CopiedDirectory, LosesNoPartButOfTheOneThatCannotBeLookedAt) {
  Looks looks(*files_);
  looks.unseen_ = "/d/" + kSecond.ToString();
  const Manifest read = Read(looks, other_, other_ + 1, other_ + 2);
  EXPECT_EQ(FindKnown(read, kFirst)->directory.id, IdOf(kFirst));
  EXPECT_EQ(FindKnown(read, kSecond), LogIn(other_ + 1));
  EXPECT_EQ(FindKnown(read, kThird)->directory.id, IdOf(kThird));
  EXPECT_THAT(unseen_, StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(CopiedDirectory, IsNoneWhereAnotherOneTellsThanCannotBeLookedAt) {
  Looks looks(*files_);
  looks.unseen_ = "/d/" + kFirst.ToString();
  const Manifest read = Read(looks, other_, other_ + 1, IdOf(kThird));
  EXPECT_EQ(FindKnown(read, kFirst), LogIn(other_));
  EXPECT_THAT(unseen_, IsOk());
}

TEST_F(CopiedDirectory, IsLookedForNoFurtherThanToTheFirstThatIsNone) {
  Looks looks(*files_);
  Read(looks, IdOf(kFirst), IdOf(kSecond), IdOf(kThird));
  EXPECT_EQ(looks.count_, 1);
}

}  // namespace
}  // namespace cauce
