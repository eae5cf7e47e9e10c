// What cauce/file_system.h promises of files, asked of every file system. What
// only a disk can do is asked in posix_file_system_test.cc.
#include "cauce/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "tests/engine/io/every_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kEveryMode;
using test::Kind;
using test::NameOf;
using test::ReadAt;
using test::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::StatusCode kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kFailedPrecondition =
    absl::StatusCode::kFailedPrecondition;
constexpr absl::StatusCode kInvalidArgument =
    absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;

class EveryFileSystem : public test::EveryFileSystem {};

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
  const auto below = files().Open(Path(long_name + "/below"), OpenMode::kRead);
  EXPECT_THAT(below, StatusIs(kInvalidArgument));
  EXPECT_THAT(std::string(below.status().message()),
              HasSubstr(Path(long_name + "/below")));
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

TEST_P(EveryFileSystem, NothingButZerosStandsInFrontOfTheNextData) {
  const auto file = Make("file", "");
  ASSERT_THAT(file->Write(300'000, "x"), IsOk());
  ASSERT_THAT(file->Truncate(900'000), IsOk());
  for (const int64_t at : {0, 1, 299'999, 300'000}) {
    EXPECT_GE(file->NextData(at), at);
    EXPECT_LE(file->NextData(at), 300'000);
  }
  for (const int64_t at : {300'001, 900'000, 1'000'000}) {
    EXPECT_GE(file->NextData(at), at);
  }
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

}  // namespace
}  // namespace cauce
