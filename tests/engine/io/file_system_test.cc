// What cauce/file_system.h promises, asked of every file system. What only a
// disk can do is asked in posix_file_system_test.cc.
#include "cauce/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/temp_dir.h"

namespace cauce {

void PrintTo(const DirectoryEntry& entry, std::ostream* out) {
  *out << entry.name << (entry.is_directory ? "/" : "");
}

namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
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

constexpr OpenMode kEveryMode[] = {OpenMode::kRead, OpenMode::kReadWrite,
                                   OpenMode::kCreate, OpenMode::kOpenOrCreate};

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

enum class Kind { kPosixDisk, kMemory };

std::string NameOf(Kind kind) {
  return kind == Kind::kPosixDisk ? "PosixDisk" : "Memory";
}

// A file system of one kind with an empty directory in it.
class Disk {
 public:
  explicit Disk(Kind kind)
      : memory_(kind == Kind::kMemory ? NewMemoryFileSystem() : nullptr) {
    if (memory_ != nullptr) {
      EXPECT_THAT(memory_->CreateDirectories(temp_.path()), IsOk());
    }
  }

  FileSystem& files() { return memory_ ? *memory_ : *PosixFileSystem(); }
  std::string Path(std::string_view name) const { return temp_ / name; }
  const std::string& path() const { return temp_.path(); }

 private:
  const test::TempDir temp_;
  const std::unique_ptr<FileSystem> memory_;
};

// Returns what [position, position + bytes) holds, or "error" and its code.
std::string ReadAt(const File& file, int64_t position, size_t bytes) {
  std::string text(bytes, '?');
  const absl::StatusOr<size_t> got = file.Read(position, text);
  if (!got.ok()) return "error: " + got.status().ToString();
  text.resize(*got);
  return text;
}

class EveryFileSystem : public ::testing::TestWithParam<Kind> {
 protected:
  FileSystem& files() { return disk_.files(); }
  std::string Path(std::string_view name) const { return disk_.Path(name); }

  std::unique_ptr<File> Make(std::string_view name, std::string_view text) {
    auto file = files().Open(Path(name), OpenMode::kOpenOrCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, text), IsOk());
    return *std::move(file);
  }

  std::string Contents(std::string_view name) {
    auto file = files().Open(Path(name), OpenMode::kRead);
    if (!file.ok()) return "error: " + file.status().ToString();
    return ReadAt(**file, 0, 1 << 20);
  }

  Disk disk_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryFileSystem,
                         ::testing::Values(Kind::kPosixDisk, Kind::kMemory),
                         [](const auto& instance) {
                           return NameOf(instance.param);
                         });

// Room.

TEST_P(EveryFileSystem, TellsHowMuchMayStillBeWritten) {
  Make("file", "text");
  for (const std::string& path : {disk_.path(), Path("file")}) {
    const auto free = files().FreeBytes(path);
    ASSERT_THAT(free, IsOk());
    EXPECT_GT(*free, 0);
  }
  EXPECT_THAT(files().FreeBytes(Path("absent")),
              StatusIs(kNotFound, HasSubstr(Path("absent"))));
}

// Open modes.

TEST_P(EveryFileSystem, OpensAnExistingFileForReading) {
  Make("file", "text");
  const auto file = files().Open(Path("file"), OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(ReadAt(**file, 0, 4), "text");
}

TEST_P(EveryFileSystem, OpensOnlyWhatExistsUnlessAskedToCreateIt) {
  for (OpenMode mode : {OpenMode::kRead, OpenMode::kReadWrite}) {
    EXPECT_THAT(files().Open(Path("absent"), mode),
                StatusIs(kNotFound, HasSubstr(Path("absent"))));
  }
  EXPECT_THAT(files().Info(Path("absent")), StatusIs(kNotFound));
}

TEST_P(EveryFileSystem, CreatesOnlyWhatDoesNotExist) {
  EXPECT_THAT(files().Open(Path("new"), OpenMode::kCreate), IsOk());
  EXPECT_THAT(files().Open(Path("new"), OpenMode::kCreate),
              StatusIs(kAlreadyExists, HasSubstr(Path("new"))));
}

TEST_P(EveryFileSystem, OpenOrCreateKeepsWhatIsThere) {
  Make("file", "text");
  EXPECT_THAT(files().Open(Path("file"), OpenMode::kOpenOrCreate), IsOk());
  EXPECT_EQ(Contents("file"), "text");
}

TEST_P(EveryFileSystem, EveryModeButReadCanWriteAndReadBack) {
  for (OpenMode mode : {OpenMode::kOpenOrCreate, OpenMode::kReadWrite}) {
    const auto file = files().Open(Path("file"), mode);
    ASSERT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, "text"), IsOk());
    EXPECT_EQ(ReadAt(**file, 0, 4), "text");
  }
  const auto created = files().Open(Path("created"), OpenMode::kCreate);
  ASSERT_THAT(created, IsOk());
  EXPECT_THAT((*created)->Write(0, "text"), IsOk());
  EXPECT_EQ(ReadAt(**created, 0, 4), "text");
}

TEST_P(EveryFileSystem, AFileOpenedForReadingIsNotChanged) {
  Make("file", "text");
  const auto file = files().Open(Path("file"), OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT((*file)->Write(0, "more"), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*file)->Truncate(0), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*file)->Sync(), IsOk());
  EXPECT_EQ(Contents("file"), "text");
}

TEST_P(EveryFileSystem, ADirectoryIsNotOpenedAsAFile) {
  ASSERT_THAT(files().CreateDirectories(Path("dir")), IsOk());
  for (OpenMode mode : kEveryMode) {
    EXPECT_THAT(files().Open(Path("dir"), mode),
                StatusIs(mode == OpenMode::kCreate ? kAlreadyExists
                                                   : kFailedPrecondition));
  }
}

TEST_P(EveryFileSystem, AFileNeedsItsDirectory) {
  EXPECT_THAT(files().Open(Path("absent/file"), OpenMode::kCreate),
              StatusIs(kNotFound));
  Make("file", "");
  EXPECT_THAT(files().Open(Path("file/below"), OpenMode::kCreate),
              StatusIs(kFailedPrecondition));
}

TEST_P(EveryFileSystem, RefusesPathsThatCannotBe) {
  const std::string with_zero("a\0b", 3);
  const std::string long_name(300, 'n');
  EXPECT_THAT(files().Open(Path(with_zero), OpenMode::kOpenOrCreate),
              StatusIs(kInvalidArgument));
  EXPECT_THAT(files().Open(Path(long_name), OpenMode::kOpenOrCreate),
              StatusIs(kInvalidArgument));
  EXPECT_THAT(files().CreateDirectories(std::string(10'000, '/') + long_name),
              Not(IsOk()));
  EXPECT_THAT(files().Open("", OpenMode::kOpenOrCreate), StatusIs(kNotFound));
  EXPECT_THAT(files().CreateDirectories(""), StatusIs(kNotFound));
}

// Reading and writing.

TEST_P(EveryFileSystem, ReadsFewerBytesOnlyWhereTheFileEnds) {
  const auto file = Make("file", "0123456789");
  EXPECT_EQ(ReadAt(*file, 2, 5), "23456");
  EXPECT_EQ(ReadAt(*file, 7, 5), "789");
  EXPECT_EQ(ReadAt(*file, 10, 5), "");
  EXPECT_EQ(ReadAt(*file, int64_t{1} << 40, 5), "");
  EXPECT_EQ(ReadAt(*file, 3, 0), "");
}

TEST_P(EveryFileSystem, ReadingLeavesTheBytesBehindTheEndAlone) {
  const auto file = Make("file", "abc");
  std::string into = "??????";
  EXPECT_THAT(file->Read(1, into), IsOkAndHolds(2u));
  EXPECT_EQ(into, "bc????");
}

TEST_P(EveryFileSystem, WritesPartsBackToBack) {
  const auto file = Make("file", "--------");
  const std::string_view parts[] = {"", "ab", "", "c", "def", ""};
  EXPECT_THAT(file->Write(1, parts), IsOk());
  EXPECT_EQ(Contents("file"), "-abcdef-");

  const std::string_view empty[] = {"", ""};
  EXPECT_THAT(file->Write(100, empty), IsOk());
  EXPECT_THAT(file->Write(100, std::span<const std::string_view>()), IsOk());
  EXPECT_THAT(file->Size(), IsOkAndHolds(8));
}

TEST_P(EveryFileSystem, WritesMorePartsThanOneSystemCallTakes) {
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(std::to_string(i) + (i % 7 == 0 ? "" : ","));
    if (i % 11 == 0) texts.push_back("");
  }
  for (const std::string& text : texts) whole += text;

  const auto file = Make("file", "");
  const std::vector<std::string_view> parts(texts.begin(), texts.end());
  EXPECT_THAT(file->Write(0, parts), IsOk());
  EXPECT_EQ(Contents("file"), whole);
}

TEST_P(EveryFileSystem, AGapReadsAsZeros) {
  const auto file = Make("file", "ab");
  EXPECT_THAT(file->Write(300'000, "cd"), IsOk());
  EXPECT_THAT(file->Size(), IsOkAndHolds(300'002));
  EXPECT_EQ(ReadAt(*file, 0, 400'000),
            "ab" + std::string(299'998, '\0') + "cd");
}

TEST_P(EveryFileSystem, HoldsAFileThatIsAlmostAllGap) {
  const auto file = Make("file", "");
  constexpr int64_t kFar = int64_t{1} << 40;
  EXPECT_THAT(file->Write(kFar, "end"), IsOk());
  EXPECT_EQ(ReadAt(*file, kFar - 3, 10), std::string(3, '\0') + "end");
  EXPECT_THAT(file->Truncate(kFar + 10), IsOk());
  EXPECT_THAT(file->Size(), IsOkAndHolds(kFar + 10));
  EXPECT_THAT(file->Truncate(0), IsOk());
  EXPECT_THAT(file->Size(), IsOkAndHolds(0));
}

TEST_P(EveryFileSystem, TruncateCutsAndExtendsWithZeros) {
  const auto file = Make("file", "0123456789");
  EXPECT_THAT(file->Truncate(4), IsOk());
  EXPECT_EQ(Contents("file"), "0123");
  EXPECT_THAT(file->Truncate(6), IsOk());
  EXPECT_EQ(Contents("file"), std::string("0123\0\0", 6));
}

TEST_P(EveryFileSystem, WrittenBytesCanBeSynced) {
  const auto file = Make("file", "text");
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(files().SyncDirectory(disk_.path()), IsOk());
}

TEST_P(EveryFileSystem, RefusesPositionsThatCannotBe) {
  const auto file = Make("file", "text");
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  char into[8];
  EXPECT_THAT(file->Read(-1, into), StatusIs(kInvalidArgument));
  EXPECT_THAT(file->Read(kMax - 2, into), StatusIs(kInvalidArgument));
  EXPECT_THAT(file->Write(-1, "x"), StatusIs(kInvalidArgument));
  EXPECT_THAT(file->Write(kMax - 2, "text"), StatusIs(kInvalidArgument));
  EXPECT_THAT(file->Truncate(-1), StatusIs(kInvalidArgument));
  EXPECT_EQ(Contents("file"), "text");
}

TEST_P(EveryFileSystem, RandomReadsWritesAndCutsAgreeWithAString) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const auto below = [&](size_t bound) { return random() % (bound + 1); };
  const auto file = Make("file", "");
  std::string model;
  for (int step = 0; step < 2000; ++step) {
    SCOPED_TRACE(step);
    const size_t position = below(400'000);
    const size_t bytes = below(step % 4 == 0 ? 200'000 : 2000);
    switch (random() % 4) {
      case 0: {
        // Now and then zeros, which need no room in memory.
        std::string text(bytes, random() % 4 == 0 ? '\0' : 'a' + step % 26);
        if (bytes == 0) break;
        if (model.size() < position + bytes) model.resize(position + bytes);
        model.replace(position, bytes, text);
        ASSERT_THAT(file->Write(position, text), IsOk());
        break;
      }
      case 1: {
        const size_t end = model.size();
        std::string text(bytes, 'A' + step % 26);
        model += text;
        ASSERT_THAT(file->Write(end, text), IsOk());
        break;
      }
      case 2:
        if (random() % 8 != 0) break;
        model.resize(position);
        ASSERT_THAT(file->Truncate(position), IsOk());
        break;
      default:
        const std::string expected =
            position < model.size() ? model.substr(position, bytes) : "";
        ASSERT_TRUE(ReadAt(*file, position, bytes) == expected);
    }
    if (model.size() > 600'000) {
      model.resize(1000);
      ASSERT_THAT(file->Truncate(1000), IsOk());
    }
    ASSERT_THAT(file->Size(), IsOkAndHolds(model.size()));
  }
  ASSERT_TRUE(ReadAt(*file, 0, 1 << 20) == model);
}

TEST_P(EveryFileSystem, CallsAtDifferentPositionsMayOverlap) {
  constexpr int kThreads = 4;
  constexpr int kBytes = 100'000;
  const auto file = Make("file", "");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const std::string mine(1000, static_cast<char>('a' + i));
      for (int at = 0; at < kBytes; at += 1000) {
        const int64_t position = int64_t{i} * kBytes + at;
        EXPECT_THAT(file->Write(position, mine), IsOk());
        EXPECT_EQ(ReadAt(*file, position, 1000), mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(ReadAt(*file, int64_t{i} * kBytes, kBytes),
              std::string(kBytes, static_cast<char>('a' + i)));
  }
}

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
