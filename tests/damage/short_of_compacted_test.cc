// Segments of a log that was compacted once whose files hold less than they
// did, or can be read less far: batches are gone from within, or the last one
// is damaged, and no gap tells of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "fmt/format.h"
#include "tests/damage/once_compacted.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::BatchPlace;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Loss;
using test::Lost;
using test::OnceCompacted;
using test::Sight;
using test::Stop;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using OnceCompactedAndCutOut = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndCutOut,
                         ::testing::Values(Lost{Loss::kCutOut},
                                           Lost{Loss::kCutOutAndIndexes}),
                         [](const auto& info) { return NameOf(info.param); });

using OnceCompactedAndCutOutAtItsEnd = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , OnceCompactedAndCutOutAtItsEnd,
    ::testing::Values(Lost{Loss::kCutOut}, Lost{Loss::kCutOutAndIndexes},
                      Lost{Loss::kCutOut, Stop::kKilled},
                      Lost{Loss::kCutOutAndIndexes, Stop::kKilled}),
    [](const auto& info) { return NameOf(info.param); });

TEST_P(OnceCompactedAndCutOut, IsToldToWhoLooksForATimeRightBehindIt) {
  const std::map<int64_t, Timestamp> times = Times();
  Lose(3);
  auto engine = Open(Access::kReadOnly);
  ASSERT_THAT(engine, IsOk());
  const auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const auto found = orders->FindByTime(times.at(12));
  EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(found.status().message()),
              HasSubstr("less than it did"));
  EXPECT_THAT(engine->Close(), IsOk());
}

// Its neighbours follow each other as before, and compaction leaves gaps too:
// only its size tells.
TEST_P(OnceCompactedAndCutOut, IsToldOfUntilARepairThatDoesNotKnowHowMany) {
  Lose(3);
  const auto check = [&] {
    EXPECT_THAT(
        test::VerifyAll(*files_, kDirectory),
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("what", &Finding::what,
                             HasSubstr("less than it did")))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("less than it did")));
  };
  check();
  AppendAndDie(0, "there");
  check();
  Write([&](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  left_ = Look(Access::kReadOnly).records;
  check();
  AppendAndDie(0, "once more");
  check();
  CheckRepair(std::nullopt);
}

// Nothing follows it: the log ends where it did.
TEST_P(OnceCompactedAndCutOutAtItsEnd, IsToldUntilARepair) {
  Lose(6);
  const auto check = [&] {
    EXPECT_THAT(
        test::VerifyAll(*files_, kDirectory),
        Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                       Field("what", &Finding::what,
                             HasSubstr("less than it did")))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(events_, Contains(HasSubstr("less than it did")));
    return sight.told;
  };
  const auto lost_at_end = [&] {
    auto engine = Open(Access::kReadOnly);
    EXPECT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    const OffsetRange lost = orders->lost().back;
    EXPECT_THAT(engine->Close(), IsOk());
    return lost;
  };
  const OffsetRange lost{Offset{12}, Offset{18}};
  check();
  EXPECT_EQ(lost_at_end(), lost);
  // Who opens it goes on behind it, and closes, or dies.
  Look(Access::kReadWrite);
  check();
  EXPECT_EQ(lost_at_end(), lost);
  AppendAndDie(0, "there");
  EXPECT_THAT(check(), Not(IsEmpty()));
  EXPECT_EQ(lost_at_end(), OffsetRange());
  AppendAndDie(1, "elsewhere");
  check();
  Write([&](Engine& writer) {
    ASSERT_THAT(writer.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = writer.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  left_ = Look(Access::kReadOnly).records;
  check();
  CheckRepair(std::nullopt);
}

// Most of it can be read: nobody knows which of its offsets are missing.
TEST_P(OnceCompactedAndCutOutAtItsEnd, IsToldToWhoLooksForATimeUntilItIsCut) {
  Lose(6);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const Timestamp no_such{INT64_MAX};
  const auto lost = orders->FindByTime(no_such);
  EXPECT_THAT(lost, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(lost.status().message()),
              HasSubstr("less than it did"));

  // By another process.
  Write([](Engine& writer) {
    auto partition = writer.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{6}), IsOk());
  });
  EXPECT_THAT(orders->WaitFor(Offset{18}, absl::ZeroDuration()),
              IsOkAndHolds(false));
  EXPECT_THAT(orders->FindByTime(no_such), IsOkAndHolds(std::nullopt));
  ASSERT_THAT(reader->Close(), IsOk());
  left_.erase(left_.lower_bound(6), left_.end());
  CheckWhole();
}

TEST_P(OnceCompactedAndCutOutAtItsEnd, IsMendedBeforeAnythingOpensIt) {
  Lose(6);
  CheckRepair(std::nullopt);
}

TEST_P(OnceCompactedAndCutOutAtItsEnd, IsWholeOnceItIsPutBack) {
  Lose(6);
  Look(Access::kReadWrite);
  AppendAndDie(1, "elsewhere");
  PutBack();
  CheckWhole();
}

using OnceCompactedAndDamagedAtItsEnd = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , OnceCompactedAndDamagedAtItsEnd,
    ::testing::Values(Lost{Loss::kDamaged},
                      Lost{Loss::kDamaged, Stop::kKilled}),
    [](const auto& info) { return NameOf(info.param); });

// The file has every byte: it tells of itself for as long as it is damaged, and
// no longer.
TEST_P(OnceCompactedAndDamagedAtItsEnd, IsNeverSaidToBeShorterOrMissing) {
  Lose(6);
  for (int opening = 0; opening < 3; ++opening) {
    SCOPED_TRACE(opening);
    const Sight sight = Look(Access::kReadWrite);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, Contains(HasSubstr("CRC")));
    EXPECT_THAT(events_, Each(HasSubstr("CRC")));
    EXPECT_THAT(events_, SizeIs(opening == 0 ? 1 : 0));
  }
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              ElementsAre(Field("what", &Finding::what, HasSubstr("CRC"))));
  PutBack();
  CheckWhole();
}

TEST_P(OnceCompactedAndDamagedAtItsEnd, IsMendedByARepairThatKnowsHowMany) {
  const int64_t lost = Lose(6);
  Look(Access::kReadWrite);
  AppendAndDie(0, "behind");
  Look(Access::kReadWrite);
  CheckRepair(lost);
}

using OnceCompactedAndZeroedAtItsEnd = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , OnceCompactedAndZeroedAtItsEnd,
    ::testing::Values(Lost{Loss::kZeroed}, Lost{Loss::kZeroed, Stop::kKilled}),
    [](const auto& info) { return NameOf(info.param); });

// Zeros look like the end of a log, and its bytes are there.
TEST_P(OnceCompactedAndZeroedAtItsEnd, IsSaidToBeZerosAndNeverToBeMissing) {
  Lose(6);
  Look(Access::kReadOnly);
  EXPECT_THAT(events_, Contains(HasSubstr("bytes of zeros")));
  for (int opening = 0; opening < 3; ++opening) {
    SCOPED_TRACE(opening);
    const Sight sight = Look(Access::kReadWrite);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, Contains(HasSubstr("zeros")));
    EXPECT_THAT(events_, Each(HasSubstr("bytes of zeros")));
    EXPECT_THAT(events_, SizeIs(opening == 0 ? 1 : 0));
  }
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              Contains(Field("what", &Finding::what, HasSubstr("zeros"))));
  PutBack();
  CheckWhole();
}

TEST_P(OnceCompactedAndZeroedAtItsEnd, IsMendedByARepairThatKnowsHowMany) {
  const int64_t lost = Lose(6);
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              Contains(Field("what", &Finding::what,
                             HasSubstr("in front of"))));
  Look(Access::kReadWrite);
  AppendAndDie(0, "behind");
  Look(Access::kReadWrite);
  CheckRepair(lost);
}

// As many as are gone, by the sizes of both.
TEST_P(OnceCompactedAndCutOutAtItsEnd, IsSaidToBeShorterByHowMuch) {
  Lose(6);
  const BatchPlace& gone =
      test::Remains::Of(Stop::kClean).batches("orders-0")[7];
  Look(Access::kReadOnly);
  EXPECT_THAT(events_, Contains(HasSubstr(fmt::format(
                           "it is {} bytes shorter",
                           gone.end - gone.position))));
}

}  // namespace
}  // namespace cauce
