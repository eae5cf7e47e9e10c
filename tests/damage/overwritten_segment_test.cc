// Something else in the place of a segment above the recovery point, where a
// torn end is cut off: what cannot be one is told by whoever reads there, and
// keeps the partition from being opened until a repair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Sight;
using test::Stop;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

const TopicPartition kOrders{"orders", PartitionId{0}};

std::string Log(int64_t base) {
  return fmt::format("orders-0/{:020}.log", base);
}

// Segments at 0, 6 and 12 as a kill leaves them, of which what lies below
// `point` is known to be durable.
DamagedDirectory Killed(int64_t point, void (*damage)(FileTree&)) {
  return DamagedDirectory(Stop::kKilled, [&](FileTree& tree) {
    std::string& points = tree["recovery-point-offset-checkpoint"];
    const std::string known = "orders 0 18\n";
    points.replace(points.find(known), known.size(),
                   fmt::format("orders 0 {}\n", point));
    damage(tree);
  });
}

void ExpectMended(DamagedDirectory& directory, int64_t end) {
  const auto repaired = directory.Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 0);
  EXPECT_THAT(directory.VerifyAll(), IsEmpty());
  auto engine = directory.Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  EXPECT_THAT(test::AppendOne(*engine, kOrders, "new"),
              IsOkAndHolds(Offset{end}));
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST(OverwrittenSegment, OfWhichRecordsAreKnownIsNoTornEnd) {
  DamagedDirectory directory = Killed(0, [](FileTree& tree) {
    tree.erase(Log(6));
    tree.erase(Log(12));
    tree[Log(0)] = "hello, this is another file";
  });
  const std::string path = DamagedDirectory::PathOf(Log(0));
  auto reader = directory.Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  const Sight sight = test::ReadOver(*reader, kOrders);
  EXPECT_THAT(sight.records, IsEmpty());
  EXPECT_THAT(sight.told, Not(IsEmpty()));
  ASSERT_THAT(reader->Close(), IsOk());
  EXPECT_THAT(
      directory.VerifyAll(),
      Contains(testing::AllOf(Field(&Finding::file, path),
                              Field(&Finding::gravity, Gravity::kDamage))));

  auto writer = directory.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(test::AppendOne(*writer, kOrders, "new"),
              HasReason(Reason::kCorruptFile));
  writer->Close().IgnoreError();
  EXPECT_EQ(directory.Gather().at(Log(0)), "hello, this is another file");
  ExpectMended(directory, 0);
}

TEST(OverwrittenSegment, ADirectoryInThePlaceOfTheNewestIsToldUntilARepair) {
  DamagedDirectory directory = Killed(12, [](FileTree& tree) {
    tree.erase(Log(12));
    tree[Log(12) + "/file"] = "in it";
  });
  auto reader = directory.Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  const auto partition =
      reader->OpenPartition(kOrders.topic, kOrders.partition);
  ASSERT_THAT(partition, IsOk());
  EXPECT_GT(partition->lost().back.count(), 0);
  ASSERT_THAT(reader->Close(), IsOk());

  auto writer = directory.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(test::AppendOne(*writer, kOrders, "new"),
              test::StatusIs(absl::StatusCode::kAlreadyExists));
  writer->Close().IgnoreError();
  ExpectMended(directory, 12);
}

}  // namespace
}  // namespace cauce
