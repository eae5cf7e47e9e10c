#include "engine/io/pooled_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The process may have so many files open while this lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit lower = {.rlim_cur = limit, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  ~DescriptorLimit() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_;
};

class PooledFiles : public ::testing::Test {
 protected:
  // Takes every descriptor that the pool does not hold.
  void TakeTheRest() {
    for (;;) {
      auto file =
          PosixFileSystem()->Open(dir_ / "other", OpenMode::kOpenOrCreate);
      if (!file.ok()) return;
      others_.push_back(*std::move(file));
    }
  }

  const test::TempDir dir_;
  const DescriptorLimit limit_{64};
  const std::shared_ptr<FilePool> pool_ =
      std::make_shared<FilePool>(*PosixFileSystem(), 1000);
  PooledFileSystem files_{*PosixFileSystem(), pool_};
  std::vector<std::unique_ptr<File>> others_;
};

TEST_F(PooledFiles, ThePoolTakesNoMoreThanItsShareOfTheLimit) {
  std::vector<std::unique_ptr<PooledFile>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<PooledFile>(*pool_, dir_ / std::to_string(i),
                                               OpenMode::kCreate));
    ASSERT_THAT(all.back()->Acquire(), IsOk());
    ASSERT_LE(pool_->open_count(), 48);
  }
}

TEST_F(PooledFiles, FilesAndDirectoriesFindRoomWhereThePoolHasSome) {
  std::vector<std::unique_ptr<PooledFile>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<PooledFile>(*pool_, dir_ / std::to_string(i),
                                               OpenMode::kCreate));
    ASSERT_THAT(all.back()->Acquire(), IsOk());
  }
  TakeTheRest();
  const absl::Status synced = files_.SyncDirectory(dir_.path());
  TakeTheRest();
  const auto entries = files_.List(dir_.path());
  TakeTheRest();
  const auto file = files_.Open(dir_ / "new", OpenMode::kCreate);
  const int open = pool_->open_count();
  // The sanitizers need a descriptor of their own.
  others_.clear();

  EXPECT_THAT(synced, IsOk());
  EXPECT_THAT(entries, IsOkAndHolds(SizeIs(5)));
  EXPECT_THAT(file, IsOk());
  EXPECT_EQ(open, 1);
}

TEST_F(PooledFiles, WhoFindsNoRoomIsToldTheLimitAndWhatToDo) {
  TakeTheRest();
  const absl::Status synced = files_.SyncDirectory(dir_.path());
  others_.clear();
  EXPECT_THAT(synced, StatusIs(absl::StatusCode::kResourceExhausted,
                               AllOf(HasSubstr("64"), HasSubstr("ulimit -n"))));
}

TEST_F(PooledFiles, TellHowMuchIsFreeOnTheDiskBeneath) {
  EXPECT_THAT(files_.FreeBytes("/proc"), IsOkAndHolds(0));
}

TEST_F(PooledFiles, OtherErrorsPass) {
  EXPECT_THAT(files_.Open(dir_ / "absent", OpenMode::kRead),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files_.CreateDirectory(dir_ / "absent/name"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files_.CreateDirectory(dir_ / "name"), IsOk());
  EXPECT_THAT(files_.CreateDirectory(dir_ / "name"), IsOk());
}

}  // namespace
}  // namespace cauce
