// A log that was compacted once, and is whole: of what was cut, deleted or
// compacted in order nobody is told that it is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "fmt/format.h"
#include "tests/damage/once_compacted.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::Loss;
using test::Lost;
using test::OnceCompacted;
using test::Sight;
using test::Stop;
using test::Values;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

// A cut into a gap ends a file in front of the next, and below what it held.
using OnceCompactedAndCut = OnceCompacted;
INSTANTIATE_TEST_SUITE_P(, OnceCompactedAndCut,
                         ::testing::Values(Lost{Loss::kCutShort}),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(OnceCompactedAndCut, IsWholeBehindACutIntoAGapForWhoReadsAndAfterAKill) {
  Write([](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = "k", .value = "newest"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    ASSERT_THAT(partition->Compact(), IsOk());
  });
  left_ = {{9, "behind the cut"}};
  const auto check = [&] {
    EXPECT_THAT(test::VerifyAll(*files_, kDirectory),
                Not(Contains(Field("gravity", &Finding::gravity,
                                   Gravity::kDamage))));
    const Sight sight = Look(Access::kReadOnly);
    EXPECT_EQ(sight.records, left_);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  };
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{9}), IsOkAndHolds(Offset{9}));
    const Record record{.key = "k", .value = "behind the cut"};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
    check();
  });
  check();
  const Sight sight = Look(Access::kReadWrite);
  EXPECT_EQ(sight.records, left_);
  EXPECT_THAT(sight.told, IsEmpty());
  check();
}

// It ends where it is known to, and is shorter than it was.
TEST_P(OnceCompactedAndCut, IsWholeBehindACutOfItsLastSegmentAndAKill) {
  const Offset at = test::Remains::Of(Stop::kClean).batches("orders-0")[7].base;
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(at), IsOkAndHolds(at));
  });
  left_.erase(left_.lower_bound(at.value), left_.end());
  CheckWhole();
}

// A pass was there before it was cut to where the close has noted its end.
TEST_P(OnceCompactedAndCut, IsWholeBehindAPassAndACutToItsNotedEnd) {
  const std::string large(600'000, 'v');
  const auto put = [](Engine& engine, std::string_view key,
                      std::string_view value) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record{.key = key, .value = value};
    ASSERT_THAT(partition->Append({&record, 1}), IsOk());
  };
  Write([&](Engine& engine) {
    ASSERT_THAT(engine.AlterTopic("orders", {{"cleanup.policy", "compact"},
                                             {"segment.bytes", "1048576"}}),
                IsOk());
    // Too large for a pass to put both into one segment.
    put(engine, "one", large);
    put(engine, "other", large);
    put(engine, "k", "old");
    put(engine, "last", "value");
  });
  constexpr Offset kEnd{22};
  WriteAndDie([&](Engine& engine) {
    put(engine, "k", "new");
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->Compact(), IsOk());
    ASSERT_THAT(partition->TruncateTo(kEnd), IsOkAndHolds(kEnd));
    EXPECT_THAT(Look(Access::kReadOnly).told, IsEmpty());
  });
  left_ = {{18, large}, {19, large}, {21, "value"}};
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, IsToldOfNothingThatACutHasEnded) {
  Lose(0);
  Look(Access::kReadWrite);  // who notes what is missing
  left_.clear();
  WriteAndDie([&](Engine& engine) {
    auto partition = engine.OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    ASSERT_THAT(partition->TruncateTo(Offset{0}), IsOkAndHolds(Offset{0}));
    AppendSegments(engine);
  });
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, LeavesNothingMissingInATopicThatIsMadeAgain) {
  Lose(0);
  Look(Access::kReadWrite);
  left_.clear();
  WriteAndDie([&](Engine& engine) {
    ASSERT_THAT(engine.DeleteTopic("orders"), IsOk());
    MakeAgain(engine);
    AppendSegments(engine);
  });
  CheckWhole();
}

TEST_P(OnceCompactedAndCut, IsWholeInACopyOfAKilledDirectory) {
  AppendAndDie(1, "elsewhere");
  Copy();
  CheckWhole();
  WriteAndDie([&](Engine& engine) { AppendSegments(engine); });
  Copy();
  CheckWhole();
}

// By somebody who knows of no `cauce.segments`.
TEST_P(OnceCompactedAndCut, LeavesNothingMissingInAnotherDirectoryOfItsName) {
  Lose(0);
  Look(Access::kReadWrite);
  left_.clear();
  const std::string notes = fmt::format("{}/cauce.segments", kDirectory);
  const std::string noted =
      test::Gather(*files_, kDirectory).at("cauce.segments");
  WriteAndDie([&](Engine& engine) {
    ASSERT_THAT(engine.DeleteTopic("orders"), IsOk());
    MakeAgain(engine);
    AppendSegments(engine);
  });
  files_->RemoveFile(notes).IgnoreError();
  test::Lay({{"cauce.segments", noted}}, *files_, kDirectory);
  CheckWhole();
}

constexpr std::string_view kDirectory = "/data";

// Nothing of it is damaged: neither its opener, nor a reader, nor verify, nor a
// repair has anything to say, however often it is closed, in the middle of a
// segment and behind a roll or a pass.
TEST(CompactedTopic, ThatIsClosedInOrderAgainAndAgainIsToldOfNothing) {
  const auto files = NewMemoryFileSystem();
  test::SimClock clock;
  std::vector<std::string> told;
  const auto open = [&](Access access) {
    return Engine::Open(kDirectory,
                        {.access = access,
                         .file_system = files.get(),
                         .clock = &clock,
                         .events = [&](Severity severity,
                                       std::string_view line) {
                           if (severity == Severity::kInfo) return;
                           told.emplace_back(line);
                         }});
  };
  Values written;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(fmt::format("close {}", round));
    {
      auto engine = open(Access::kReadWrite);
      ASSERT_THAT(engine, IsOk());
      if (round == 0) {
        ASSERT_THAT(engine->CreateTopic(
                        "orders",
                        {.configs = {{"cleanup.policy", "compact"},
                                     {"internal.segment.bytes", "300"}}}),
                    IsOk());
      }
      auto orders = engine->OpenPartition("orders", PartitionId{0});
      ASSERT_THAT(orders, IsOk());
      // Of three keys each time another one, and one that is never seen again.
      for (const std::string& key :
           {fmt::format("k{}", round % 3), fmt::format("only {}", round)}) {
        const std::string value = fmt::format("value {}", round);
        const Record record{.key = key, .value = value};
        const auto at = orders->Append({&record, 1});
        ASSERT_THAT(at, IsOk());
        written[at->base.value] = value;
      }
      if (round % 4 == 3) {
        ASSERT_THAT(orders->Compact(), IsOk());
      }
      ASSERT_THAT(engine->Close(), IsOk());
    }
    EXPECT_THAT(test::VerifyAll(*files, kDirectory), IsEmpty());
    const auto planned = PlanRepair(*files, kDirectory, {});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->steps, 0);
    auto reader = open(Access::kReadOnly);
    ASSERT_THAT(reader, IsOk());
    const Sight sight = test::ReadOver(*reader, {"orders", PartitionId{0}});
    EXPECT_THAT(sight.ended, IsOk());
    EXPECT_THAT(sight.told, IsEmpty());
    // Compaction takes records; the newest of each key stay.
    for (const auto& [offset, value] : sight.records) {
      EXPECT_EQ(written[offset], value);
    }
    EXPECT_TRUE(sight.records.contains(written.rbegin()->first));
    const auto orders = reader->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    EXPECT_EQ(orders->lost(), LostRecords());
    EXPECT_THAT(reader->Close(), IsOk());
    EXPECT_THAT(told, IsEmpty());
  }
  EXPECT_GT(written.size(), 20);
}

}  // namespace
}  // namespace cauce
