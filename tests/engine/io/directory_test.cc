// What cauce/file_system.h promises of directories: the names in them, their
// locks and who watches them, asked of every file system.
#include "cauce/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "tests/engine/io/every_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Disk;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kEveryMode;
using test::Kind;
using test::NameOf;
using test::ReadAt;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

constexpr absl::StatusCode kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kFailedPrecondition =
    absl::StatusCode::kFailedPrecondition;
constexpr absl::StatusCode kInvalidArgument =
    absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;

// More than any machine needs to get round to it; never waited out.
constexpr absl::Duration kLong = absl::Minutes(10);

auto IsFileNamed(const std::string& name) {
  return AllOf(Field(&DirectoryEntry::name, name),
               Field(&DirectoryEntry::is_directory, false));
}

auto IsDirectoryNamed(const std::string& name) {
  return AllOf(Field(&DirectoryEntry::name, name),
               Field(&DirectoryEntry::is_directory, true));
}

class EveryFileSystem : public test::EveryFileSystem {};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryFileSystem,
                         ::testing::Values(Kind::kPosixDisk, Kind::kMemory),
                         [](const auto& instance) {
                           return NameOf(instance.param);
                         });

// Names.

TEST_P(EveryFileSystem, CreatesEveryMissingDirectory) {
  EXPECT_THAT(files().CreateDirectories(Path("a/b//c/")), IsOk());
  EXPECT_THAT(files().Info(Path("a/b/c")),
              IsOkAndHolds(Field(&FileInfo::is_directory, true)));
  EXPECT_THAT(files().CreateDirectories(Path("a/b/c")), IsOk());
  EXPECT_THAT(files().CreateDirectories("/"), IsOk());
}

TEST_P(EveryFileSystem, CreatesOneDirectoryWhereTheOneAboveIsThere) {
  EXPECT_THAT(files().CreateDirectory(Path("dir/below")), StatusIs(kNotFound));
  EXPECT_THAT(files().CreateDirectory(Path("dir")), IsOk());
  EXPECT_THAT(files().CreateDirectory(Path("dir")), IsOk());
  EXPECT_THAT(files().CreateDirectory(Path("dir/below")), IsOk());
  Make("file", "");
  EXPECT_THAT(files().CreateDirectory(Path("file")), StatusIs(kAlreadyExists));
}

TEST_P(EveryFileSystem, AFileInTheWayOfADirectoryIsAnError) {
  Make("file", "");
  EXPECT_THAT(files().CreateDirectories(Path("file")),
              StatusIs(kAlreadyExists));
  EXPECT_THAT(files().CreateDirectories(Path("file/below")),
              StatusIs(kFailedPrecondition));
}

TEST_P(EveryFileSystem, ListsNamesInOrderAndTellsDirectories) {
  for (std::string_view name : {"b", "a", "c.log", "B", "10", "9"}) {
    Make(name, "");
  }
  ASSERT_THAT(files().CreateDirectories(Path("ab/inner")), IsOk());
  EXPECT_THAT(files().List(disk_.path()),
              IsOkAndHolds(ElementsAre(IsFileNamed("10"), IsFileNamed("9"),
                                       IsFileNamed("B"), IsFileNamed("a"),
                                       IsDirectoryNamed("ab"), IsFileNamed("b"),
                                       IsFileNamed("c.log"))));
  EXPECT_THAT(files().List(Path("ab/inner")), IsOkAndHolds(IsEmpty()));
}

TEST_P(EveryFileSystem, ListsNamesInOrderThatDifferLateOrEndEarly) {
  // Longer than what is compared of a name at once, and a high byte.
  const std::string front(16, 'p');
  const std::vector<std::string> names = {"p",         front,     front + "-1",
                                          front + "-10", front + "-2", "q\xc3"};
  for (const int i : {3, 5, 0, 4, 2, 1}) {
    ASSERT_THAT(files().CreateDirectory(Path(names[i])), IsOk());
  }

  const auto listed = files().List(disk_.path());

  ASSERT_THAT(listed, IsOk());
  std::vector<std::string> told;
  for (const DirectoryEntry& entry : *listed) told.push_back(entry.name);
  EXPECT_EQ(told, names);
}

TEST_P(EveryFileSystem, ListsDirectoriesOnly) {
  Make("file", "");
  EXPECT_THAT(files().List(Path("file")), StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().List(Path("absent")), StatusIs(kNotFound));
}

TEST_P(EveryFileSystem, InfoTellsSizeTimeAndKind) {
  const absl::Time before = absl::Now() - absl::Minutes(1);
  Make("file", "four");
  ASSERT_THAT(files().CreateDirectories(Path("dir")), IsOk());

  const auto file = files().Info(Path("file"));
  const auto directory = files().Info(Path("dir"));

  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->bytes, 4);
  EXPECT_FALSE(file->is_directory);
  EXPECT_GT(file->modified, before);
  EXPECT_LT(file->modified, absl::Now() + absl::Minutes(1));
  ASSERT_THAT(directory, IsOk());
  EXPECT_TRUE(directory->is_directory);
  EXPECT_GT(directory->modified, before);
}

TEST_P(EveryFileSystem, ATimeThatIsSetStaysWhileNothingChangesTheFile) {
  Make("file", "four");
  const absl::Time time = absl::FromUnixSeconds(1'000'000'000);
  const auto modified = [this](std::string_view name) {
    const auto info = files().Info(Path(name));
    EXPECT_THAT(info, IsOk());
    return info.ok() ? info->modified : absl::InfinitePast();
  };
  {
    const auto reader = files().Open(Path("file"), OpenMode::kRead);
    ASSERT_THAT(reader, IsOk());
    EXPECT_THAT((*reader)->SetModified(time), HasReason(Reason::kReadOnly));
  }
  const auto file = files().Open(Path("file"), OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());

  ASSERT_THAT((*file)->SetModified(time), IsOk());
  ASSERT_THAT((*file)->Sync(), IsOk());
  ASSERT_THAT(files().Rename(Path("file"), Path("renamed")), IsOk());

  EXPECT_EQ(modified("renamed"), time);
  ASSERT_THAT((*file)->Write(0, "F"), IsOk());
  EXPECT_GT(modified("renamed"), time);
}

TEST_P(EveryFileSystem, AnIdGoesWithAFileAndADirectoryWhateverTheirNames) {
  Make("file", "v");
  Make("new", "v");
  ASSERT_THAT(files().CreateDirectories(Path("dir")), IsOk());
  ASSERT_THAT(files().CreateDirectories(Path("new dir")), IsOk());
  const auto id = [this](std::string_view name) {
    const auto info = files().Info(Path(name));
    EXPECT_THAT(info, IsOk());
    return info.ok() ? info->id : 0;
  };
  const uint64_t old_file = id("file");
  const uint64_t new_file = id("new");
  const uint64_t old_directory = id("dir");
  const uint64_t new_directory = id("new dir");
  const uint64_t all[] = {old_file, new_file, old_directory, new_directory};
  EXPECT_EQ(std::set<uint64_t>(std::begin(all), std::end(all)).size(), 4u);
  EXPECT_THAT(all, Not(Contains(0u)));

  ASSERT_THAT(files().Rename(Path("new"), Path("file")), IsOk());
  EXPECT_EQ(id("file"), new_file);
  ASSERT_THAT(files().Rename(Path("dir"), Path("old dir")), IsOk());
  ASSERT_THAT(files().Rename(Path("new dir"), Path("dir")), IsOk());
  EXPECT_EQ(id("dir"), new_directory);
  EXPECT_EQ(id("old dir"), old_directory);
}

TEST_P(EveryFileSystem, RenameGivesAFileAnotherName) {
  Make("from", "text");
  ASSERT_THAT(files().CreateDirectories(Path("dir")), IsOk());
  EXPECT_THAT(files().Rename(Path("from"), Path("dir/to")), IsOk());
  EXPECT_THAT(files().Info(Path("from")), StatusIs(kNotFound));
  EXPECT_EQ(Contents("dir/to"), "text");
  EXPECT_THAT(files().Rename(Path("dir/to"), Path("dir/to")), IsOk());
  EXPECT_EQ(Contents("dir/to"), "text");
}

TEST_P(EveryFileSystem, RenameTakesThePlaceOfAnExistingFile) {
  const auto replaced = Make("to", "old");
  const auto renamed = Make("from", "new");
  EXPECT_THAT(files().Rename(Path("from"), Path("to")), IsOk());

  EXPECT_EQ(Contents("to"), "new");
  EXPECT_THAT(files().List(disk_.path()),
              IsOkAndHolds(ElementsAre(IsFileNamed("to"))));
  EXPECT_EQ(ReadAt(*replaced, 0, 3), "old");
  EXPECT_THAT(renamed->Write(3, "er"), IsOk());
  EXPECT_EQ(Contents("to"), "newer");
}

TEST_P(EveryFileSystem, RenameNeedsWhatItRenamesAndWhereItGoes) {
  Make("file", "");
  EXPECT_THAT(files().Rename(Path("absent"), Path("to")),
              StatusIs(kNotFound, HasSubstr(Path("absent"))));
  EXPECT_THAT(files().Rename(Path("file"), Path("absent/to")),
              StatusIs(kNotFound));
}

TEST_P(EveryFileSystem, RenameMovesADirectoryWithWhatIsInIt) {
  ASSERT_THAT(files().CreateDirectories(Path("from/inner")), IsOk());
  const auto open = Make("from/inner/file", "text");
  EXPECT_THAT(files().Rename(Path("from"), Path("to")), IsOk());
  EXPECT_EQ(Contents("to/inner/file"), "text");
  EXPECT_THAT(open->Write(4, "!"), IsOk());
  EXPECT_EQ(Contents("to/inner/file"), "text!");
}

TEST_P(EveryFileSystem, ADirectoryTakesThePlaceOfAnEmptyOneOnly) {
  ASSERT_THAT(files().CreateDirectories(Path("from")), IsOk());
  ASSERT_THAT(files().CreateDirectories(Path("empty")), IsOk());
  ASSERT_THAT(files().CreateDirectories(Path("full/inner")), IsOk());
  Make("file", "");
  EXPECT_THAT(files().Rename(Path("from"), Path("full")),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().Rename(Path("from"), Path("file")),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().Rename(Path("file"), Path("empty")),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().Rename(Path("full"), Path("full/inner/deeper")),
              StatusIs(kInvalidArgument));
  EXPECT_THAT(files().Rename(Path("from"), Path("empty")), IsOk());
}

TEST_P(EveryFileSystem, AnOpenFileOutlivesItsName) {
  const auto file = Make("file", "text");
  EXPECT_THAT(files().RemoveFile(Path("file")), IsOk());
  EXPECT_THAT(files().Info(Path("file")), StatusIs(kNotFound));
  Make("file", "another");

  EXPECT_EQ(ReadAt(*file, 0, 10), "text");
  EXPECT_THAT(file->Write(4, "!"), IsOk());
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(ReadAt(*file, 0, 10), "text!");
  EXPECT_EQ(Contents("file"), "another");
}

TEST_P(EveryFileSystem, RemovesFilesAndEmptyDirectoriesEachWithItsOwnCall) {
  Make("file", "");
  ASSERT_THAT(files().CreateDirectories(Path("dir/inner")), IsOk());
  EXPECT_THAT(files().RemoveFile(Path("dir")), StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().RemoveDirectory(Path("file")),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().RemoveDirectory(Path("dir")),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().RemoveDirectory(Path("dir/inner")), IsOk());
  EXPECT_THAT(files().RemoveDirectory(Path("dir")), IsOk());
  EXPECT_THAT(files().RemoveFile(Path("file")), IsOk());
  EXPECT_THAT(files().List(disk_.path()), IsOkAndHolds(IsEmpty()));
}

TEST_P(EveryFileSystem, RemovesOnlyWhatExists) {
  EXPECT_THAT(files().RemoveFile(Path("absent")), StatusIs(kNotFound));
  EXPECT_THAT(files().RemoveDirectory(Path("absent")), StatusIs(kNotFound));
  EXPECT_THAT(files().SyncDirectory(Path("absent")), StatusIs(kNotFound));
}

// Locks.

TEST_P(EveryFileSystem, ASecondLockInThisProcessIsRefusedAndNamesTheHolder) {
  const auto first = files().Lock(Path(".lock"), "pid 7, the indexer");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(Contents(".lock"), "pid 7, the indexer");

  const auto second = files().Lock(Path(".lock"), "pid 8");
  EXPECT_THAT(second, HasReason(Reason::kLocked));
  EXPECT_THAT(second, StatusIs(kFailedPrecondition,
                               AllOf(HasSubstr(Path(".lock")),
                                     HasSubstr("pid 7, the indexer"))));
  EXPECT_EQ(Contents(".lock"), "pid 7, the indexer");
}

TEST_P(EveryFileSystem, ALockIsFreeAgainWhenItsHolderLetsGo) {
  {
    ASSERT_THAT(files().Lock(Path(".lock"), "a long first owner"), IsOk());
  }
  EXPECT_EQ(Contents(".lock"), "");
  const auto again = files().Lock(Path(".lock"), "second");
  EXPECT_THAT(again, IsOk());
  EXPECT_EQ(Contents(".lock"), "second");
}

TEST_P(EveryFileSystem, ClosingAnotherDescriptorOfTheFileKeepsTheLock) {
  const auto lock = files().Lock(Path(".lock"), "owner");
  ASSERT_THAT(lock, IsOk());
  {
    EXPECT_THAT(files().Open(Path(".lock"), OpenMode::kReadWrite), IsOk());
  }
  EXPECT_THAT(files().Lock(Path(".lock"), ""), HasReason(Reason::kLocked));
}

TEST_P(EveryFileSystem, WhatAHolderWroteIsQuotedOnOneLineAndBounded) {
  const std::string owner = "line\nline\x1b[31m" + std::string(100'000, 'x');
  const auto lock = files().Lock(Path(".lock"), owner);
  ASSERT_THAT(lock, IsOk());
  EXPECT_EQ(Contents(".lock"), owner);

  const absl::Status refused = files().Lock(Path(".lock"), "").status();
  const std::string message(refused.message());
  EXPECT_THAT(message.size(), Le(1000u));
  EXPECT_THAT(message, AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\x1b"))));
}

TEST_P(EveryFileSystem, LocksOnlyAFileInADirectoryThatExists) {
  ASSERT_THAT(files().CreateDirectories(Path("dir")), IsOk());
  EXPECT_THAT(files().Lock(Path("dir"), ""), StatusIs(kFailedPrecondition));
  EXPECT_THAT(files().Lock(Path("absent/.lock"), ""), StatusIs(kNotFound));
}

// Watches.

TEST_P(EveryFileSystem, AWatchWakesForEveryKindOfChange) {
  const auto file = Make("file", "");
  const auto watch = files().Watch({{disk_.path()}});
  ASSERT_THAT(watch, IsOk());
  const auto changed = [&] { return (*watch)->Wait(kLong); };
  const auto quiet = [&] { return (*watch)->Wait(absl::ZeroDuration()); };
  EXPECT_THAT(quiet(), IsOkAndHolds(false));

  EXPECT_THAT(file->Write(0, "text"), IsOk());
  EXPECT_THAT(changed(), IsOkAndHolds(true));
  EXPECT_THAT(quiet(), IsOkAndHolds(false));

  EXPECT_THAT(file->Truncate(1), IsOk());
  EXPECT_THAT(changed(), IsOkAndHolds(true));

  EXPECT_THAT(files().Open(Path("new"), OpenMode::kCreate), IsOk());
  EXPECT_THAT(changed(), IsOkAndHolds(true));

  EXPECT_THAT(files().Rename(Path("new"), Path("newer")), IsOk());
  EXPECT_THAT(changed(), IsOkAndHolds(true));

  EXPECT_THAT(files().RemoveFile(Path("newer")), IsOk());
  EXPECT_THAT(changed(), IsOkAndHolds(true));
  EXPECT_THAT(quiet(), IsOkAndHolds(false));
}

TEST_P(EveryFileSystem, AWatchSeesSeveralDirectoriesButNotThoseBelow) {
  for (std::string_view name : {"a", "b", "b/below", "c"}) {
    ASSERT_THAT(files().CreateDirectories(Path(name)), IsOk());
  }
  const auto watch = files().Watch({{Path("a"), Path("b")}});
  ASSERT_THAT(watch, IsOk());

  Make("c/file", "text");
  Make("b/below/file", "text");
  EXPECT_THAT((*watch)->Wait(absl::ZeroDuration()), IsOkAndHolds(false));
  Make("b/file", "text");
  EXPECT_THAT((*watch)->Wait(kLong), IsOkAndHolds(true));
  Make("a/file", "text");
  EXPECT_THAT((*watch)->Wait(kLong), IsOkAndHolds(true));
}

TEST_P(EveryFileSystem, AWatchFollowsAFileToItsNewDirectory) {
  ASSERT_THAT(files().CreateDirectories(Path("from")), IsOk());
  ASSERT_THAT(files().CreateDirectories(Path("to")), IsOk());
  const auto file = Make("from/file", "");
  ASSERT_THAT(files().Rename(Path("from/file"), Path("to/file")), IsOk());
  const auto from = files().Watch({{Path("from")}});
  const auto to = files().Watch({{Path("to")}});
  ASSERT_THAT(from, IsOk());
  ASSERT_THAT(to, IsOk());

  EXPECT_THAT(file->Write(0, "text"), IsOk());
  EXPECT_THAT((*to)->Wait(kLong), IsOkAndHolds(true));
  EXPECT_THAT((*from)->Wait(absl::ZeroDuration()), IsOkAndHolds(false));
}

TEST_P(EveryFileSystem, NothingWrittenBesideAWaitIsMissed) {
  constexpr int kWrites = 1000;
  const auto file = Make("file", "");
  const auto watch = files().Watch({{disk_.path()}});
  ASSERT_THAT(watch, IsOk());
  std::thread writer([&] {
    for (int i = 0; i < kWrites; ++i) {
      EXPECT_THAT(file->Write(i, "x"), IsOk());
    }
  });
  // Look first, then wait: whoever misses a wake-up waits here for ever.
  while (*file->Size() < kWrites) {
    ASSERT_THAT((*watch)->Wait(absl::InfiniteDuration()), IsOk());
  }
  writer.join();
}

TEST_P(EveryFileSystem, WatchesOnlyDirectoriesThatExist) {
  Make("file", "");
  EXPECT_THAT(files().Watch({{Path("absent")}}), StatusIs(kNotFound));
  EXPECT_THAT(files().Watch({{Path("file")}}), StatusIs(kFailedPrecondition));
}

// What one promises beyond the other must not be leant on: random operations
// on names come out alike on both.
TEST(MemoryFileSystem, AnswersLikeTheDiskWhateverHappensToNames) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  Disk posix(Kind::kPosixDisk);
  Disk memory(Kind::kMemory);
  const std::vector<std::string> names = {"a",     "b",     "a/b",   "b/a",
                                          "a/b/a", "b/a/b", "a/./b", "b//a"};
  // Each returns what the caller sees of one operation.
  const auto run = [&](Disk& disk, uint32_t operation, const std::string& one,
                       const std::string& other) -> std::string {
    const std::string path = disk.Path(one);
    const auto said = [](const absl::Status& status) {
      return absl::StatusCodeToString(status.code());
    };
    switch (operation) {
      case 0:
      case 1:
        return said(disk.files().CreateDirectories(path));
      case 2:
        return said(disk.files().RemoveFile(path));
      case 3:
        return said(disk.files().RemoveDirectory(path));
      case 4:
      case 5:
        return said(disk.files().Rename(path, disk.Path(other)));
      case 6: {
        const auto info = disk.files().Info(path);
        if (!info.ok()) return said(info.status());
        return info->is_directory ? "/" : std::to_string(info->bytes);
      }
      case 7: {
        const auto entries = disk.files().List(path);
        if (!entries.ok()) return said(entries.status());
        return ::testing::PrintToString(*entries);
      }
      default: {
        const auto file = disk.files().Open(path, kEveryMode[operation % 4]);
        if (!file.ok()) return said(file.status());
        return said((*file)->Write(*(*file)->Size(), "x"));
      }
    }
  };
  for (int step = 0; step < 5000; ++step) {
    const uint32_t operation = random() % 12;
    const std::string& one = names[random() % names.size()];
    const std::string& other = names[random() % names.size()];
    ASSERT_EQ(run(memory, operation, one, other),
              run(posix, operation, one, other))
        << "step " << step << ": operation " << operation << " on " << one
        << " and " << other;
  }
}

TEST(MemoryFileSystem, WhatIsOpenOutlivesIt) {
  auto files = NewMemoryFileSystem();
  auto file = *files->Open("/file", OpenMode::kCreate);
  auto lock = *files->Lock("/.lock", "owner");
  auto watch = *files->Watch({{std::string("/")}});
  files.reset();

  EXPECT_THAT(file->Write(0, "text"), IsOk());
  EXPECT_EQ(ReadAt(*file, 0, 4), "text");
  EXPECT_THAT(watch->Wait(kLong), IsOkAndHolds(true));
}

TEST(MemoryFileSystem, RelativePathsBeginAtTheRoot) {
  auto files = NewMemoryFileSystem();
  EXPECT_THAT(files->CreateDirectories("dir"), IsOk());
  EXPECT_THAT(files->Open("dir/../dir/file", OpenMode::kCreate), IsOk());
  EXPECT_THAT(files->Info("/dir/file"), IsOk());
  EXPECT_THAT(files->Info("/../.."),
              IsOkAndHolds(Field(&FileInfo::is_directory, true)));
  EXPECT_THAT(files->RemoveDirectory("/"), StatusIs(kFailedPrecondition));
}

}  // namespace
}  // namespace cauce
