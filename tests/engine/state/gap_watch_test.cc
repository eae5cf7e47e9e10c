#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/engine.h"
#include "cauce/stores.h"
#include "engine/facade/engine_core.h"
#include "engine/state/gap_watch.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

class GapWatchTest : public ::testing::Test {
 protected:
  GapWatchTest() { Fill(rig_); }

  GapWatch Begin(const Engine& engine, bool is_new) {
    const StoreMark mark{.written = Timestamp::From(rig_.clock.Now())};
    return GapWatch::Begin(*EngineCore::Of(engine), {"s-changelog", {0}},
                           {.mark = mark,
                            .is_new = is_new,
                            .delete_retention = absl::Seconds(1)},
                           rig_.clock)
        .value();
  }
  // `a` once more, so that a pass has something to do.
  void Compact() {
    auto log =
        rig_.engine->OpenPartition("s-changelog", PartitionId{0}).value();
    const Record record{.key = "a", .value = "more"};
    ASSERT_THAT(log.Append({&record, 1}), IsOk());
    ASSERT_THAT(log.Compact(), IsOk());
  }

  StoreRig rig_;
};

TEST_F(GapWatchTest, TakesAllForAsLongAsDeletionsStay) {
  GapWatch watch = Begin(*rig_.engine, false);
  EXPECT_FALSE(watch.has_met_any());
  rig_.clock.Advance(absl::Milliseconds(999));
  Compact();

  EXPECT_EQ(watch.AtGap(), Gaps::kTaken);

  EXPECT_TRUE(watch.has_met_any());
  rig_.clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(watch.AtGap(), Gaps::kRefused);
}

TEST_F(GapWatchTest, TakesThoseThatWereThereAsItBegan) {
  GapWatch watch = Begin(*rig_.engine, false);
  GapWatch of_new = Begin(*rig_.engine, true);
  rig_.clock.Advance(absl::Hours(1));

  EXPECT_EQ(watch.AtGap(), Gaps::kTaken);
  EXPECT_EQ(of_new.AtGap(), Gaps::kTaken);
  Compact();
  EXPECT_EQ(watch.AtGap(), Gaps::kRefused);
  EXPECT_EQ(of_new.AtGap(), Gaps::kRefused);
}

TEST_F(GapWatchTest, RefusesAllOfATableThatWasFoundTooOld) {
  const StoreMark mark{.written = Timestamp::From(rig_.clock.Now())};
  rig_.clock.Advance(absl::Seconds(1));
  const auto gap = [&](bool is_new) {
    return GapWatch::Begin(*EngineCore::Of(*rig_.engine), {"s-changelog", {0}},
                           {.mark = mark,
                            .is_new = is_new,
                            .delete_retention = absl::Seconds(1)},
                           rig_.clock)
        .value()
        .AtGap();
  };

  EXPECT_EQ(gap(false), Gaps::kRefused);
  EXPECT_EQ(gap(true), Gaps::kTaken);
}

TEST_F(GapWatchTest, SeesWhatAnotherProcessCompactsOnceItHasLooked) {
  auto reading =
      Engine::Open("/data", rig_.EngineOptionsOf(Access::kReadOnly)).value();
  const Partition log =
      reading.OpenPartition("s-changelog", PartitionId{0}).value();
  const auto look = [&] {
    ASSERT_THAT(log.WaitFor(log.log_end(), absl::ZeroDuration()), IsOk());
  };
  look();
  GapWatch watch = Begin(reading, true);
  rig_.clock.Advance(absl::Hours(1));
  look();
  EXPECT_EQ(watch.AtGap(), Gaps::kTaken);

  Compact();
  look();

  EXPECT_EQ(watch.AtGap(), Gaps::kRefused);
}

}  // namespace
}  // namespace cauce::test
