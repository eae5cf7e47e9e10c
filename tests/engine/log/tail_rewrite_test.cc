#include "engine/log/tail_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "cauce/errors.h"
#include "tests/testing/choices.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::DiskCall;
using test::FaultyDisk;
using test::FileCall;
using test::HasReason;
using test::IsOk;

std::string ReadAll(const File& file) {
  std::string bytes(static_cast<size_t>(file.Size().value()), '\0');
  EXPECT_EQ(file.Read(0, bytes).value(), bytes.size());
  return bytes;
}

TEST(TailRewrite, BringsToTheDiskWhatAFailedSyncHasLost) {
  for (const bool rewritten : {false, true}) {
    SCOPED_TRACE(rewritten);
    test::SimClock clock;
    FaultyDisk disk(clock);
    auto file = disk.Open("/log", OpenMode::kCreate).value();
    ASSERT_THAT(disk.SyncDirectory("/"), IsOk());
    const std::string front(1000, 'a');
    const std::string tail(20'000, 'b');
    ASSERT_THAT(file->Write(0, front), IsOk());
    ASSERT_THAT(file->Sync(), IsOk());
    ASSERT_THAT(file->Write(1000, tail), IsOk());
    disk.set_plan([](DiskCall call, std::string_view, int64_t) {
      return call == DiskCall::kSync ? MakeError(Reason::kDiskFailed, "no")
                                     : absl::OkStatus();
    });
    ASSERT_THAT(file->Sync(), HasReason(Reason::kDiskFailed));
    disk.set_plan(nullptr);
    ASSERT_EQ(ReadAll(*file), front + tail);

    if (rewritten) {
      ASSERT_THAT(RewriteTail(*file, 1000, 21'000), IsOk());
    }
    ASSERT_THAT(file->Sync(), IsOk());
    disk.CutNow();
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing);
    file = disk.Open("/log", OpenMode::kRead).value();
    // A later sync alone does not help: that is what the rewriting is for.
    EXPECT_EQ(ReadAll(*file) == front + tail, rewritten);
  }
}

TEST(TailRewrite, WritesOnlyTheRangeInPieces) {
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  const auto file = files.Open("/log", OpenMode::kCreate).value();
  std::string bytes(3 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i % 251);
  ASSERT_THAT(file->Write(0, bytes), IsOk());
  const int before = files.Count(FileCall::kWrite, "");

  ASSERT_THAT(RewriteTail(*file, 700'000, 700'000), IsOk());
  EXPECT_EQ(files.Count(FileCall::kWrite, "") - before, 0);
  ASSERT_THAT(RewriteTail(*file, 700'000, 3 << 20), IsOk());
  EXPECT_EQ(files.Count(FileCall::kWrite, "") - before, 3);
  EXPECT_EQ(ReadAll(*file), bytes);
}

TEST(TailRewrite, EndsWhereTheFileDoes) {
  const auto files = NewMemoryFileSystem();
  const auto file = files->Open("/log", OpenMode::kCreate).value();
  ASSERT_THAT(file->Write(0, "abc"), IsOk());
  ASSERT_THAT(RewriteTail(*file, 1, 100), IsOk());
  EXPECT_EQ(ReadAll(*file), "abc");
}

TEST(TailRewrite, TellsOfAReadAndOfAWriteThatFails) {
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  const auto file = files.Open("/log", OpenMode::kCreate).value();
  ASSERT_THAT(file->Write(0, "abc"), IsOk());
  for (const FileCall call : {FileCall::kRead, FileCall::kWrite}) {
    files.Fail(call, "/log", MakeError(Reason::kDiskFailed, "no"));
    EXPECT_THAT(RewriteTail(*file, 0, 3), HasReason(Reason::kDiskFailed));
    files.Mend();
  }
}

}  // namespace
}  // namespace cauce
