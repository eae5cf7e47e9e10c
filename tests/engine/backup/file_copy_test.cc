#include "engine/backup/file_copy.h"

#include <memory>
#include <string>
#include <vector>

#include "engine/base/crc32c.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

class FileCopies : public ::testing::Test {
 protected:
  FileCopies() : files_(NewMemoryFileSystem()), bytes_(3'000'000, 'a') {
    bytes_[2'000'000] = 'b';
    Write("/source", bytes_);
  }

  void Write(const std::string& path, const std::string& bytes) {
    const auto file = files_->Open(path, OpenMode::kOpenOrCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Truncate(0), IsOk());
    ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  }

  const std::unique_ptr<FileSystem> files_;
  std::string bytes_;
  std::vector<int64_t> told_;
  const BackupProgressSink sink_ = [this](const BackupProgress& far) {
    told_.push_back(far.bytes);
    return absl::OkStatus();
  };
  CopyMeter meter_{sink_};
};

TEST_F(FileCopies, HoldTheFrontOfTheFileInPlaceOfWhatWasThere) {
  Write("/target", std::string(4'000'000, 'x'));

  const auto crc = CopyFile({*files_, "/source"}, {*files_, "/target"},
                            2'500'000, meter_);

  const std::string front = bytes_.substr(0, 2'500'000);
  EXPECT_THAT(crc, IsOkAndHolds(Crc32c(front)));
  EXPECT_TRUE(BytesOf(*files_, "/target") == front);
  EXPECT_EQ(told_.back(), 2'500'000);
  EXPECT_THAT(SumFile({*files_, "/target"}, 2'500'000, meter_),
              IsOkAndHolds(Crc32c(front)));
}

TEST_F(FileCopies, OfAFileThatIsShorterByNowAreToldAsThat) {
  EXPECT_THAT(CopyFile({*files_, "/source"}, {*files_, "/target"}, 3'000'001,
                       meter_),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(SumFile({*files_, "/source"}, 3'000'001, meter_),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(FileCopies, EndWhereWhoWatchesSaysSo) {
  const BackupProgressSink sink = [](const BackupProgress&) {
    return absl::CancelledError("enough");
  };
  CopyMeter meter(sink);

  EXPECT_THAT(
      CopyFile({*files_, "/source"}, {*files_, "/target"}, 3'000'000, meter),
      StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace cauce::test
