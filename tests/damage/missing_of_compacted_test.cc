// Segments that are gone from a log that was compacted once, where no gap tells
// of them: by what the last close has noted, or an index that is left, however
// often it is killed since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
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

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Loss;
using test::Lost;
using test::OnceCompacted;
using test::Sight;
using test::Stop;
using test::Values;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using OnceCompactedAndClosed = OnceCompacted;
using UnderTheNameOfTheNext = OnceCompacted;

const auto kClosed =
    ::testing::Values(Lost{Loss::kLog}, Lost{Loss::kLogAndIndexes},
                      Lost{Loss::kEmptied}, Lost{Loss::kCutShort},
                      Lost{Loss::kForeign});

INSTANTIATE_TEST_SUITE_P(Closed, OnceCompacted, kClosed,
                         [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(Closed, UnderTheNameOfTheNext,
                         ::testing::Values(Lost{Loss::kLog},
                                           Lost{Loss::kLogAndIndexes}),
                         [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(
    KilledWithoutNotes, OnceCompacted,
    ::testing::Values(Lost{Loss::kLog, Stop::kKilled, false},
                      Lost{Loss::kEmptied, Stop::kKilled, false}),
    [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(
    ClosedWithoutNotes, OnceCompacted,
    ::testing::Values(Lost{Loss::kLog, Stop::kClean, false},
                      Lost{Loss::kEmptied, Stop::kClean, false}),
    [](const auto& info) { return NameOf(info.param); });
const auto kKilled = ::testing::Values(
    Lost{Loss::kLog, Stop::kKilled}, Lost{Loss::kLogAndIndexes, Stop::kKilled},
    Lost{Loss::kEmptied, Stop::kKilled}, Lost{Loss::kCutShort, Stop::kKilled},
    Lost{Loss::kForeign, Stop::kKilled});
INSTANTIATE_TEST_SUITE_P(Killed, OnceCompacted, kKilled,
                         [](const auto& info) { return NameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndClosed, kClosed,
                         [](const auto& info) { return NameOf(info.param); });

using OnceCompactedAndBeheaded = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , OnceCompactedAndBeheaded,
    ::testing::Values(Lost{Loss::kLog}, Lost{Loss::kLogAndIndexes},
                      Lost{Loss::kLog, Stop::kKilled},
                      Lost{Loss::kLogAndIndexes, Stop::kKilled}),
    [](const auto& info) { return NameOf(info.param); });

using OnceCompactedAndLackingALot = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndLackingALot,
                         ::testing::Values(Lost{Loss::kLog},
                                           Lost{Loss::kLogAndIndexes}),
                         [](const auto& info) { return NameOf(info.param); });

// What another log's file tells, it tells at once.
using BesideALeftSwap = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(
    , BesideALeftSwap,
    ::testing::Values(Lost{Loss::kLog}, Lost{Loss::kLogAndIndexes},
                      Lost{Loss::kEmptied}, Lost{Loss::kCutShort}),
    [](const auto& info) { return NameOf(info.param); });


TEST_P(OnceCompacted, TellsOfASegmentThatIsMissingUntilARepair) {
  const int64_t lost = Lose(3);
  CheckTold();
  // A writer tells of it as well, and notes it.
  const Sight sight = Look(Access::kReadWrite);
  EXPECT_EQ(sight.records, left_);
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
  EXPECT_THAT(events_, Contains(HasSubstr("and nobody")));
  CheckTold();
  CheckRepair(lost);
}

// The saved start knows of it.
TEST_P(OnceCompactedAndBeheaded, TellsWhoAsksWhatIsMissingInFront) {
  Lose(0);
  const OffsetRange missing{Offset{0}, Offset{6}};
  EXPECT_THAT(
      test::VerifyAll(*files_, kDirectory),
      Contains(AllOf(Field("gravity", &Finding::gravity, Gravity::kDamage),
                     Field("offset", &Finding::offset,
                           std::optional(missing.base)))));
  for (const Access access :
       {Access::kReadOnly, Access::kReadWrite, Access::kReadOnly}) {
    auto engine = Open(access);
    ASSERT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    EXPECT_EQ(orders->lost().front, missing);
    EXPECT_THAT(events_, Contains(HasSubstr("begins at offset 6")));
    EXPECT_EQ(test::ReadOver(*engine, kDamaged).records, left_);
    EXPECT_THAT(engine->Close(), IsOk());
  }
}

// One of its records may be what was asked for.
TEST_P(OnceCompacted, IsToldToWhoLooksForATimeRightBehindIt) {
  const std::map<int64_t, Timestamp> times = Times();
  Lose(3);
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    auto engine = Open(access);
    ASSERT_THAT(engine, IsOk());
    const auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    const auto found = orders->FindByTime(times.at(12));
    EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(std::string(found.status().message()),
                AllOf(HasSubstr("orders-0"), HasSubstr("are missing")));
    for (const int64_t elsewhere : {0, 4, 14}) {
      EXPECT_THAT(orders->FindByTime(times.at(elsewhere)),
                  IsOkAndHolds(FoundOffset{Offset{elsewhere},
                                           times.at(elsewhere)}));
    }
    EXPECT_THAT(engine->Close(), IsOk());
  }
  PutBack();
  auto engine = Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  const auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(orders->FindByTime(times.at(12)),
              IsOkAndHolds(FoundOffset{Offset{12}, times.at(12)}));
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST_P(OnceCompacted, IsMendedByARepairBeforeAnythingOpensIt) {
  CheckRepair(Lose(3));
}

TEST_P(OnceCompacted, IsWholeOnceWhatIsMissingIsPutBack) {
  Lose(3);
  Look(Access::kReadWrite);
  PutBack();
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory), IsEmpty());
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  }
}

// A pass would write over the gap that nothing was there, and forget what was
// deleted in front of it.
TEST_P(OnceCompacted, KeepsInMindWhatIsMissingWhenItIsCompacted) {
  Lose(3);
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k", .value = "newest"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
  });
  const Sight sight = Look(Access::kReadOnly);
  EXPECT_EQ(sight.records, (Values{{18, "newest"}}));
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
}

TEST_P(OnceCompacted, IsNotMissedByAPassOnceItIsDeleted) {
  Lose(3);
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
    ASSERT_THAT(partition->DeleteRecordsBefore(Offset{12}), IsOk());
    EXPECT_THAT(partition->Compact(), IsOk());
  });
}

// Whoever opens it for writing goes on behind it: what is missing lies between
// segments from then on.
TEST_P(OnceCompactedAndClosed, TellsOfALostEndUntilARepair) {
  const int64_t lost = Lose(6);
  Write([](Engine& engine) {
    EXPECT_EQ(test::AppendOne(engine, kDamaged, "behind").value_or(Offset{}),
              Offset{18});
  });
  left_[18] = "behind";
  CheckTold();
  // And again, by what the next close has noted.
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsToldOfWhatIsMissingHoweverOftenItIsKilled) {
  const int64_t lost = Lose(3);
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  AppendAndDie(0, "once more");
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsToldOfWhatIsMissingInACopyOfAKilledDirectory) {
  const int64_t lost = Lose(3);
  AppendAndDie(1, "elsewhere");
  Copy();
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  Copy();
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

TEST_P(OnceCompactedAndClosed, IsMendedByARepairInACopyOfAKilledDirectory) {
  const int64_t lost = Lose(3);
  AppendAndDie(0, "there");
  Copy();
  CheckRepair(lost);
}

// Else that one would pass for it.
TEST_P(UnderTheNameOfTheNext, IsToldByARepair) {
  const int64_t lost = Lose(3);
  const auto path_of = [](int64_t base) {
    return fmt::format("{}/orders-0/{:020}.log", kDirectory, base);
  };
  ASSERT_THAT(files_->Rename(path_of(12), path_of(6)), IsOk());
  CheckRepair(lost);
  EXPECT_THAT(files_->Info(path_of(12)), IsOk());
}

TEST_P(OnceCompactedAndClosed, IsToldToWhoReadsWhileAnotherWrites) {
  Lose(3);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto writer = Engine::Open(
      kDirectory, {.file_system = files_.get(), .clock = &clock_});
  ASSERT_THAT(writer, IsOk());
  for (int i = 0; i < 2; ++i) {
    const Sight sight = test::ReadOver(*reader, kDamaged);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
    const auto at = test::AppendOne(*writer, kDamaged, "new");
    ASSERT_THAT(at, IsOk());
    left_[at->value] = "new";
  }
  EXPECT_THAT(reader->Close(), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
}

// As a writer leaves it that was stopped while a compacted segment took the
// place of the first one: as long as it lies there, who only reads cannot see
// what else is missing.
constexpr std::string_view kLeftSwap =
    "orders-0/00000000000000000000.log.swap";

TEST_P(BesideALeftSwap, IsToldToWhoReadsOnceItIsOver) {
  Lose(3);
  TakeMarkAway(true);
  test::Lay({{std::string(kLeftSwap), "compacted"}}, *files_, kDirectory);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(events_, IsEmpty());

  ASSERT_THAT(
      files_->RemoveFile(fmt::format("{}/{}", kDirectory, kLeftSwap)), IsOk());
  for (int i = 0; i < 2; ++i) {
    const Sight sight = test::ReadOver(*orders);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, ElementsAre(HasSubstr("are missing")));
    EXPECT_THAT(events_, ElementsAre(HasSubstr("and nobody")));
  }
  EXPECT_THAT(reader->Close(), IsOk());
}

TEST_P(BesideALeftSwap, IsNotPassedOverInSilence) {
  Lose(3);
  TakeMarkAway(true);
  test::Lay({{std::string(kLeftSwap), "compacted"}}, *files_, kDirectory);
  auto reader = Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  for (int i = 0; i < 3; ++i) {
    const Sight sight = test::ReadOver(*orders);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    // Once.
    EXPECT_THAT(events_, ElementsAre(HasSubstr("cannot be seen")));
    clock_.Advance(absl::Seconds(2));
  }

  ASSERT_THAT(
      files_->RemoveFile(fmt::format("{}/{}", kDirectory, kLeftSwap)), IsOk());
  EXPECT_THAT(test::ReadOver(*orders).told,
              ElementsAre(HasSubstr("are missing")));
  EXPECT_THAT(reader->Close(), IsOk());
}

TEST_P(OnceCompactedAndClosed, IsToldOfALostEndHoweverOftenItIsKilled) {
  const int64_t lost = Lose(6);
  Write([](Engine& engine) {
    EXPECT_EQ(test::AppendOne(engine, kDamaged, "behind").value_or(Offset{}),
              Offset{18});
  });
  left_[18] = "behind";
  CheckTold();
  AppendAndDie(1, "elsewhere");
  CheckTold();
  AppendAndDie(0, "there");
  CheckTold();
  Look(Access::kReadWrite);
  CheckTold();
  CheckRepair(lost);
}

// Each of their names is noted by itself.
TEST_P(OnceCompactedAndLackingALot, IsToldOfAllHoweverOftenItIsKilled) {
  Write([this](Engine& engine) {
    for (int i = 0; i < 27; ++i) AppendSegments(engine);
  });
  ASSERT_EQ(left_.rbegin()->first, 98);
  const auto remove = [this](int base, std::string_view suffix) {
    return files_->RemoveFile(
        fmt::format("{}/orders-0/{:020}{}", kDirectory, base, suffix));
  };
  for (int base = 20; base < 90; ++base) {
    ASSERT_THAT(remove(base, ".log"), IsOk());
    if (GetParam().how == Loss::kLog) continue;
    ASSERT_THAT(remove(base, ".index"), IsOk());
    ASSERT_THAT(remove(base, ".timeindex"), IsOk());
  }
  left_.erase(left_.lower_bound(20), left_.lower_bound(90));
  const auto check = [this] {
    CheckTold();
    EXPECT_EQ(std::ranges::count_if(events_,
                                    [](const std::string& line) {
                                      return line.find("and nobody") !=
                                             std::string::npos;
                                    }),
              70);
  };
  check();
  AppendAndDie(0, "there");
  check();
  Look(Access::kReadWrite);
  check();
  AppendAndDie(1, "elsewhere");
  check();
  CheckRepair(70);
}

TEST_P(OnceCompactedAndClosed, IsWholeOnceWhatIsMissingIsPutBackAfterAKill) {
  Lose(3);
  AppendAndDie(1, "elsewhere");
  AppendAndDie(0, "there");
  const std::string there = left_.at(18);
  PutBack();
  left_[18] = there;
  EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
              Not(Contains(Field("gravity", &Finding::gravity,
                                 Gravity::kDamage))));
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    const Sight sight = Look(access);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
  }
}

// What was deleted in what is missing would come back with it.
TEST_P(OnceCompactedAndClosed, KeepsTombstonesOfWhatIsMissingAfterAKill) {
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"},
                                             {"delete.retention.ms", "0"}}),
                IsOk());
  });
  Lose(3);
  WriteAndDie([](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
  });
  for (int i = 0; i < 3; ++i) {
    WriteAndDie([](Engine& engine) {
      auto partition = engine.OpenPartition("orders", PartitionId{0});
      ASSERT_THAT(partition, IsOk());
      const Record record{.key = "other", .value = "newest"};
      ASSERT_THAT(partition->Append({&record, 1}), IsOk());
      EXPECT_THAT(partition->Compact(), HasReason(Reason::kCorruptBatch));
    });
    clock_.Advance(absl::Hours(1));
  }
  const Sight sight = Look(Access::kReadOnly);
  EXPECT_THAT(sight.records, Contains(::testing::Key(18)));
  EXPECT_THAT(sight.told, ElementsAre(HasSubstr("missing")));
}

}  // namespace
}  // namespace cauce
