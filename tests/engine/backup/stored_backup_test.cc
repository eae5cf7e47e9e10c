#include "engine/backup/stored_backup.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/failing_file_system.h"

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

// What did not end has been emptied with whatever else was put there.
TEST_F(StoredBackups, ThatDidNotEndTakeNothingOfAnothersWithThem) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  Append(*source, "orders", 0, "k", "v");
  BackupOptions options = ToFiles();
  options.progress = [](const BackupProgress&) {
    return absl::CancelledError("enough");
  };
  const std::string backup = "/backups/one";
  ASSERT_THAT(BackupTopic("/data", "orders", backup, options),
              StatusIs(absl::StatusCode::kCancelled));
  const auto before = NamesIn(*files_, backup + "/orders-0", "");

  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "notes.txt"},
      {"/photos", "a.jpg"},
      {"/photos-2024", "a.jpg"},
      {"/orders-0", "notes.txt"},
      {"/orders-0", "000004.log"}};
  for (const auto& [directory, name] : cases) {
    const std::string path = backup + directory + "/" + name;
    SCOPED_TRACE(path);
    ASSERT_THAT(files_->CreateDirectories(backup + directory), IsOk());
    ASSERT_THAT(files_->Open(path, OpenMode::kCreate), IsOk());
    EXPECT_THAT(BackupTopic("/data", "orders", backup, ToFiles()),
                StatusIs(absl::StatusCode::kAlreadyExists,
                         HasSubstr(directory == "/photos" ? "/photos: lies"
                                                          : name + ": lies")));
    EXPECT_THAT(files_->RemoveFile(path), IsOk());
    // Where nothing else is in it.
    files_->RemoveDirectory(backup + directory).IgnoreError();
  }
  EXPECT_EQ(NamesIn(*files_, backup + "/orders-0", ""), before);

  EXPECT_THAT(BackupTopic("/data", "orders", backup, ToFiles()), IsOk());
}

TEST_F(StoredBackups, AreMadeByOneAtATime) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  Append(*source, "orders", 0, "k", "v");
  BackupOptions options = ToFiles();
  int refused = 0;
  options.progress = [&](const BackupProgress&) {
    const auto second =
        BackupTopic("/data", "orders", "/backups/one", ToFiles());
    refused += ReasonOf(second.status()) == Reason::kLocked ? 1 : 0;
    EXPECT_THAT(second, HasReason(Reason::kLocked));
    return absl::OkStatus();
  };

  ASSERT_THAT(BackupTopic("/data", "orders", "/backups/one", options), IsOk());

  EXPECT_GE(refused, 2);
  auto target = OpenAt(*files_, "/other");
  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());
  EXPECT_THAT(ReadAll(PartitionOf(*target, "orders", 0)),
              ::testing::ElementsAre("0:v"));
}

TEST_F(StoredBackups, ThatLoseALogBeforeTheyEndAreNone) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  Append(*source, "orders", 0, "k", "v");
  Append(*source, "orders", 1, "k", "v");
  // A hand takes it away once all was copied, and found to be whole.
  FailingFileSystem target(*files_);
  const std::string log = "/backups/one/orders-1/00000000000000000000.log";
  bool is_gone = false;
  target.set_during(FileCall::kList, "/backups/one/orders-1", [&] {
    const bool is_closed =
        files_->Info("/backups/one/.kafka_cleanshutdown").ok();
    if (!is_closed || is_gone) return;
    is_gone = true;
    EXPECT_THAT(files_->RemoveFile(log), IsOk());
  });
  BackupOptions options = ToFiles();
  options.target_file_system = &target;

  const auto backup = BackupTopic("/data", "orders", "/backups/one", options);

  EXPECT_TRUE(is_gone);
  EXPECT_THAT(backup, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(MessageOf(backup.status()), HasSubstr(log));
  EXPECT_THAT(VerifyBackup(*files_, "/backups/one", nullptr),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce::test
