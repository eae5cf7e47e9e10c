// The mark of a clean stop and the recovery points, put back from an old copy
// beside a log that went on and whose writer was killed: what was acknowledged
// since stays, and no offset of it is given again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/manifest.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Stop;
using test::Values;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int64_t kEnd = 18;

// As they were when the logs of Stop::kRolled were closed: at offset 8, within
// the segment at 6; that at 12 came later.
void PutBackSmallFiles(FileTree& tree) {
  const auto checksum = ManifestChecksum(tree.at("cauce.segments"));
  CAUCE_CHECK(checksum.has_value());
  tree[".kafka_cleanshutdown"] =
      fmt::format("{}\ncauce.segments {:08x}\n",
                  R"({"version":0,"brokerEpoch":-1})", *checksum);
  tree["recovery-point-offset-checkpoint"] =
      "0\n3\norders 0 8\norders 1 8\nreturns 0 8\n";
}

Values Records() { return Remains::Of(Stop::kRolled).records().at("orders-0"); }

Values ReadAll(DamagedDirectory& directory) {
  auto engine = directory.Open(Access::kReadOnly);
  EXPECT_THAT(engine, IsOk());
  Values records = test::ReadOver(*engine, kOrders).records;
  EXPECT_THAT(engine->Close(), IsOk());
  return records;
}

TEST(OutgrownClose, HidesNothingFromAReader) {
  DamagedDirectory directory(Stop::kRolled, PutBackSmallFiles);
  EXPECT_EQ(ReadAll(directory), Records());
  EXPECT_THAT(directory.events(), Contains(HasSubstr("older than the log")));
}

TEST(OutgrownClose, IsToldByVerify) {
  DamagedDirectory directory(Stop::kRolled, PutBackSmallFiles);
  EXPECT_THAT(directory.VerifyAll(),
              Contains(Field(&Finding::what, HasSubstr("older than the log"))));
}

TEST(OutgrownClose, LosesNothingByARepair) {
  DamagedDirectory directory(Stop::kRolled, PutBackSmallFiles);
  const auto repaired = directory.Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 0);
  EXPECT_EQ(repaired->offsets_lost, 0);
  EXPECT_EQ(repaired->bytes_removed, 0);
  EXPECT_EQ(ReadAll(directory), Records());
  EXPECT_THAT(directory.events(), IsEmpty());
  EXPECT_THAT(directory.VerifyAll(), IsEmpty());
  const auto again = directory.Repair();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->steps, 0);
}

TEST(OutgrownClose, GivesNoOffsetAgainToAWriter) {
  DamagedDirectory directory(Stop::kRolled, PutBackSmallFiles);
  auto engine = directory.Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  // What nobody opens stays as it was noted, and told.
  ASSERT_THAT(engine->OpenPartition("orders", PartitionId{1}), IsOk());
  ASSERT_THAT(engine->OpenPartition("returns", PartitionId{0}), IsOk());
  EXPECT_THAT(test::AppendOne(*engine, kOrders, "new"),
              test::IsOkAndHolds(Offset{kEnd}));
  EXPECT_THAT(directory.events(), Contains(HasSubstr("older than the log")));
  ASSERT_THAT(engine->Close(), IsOk());
  Values records = Records();
  records[kEnd] = "new";
  EXPECT_EQ(ReadAll(directory), records);
  EXPECT_THAT(directory.VerifyAll(), IsEmpty());
}

// It begins behind what continues the close, so that it may be another log's.
TEST(OutgrownClose, IsNotShownByWhatLeavesAGap) {
  DamagedDirectory directory(Stop::kRolled, [](FileTree& tree) {
    PutBackSmallFiles(tree);
    const std::string log = "orders-0/00000000000000000006.log";
    tree[log].resize(Remains::Of(Stop::kRolled)
                         .batches("orders-0")
                         .at(4)
                         .end);
  });
  Values closed = Records();
  closed.erase(closed.lower_bound(10), closed.end());
  EXPECT_EQ(ReadAll(directory), closed);
}

}  // namespace
}  // namespace cauce
