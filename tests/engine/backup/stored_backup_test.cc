#include "engine/backup/stored_backup.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"

namespace cauce::test {
namespace {

using ::testing::HasSubstr;

class StoredBackups : public Backups {};

TEST_F(StoredBackups, ThatEndEarlyAreNoneAndBeginAnew) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  Append(*source, "orders", 1, "k", "v");
  BackupOptions options = ToFiles();
  options.progress = [](const BackupProgress&) {
    return absl::CancelledError("enough");
  };

  const auto cancelled =
      BackupTopic("/data", "orders", "/backups/one", options);

  EXPECT_THAT(cancelled, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(VerifyBackup(*files_, "/backups/one", nullptr),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("did not end")));
  EXPECT_THAT(BackupTopic("/data", "orders", "/backups/one", ToFiles()),
              IsOk());
  EXPECT_THAT(VerifyBackup(*files_, "/backups/one", nullptr), IsOk());
}

TEST_F(StoredBackups, TouchNothingThatIsThere) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  ASSERT_THAT(BackupTopic("/data", "orders", "/backups/one", ToFiles()),
              IsOk());

  EXPECT_THAT(BackupTopic("/data", "orders", "/backups/one", ToFiles()),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("whole backup")));
  EXPECT_THAT(BackupTopic("/data", "orders", "/data", ToFiles()),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("is not empty")));
  EXPECT_THAT(BackupTopic("/data", "nothing", "/backups/two", ToFiles()),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(files_->Info("/backups/two"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(VerifyBackup(*files_, "/backups", nullptr),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no backup")));
}

}  // namespace
}  // namespace cauce::test
