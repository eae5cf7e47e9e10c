// The power goes wherever the two files that say where logs start are replaced:
// what is read then is the old start or the new one, and the new one where it
// was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/log_starts.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AllChoices;
using test::FaultyDisk;
using test::IsOk;
using ::testing::AnyOf;
using ::testing::Eq;

const TopicPartition kOrders{"orders", PartitionId{0}};

// A partition whose oldest segment begins at 0, and so below every start.
void MakePartition(FaultyDisk& disk) {
  ASSERT_THAT(disk.CreateDirectories("/d/orders-0"), IsOk());
  ASSERT_THAT(
      disk.Open("/d/orders-0/00000000000000000000.log", OpenMode::kCreate),
      IsOk());
  for (const std::string directory : {"/d/orders-0", "/d", "/"}) {
    ASSERT_THAT(disk.SyncDirectory(directory), IsOk());
  }
}

TEST(LogStartCut, LeavesTheOldStartOrTheNewOneAndWhatWasAcknowledged) {
  const OffsetCheckpoint before{{kOrders, Offset{5}}};
  const OffsetCheckpoint after{{kOrders, Offset{9}}};
  test::SimClock clock;
  int differed = 0;
  bool was_cut = true;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(cut);
    FaultyDisk disk(clock);
    MakePartition(disk);
    ASSERT_THAT(WriteLogStarts(disk, "/d", before), IsOk());
    disk.CutBefore(disk.changes() + cut);
    const absl::Status acknowledged = WriteLogStarts(disk, "/d", after);
    was_cut = disk.is_cut();
    EXPECT_EQ(acknowledged.ok(), !was_cut);
    disk.CutNow();

    AllChoices fate;
    do {
      const auto left = disk.Copy();
      left->Restart(fate);
      const LogStarts read = ReadLogStarts(*left, "/d");
      ASSERT_THAT(read.Unread(), IsOk());
      EXPECT_THAT(read.original, IsOk());
      EXPECT_THAT(read.copy, IsOk());
      EXPECT_THAT(read.starts, AnyOf(Eq(before), Eq(after)));
      if (acknowledged.ok()) {
        EXPECT_EQ(read.starts, after);
      }
      if (!read.differences.empty()) {
        EXPECT_EQ(read.starts, before) << "nobody was told of the other";
        ++differed;
      }
      // As the next opening does.
      ASSERT_THAT(WriteLogStarts(*left, "/d", read.starts), IsOk());
      EXPECT_TRUE(ReadLogStarts(*left, "/d").is_settled);
    } while (fate.Next());
  }
  EXPECT_GT(differed, 0);
}

}  // namespace
}  // namespace cauce
