#include "tests/testing/faulty_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "tests/testing/choices.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class FaultyDiskTest : public ::testing::Test {
 protected:
  FaultyDiskTest() { EXPECT_THAT(disk_.CreateDirectories("/data"), IsOk()); }

  std::unique_ptr<File> Make(std::string_view path, std::string_view bytes) {
    auto file = disk_.Open(path, OpenMode::kCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, bytes), IsOk());
    return *std::move(file);
  }

  static std::string ReadAll(FaultyDisk& disk, std::string_view path) {
    const auto file = disk.Open(path, OpenMode::kRead);
    EXPECT_THAT(file, IsOk());
    if (!file.ok()) return "";
    std::string bytes(1000, '\0');
    const auto read = (*file)->Read(0, bytes);
    EXPECT_THAT(read, IsOk());
    bytes.resize(read.value_or(0));
    return bytes;
  }

  // "name=bytes" of every file in /data.
  static std::string Listing(FaultyDisk& disk) {
    std::string all;
    const auto entries = disk.List("/data");
    EXPECT_THAT(entries, IsOk());
    if (!entries.ok()) return "";
    for (const DirectoryEntry& entry : *entries) {
      all += entry.name + '=' + ReadAll(disk, "/data/" + entry.name) + ' ';
    }
    return all;
  }

  // What a power loss may leave in /data, over all there is to decide.
  std::set<std::string> AllLosses() {
    disk_.CutNow();
    std::set<std::string> left;
    AllChoices all;
    do {
      const auto copy = disk_.Copy();
      copy->Restart(all);
      left.insert(Listing(*copy));
    } while (all.Next());
    return left;
  }

  SimClock clock_;
  FaultyDisk disk_{clock_};
};

TEST_F(FaultyDiskTest, KeepsAFileOnceItAndItsNameAreSynced) {
  const auto file = Make("/data/a", "x");
  ASSERT_THAT(file->Sync(), IsOk());
  ASSERT_THAT(disk_.SyncDirectory("/data"), IsOk());
  EXPECT_EQ(disk_.unsynced(), 0);
  EXPECT_THAT(AllLosses(), ElementsAre("a=x "));
}

TEST_F(FaultyDiskTest, MayForgetANameThatWasNotSynced) {
  const auto file = Make("/data/a", "x");
  ASSERT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(AllLosses(), UnorderedElementsAre("", "a=x "));
}

TEST_F(FaultyDiskTest, MayForgetADirectoryThatWasNotSynced) {
  ASSERT_THAT(disk_.CreateDirectories("/data/two/three"), IsOk());
  ASSERT_THAT(disk_.CreateDirectory("/data/one"), IsOk());
  ASSERT_THAT(disk_.CreateDirectory("/data/one"), IsOk()) << "there already";
  disk_.CutNow();
  std::set<size_t> left;
  AllChoices all;
  do {
    const auto copy = disk_.Copy();
    copy->Restart(all);
    left.insert(copy->List("/data")->size());
    EXPECT_THAT(copy->Info("/data/two/three"), IsOk());
  } while (all.Next());
  EXPECT_THAT(left, ElementsAre(1, 2));
}

TEST_F(FaultyDiskTest, RenamesWholeOrNotAtAll) {
  const auto old = Make("/data/a", "old");
  const auto replaced = Make("/data/b", "replaced");
  ASSERT_THAT(old->Sync(), IsOk());
  ASSERT_THAT(replaced->Sync(), IsOk());
  ASSERT_THAT(disk_.SyncDirectory("/data"), IsOk());
  ASSERT_THAT(disk_.Rename("/data/a", "/data/b"), IsOk());
  EXPECT_THAT(AllLosses(), UnorderedElementsAre("a=old b=replaced ", "b=old "));
}

TEST_F(FaultyDiskTest, LetsLaterNamesStayWithoutEarlierOnes) {
  ASSERT_THAT(Make("/data/a", "1")->Sync(), IsOk());
  ASSERT_THAT(Make("/data/b", "2")->Sync(), IsOk());
  ASSERT_THAT(disk_.SyncDirectory("/data"), IsOk());
  ASSERT_THAT(disk_.RemoveFile("/data/a"), IsOk());
  ASSERT_THAT(disk_.RemoveFile("/data/b"), IsOk());
  EXPECT_THAT(AllLosses(),
              UnorderedElementsAre("a=1 b=2 ", "b=2 ", "a=1 ", ""));
}

TEST_F(FaultyDiskTest, RefusesEverythingWhileThePowerIsOut) {
  const auto file = Make("/data/a", "x");
  disk_.CutNow();
  char byte;
  EXPECT_THAT(file->Read(0, {&byte, 1}), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(file->Write(0, "y"), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(file->Sync(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(file->Truncate(0), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(disk_.Open("/data/a", OpenMode::kRead), Not(IsOk()));
  EXPECT_THAT(disk_.Rename("/data/a", "/data/b"), Not(IsOk()));
  EXPECT_THAT(disk_.SyncDirectory("/data"), Not(IsOk()));
}

TEST_F(FaultyDiskTest, CutsInFrontOfTheChangeItWasTold) {
  const int64_t before = disk_.changes();
  disk_.CutBefore(before + 2);
  auto file = disk_.Open("/data/a", OpenMode::kCreate);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(0, "x"), IsOk());
  EXPECT_FALSE(disk_.is_cut());
  EXPECT_THAT((*file)->Sync(), Not(IsOk()));
  EXPECT_TRUE(disk_.is_cut());
  EXPECT_EQ(disk_.changes(), before + 3);
}

TEST_F(FaultyDiskTest, ForgetsTheHandlesOfAProcessThatDied) {
  const auto file = Make("/data/a", "x");
  auto lock = disk_.Lock("/data/.lock", "one");
  ASSERT_THAT(lock, IsOk());
  disk_.CutNow();
  lock->reset();
  disk_.RestartProcess();
  EXPECT_THAT(file->Write(0, "y"), Not(IsOk()));
  EXPECT_EQ(ReadAll(disk_, "/data/a"), "x");
  EXPECT_THAT(disk_.Lock("/data/.lock", "two"), IsOk());
}

TEST_F(FaultyDiskTest, CopiesWhatAProcessSawForOneThatOnlyDied) {
  ASSERT_THAT(disk_.CreateDirectory("/data/sub"), IsOk());
  const auto below = Make("/data/sub/b", "below");
  const auto file = Make("/data/a", "x");
  disk_.CutNow();
  const auto copy = disk_.Copy();

  copy->RestartProcess();
  EXPECT_EQ(ReadAll(*copy, "/data/a"), "x");
  EXPECT_EQ(ReadAll(*copy, "/data/sub/b"), "below");
  const auto again = copy->Open("/data/a", OpenMode::kReadWrite);
  ASSERT_THAT(again, IsOk());
  ASSERT_THAT((*again)->Write(0, "changed"), IsOk());

  disk_.RestartProcess();
  EXPECT_EQ(ReadAll(disk_, "/data/a"), "x") << "what one does is its own";
}

TEST_F(FaultyDiskTest, FailsTheCallsThatItsPlanNames) {
  const auto file = Make("/data/a", "");
  disk_.set_plan([](DiskCall call, std::string_view path, int64_t) {
    return call == DiskCall::kWrite && path == "/data/a"
               ? MakeError(Reason::kDiskFailed, "planned")
               : absl::OkStatus();
  });
  EXPECT_THAT(file->Write(0, "abcd"), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(ReadAll(disk_, "/data/a"), "ab") << "half of it was written";
  disk_.set_plan(nullptr);
  EXPECT_THAT(file->Write(0, "abcd"), IsOk());
}

TEST_F(FaultyDiskTest, IsAsSlowAsItsPlanAndKeepsNoOtherThreadWaiting) {
  const auto slow = Make("/data/slow", "");
  const auto other = Make("/data/other", "");
  std::promise<void> began;
  std::promise<void> let_go;
  disk_.set_plan([&](DiskCall call, std::string_view path, int64_t) {
    if (call == DiskCall::kWrite && path == "/data/slow") {
      began.set_value();
      let_go.get_future().wait();
    }
    return absl::OkStatus();
  });
  absl::Status written = absl::UnknownError("still waits");
  std::thread writer([&] { written = slow->Write(0, "x"); });
  began.get_future().wait();
  EXPECT_THAT(other->Write(0, "y"), IsOk());
  EXPECT_EQ(ReadAll(disk_, "/data/other"), "y");
  EXPECT_EQ(ReadAll(disk_, "/data/slow"), "");
  let_go.set_value();
  writer.join();
  EXPECT_THAT(written, IsOk());
  EXPECT_EQ(ReadAll(disk_, "/data/slow"), "x");
}

TEST_F(FaultyDiskTest, IsFullAtItsCapacityUntilSomethingGoes) {
  const auto file = Make("/data/a", std::string(kSectorBytes, 'a'));
  disk_.set_capacity(2 * kSectorBytes);
  EXPECT_THAT(file->Write(kSectorBytes, std::string(kSectorBytes + 1, 'b')),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(*file->Size(), 2 * kSectorBytes) << "what fits is there";
  EXPECT_THAT(disk_.Open("/data/b", OpenMode::kCreate),
              HasReason(Reason::kDiskFull));
  EXPECT_THAT(file->Write(0, "over"), IsOk());
  ASSERT_THAT(file->Truncate(kSectorBytes), IsOk());
  EXPECT_EQ(disk_.used(), kSectorBytes);
  EXPECT_THAT(disk_.Open("/data/b", OpenMode::kCreate), IsOk());
}

TEST_F(FaultyDiskTest, TellsHowMuchIsLeftOfItsCapacity) {
  const auto file = Make("/data/a", "a");
  disk_.set_capacity(3 * kSectorBytes);
  EXPECT_THAT(disk_.FreeBytes("/data"), IsOkAndHolds(2 * kSectorBytes));
  disk_.set_capacity(0);
  EXPECT_THAT(disk_.FreeBytes("/data"), IsOkAndHolds(0));
  disk_.CutNow();
  EXPECT_THAT(disk_.FreeBytes("/data"), Not(IsOk()));
}

TEST_F(FaultyDiskTest, FlipsABit) {
  const auto file = Make("/data/a", "abc");
  ASSERT_THAT(file->Sync(), IsOk());
  disk_.FlipBit("/data/a", 8);
  EXPECT_EQ(ReadAll(disk_, "/data/a"), "acc");
}

}  // namespace
}  // namespace cauce::test
