// The table of the README, row by row: of a record whose append has returned,
// what a kill leaves, what a power loss leaves that keeps nothing which was not
// synced, and what a reader in the process sees; and of a row that was put into
// a state store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/stores.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using ::testing::Eq;
using ::testing::Optional;

// Of what was not synced nothing reaches the disk.
class Nothing final : public Choices {
 public:
  size_t Pick(size_t /*alternatives*/) override { return 0; }
};

struct Row {
  std::string name;
  std::string flush;
  Ack ack;
  bool survives_power = false;
  bool is_seen = false;
};

class DurabilityTable : public ::testing::TestWithParam<Row> {
 protected:
  // The log behind an append that has returned, and such an end.
  template <typename End>
  int64_t RecordsAfter(const End& end) {
    FaultyDisk disk(clock_);
    AppendOne(disk);
    end(disk);
    auto again = Engine::Open("/data", {.file_system = &disk});
    EXPECT_THAT(again, IsOk());
    return again->OpenPartition("orders", PartitionId{0})
        .value()
        .log_end()
        .value;
  }

  // The disk is cut off as the append has returned: no close gets there.
  void AppendOne(FaultyDisk& disk) {
    auto engine = Engine::Open("/data", {.file_system = &disk});
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(
        engine->CreateTopic(
            "orders", {.configs = {{"cauce.flush", GetParam().flush}}}),
        IsOk());
    Partition partition =
        engine->OpenPartition("orders", PartitionId{0}).value();
    const Record record{.key = "k", .value = "v"};
    ASSERT_THAT(partition.Append({&record, 1}, {.ack = GetParam().ack}),
                IsOk());
    EXPECT_EQ(partition.high_watermark(), (Offset{GetParam().is_seen ? 1 : 0}));
    disk.CutNow();
  }

  // Whether a state store has a row behind a Put that has returned, and such an
  // end.
  template <typename End>
  bool StoreHasItAfter(const End& end) {
    FaultyDisk disk(clock_);
    PutOne(disk);
    end(disk);
    auto again = Engine::Open("/data", {.file_system = &disk});
    EXPECT_THAT(again, IsOk());
    auto stores = Stores::Open(*again).value();
    const auto store = stores.OpenKeyValue("counts");
    EXPECT_THAT(store, IsOk());
    const bool has_it = store->Get("k").value().has_value();
    const Offset log_end =
        again->OpenPartition("counts-changelog", PartitionId{0})
            .value()
            .log_end();
    EXPECT_EQ(has_it, log_end == Offset{1}) << "the log is what is believed";
    return has_it;
  }

  void PutOne(FaultyDisk& disk) {
    auto engine = Engine::Open("/data", {.file_system = &disk});
    ASSERT_THAT(engine, IsOk());
    auto stores = Stores::Open(*engine).value();
    auto store = stores.OpenKeyValue(
        "counts", {.ack = GetParam().ack,
                   .configs = {{"cauce.flush", GetParam().flush}}});
    ASSERT_THAT(store, IsOk());
    ASSERT_THAT(store->Put("k", "v"), IsOk());
    EXPECT_THAT(store->Get("k"), IsOkAndHolds(Optional(Eq("v"))))
        << "whoever asks the store sees it at once";
    disk.CutNow();
  }

  SimClock clock_;
};

TEST_P(DurabilityTable, SaysWhatSurvivesAKill) {
  EXPECT_EQ(RecordsAfter([](FaultyDisk& disk) { disk.RestartProcess(); }), 1);
}

TEST_P(DurabilityTable, SaysWhatSurvivesAPowerLoss) {
  EXPECT_EQ(RecordsAfter([](FaultyDisk& disk) {
              Nothing nothing;
              disk.Restart(nothing);
            }),
            GetParam().survives_power ? 1 : 0);
}

TEST_P(DurabilityTable, SaysWhatAStateStoreHasAfterAKill) {
  EXPECT_TRUE(
      StoreHasItAfter([](FaultyDisk& disk) { disk.RestartProcess(); }));
}

TEST_P(DurabilityTable, SaysWhatAStateStoreHasAfterAPowerLoss) {
  EXPECT_EQ(StoreHasItAfter([](FaultyDisk& disk) {
              Nothing nothing;
              disk.Restart(nothing);
            }),
            GetParam().survives_power);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DurabilityTable,
    ::testing::Values(Row{"GroupOfOne", "group", Ack::kWritten, false, false},
                      Row{"GroupOfAll", "group", Ack::kDurable, true, true},
                      Row{"OsOfOne", "os", Ack::kWritten, false, true},
                      Row{"OsOfAll", "os", Ack::kDurable, false, true}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cauce::test
