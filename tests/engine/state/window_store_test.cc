#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/stores.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

constexpr int64_t kMinute = 60'000;

WindowOptions Keep(absl::Duration retention) {
  return {.retention = retention};
}

TEST(WindowStore, ErasesAtAnOpeningOnlyWhatIsThere) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
    ASSERT_THAT(store.Put("a", "1", Timestamp{0}), IsOk());
    ASSERT_THAT(store.Put("a", "2", Timestamp{60 * kMinute}), IsOk());
  }
  ASSERT_EQ(rig.tables.erased(), 1u);

  for (int i = 0; i < 3; ++i) {
    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
    EXPECT_EQ(ValuesOf(store.All()).size(), 1u);
  }

  EXPECT_EQ(rig.tables.erased(), 1u);
}

TEST(WindowStore, FetchesByKeyAndTime) {
  StoreRig rig;
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
  // Keys of which one begins with the other, and with bytes of times.
  const std::string longer("a\0\0\0\0\0\0\0\0", 9);
  for (const int64_t minute : {0, 1, 4, 7}) {
    ASSERT_THAT(store.Put("a", "a" + std::to_string(minute),
                          Timestamp{minute * kMinute}),
                IsOk());
    ASSERT_THAT(store.Put(longer, "l" + std::to_string(minute),
                          Timestamp{minute * kMinute}),
                IsOk());
  }

  EXPECT_THAT(store.Fetch("a", Timestamp{kMinute}),
              IsOkAndHolds(Optional(Eq("a1"))));
  EXPECT_THAT(store.Fetch("a", Timestamp{kMinute + 1}),
              IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(ValuesOf(store.Fetch("a", TimeRange{})),
              ElementsAre("a0", "a1", "a4", "a7"));
  EXPECT_THAT(ValuesOf(store.Fetch("a", {{kMinute}, {4 * kMinute}})),
              ElementsAre("a1", "a4"));
  EXPECT_THAT(
      ValuesOf(store.Fetch("a", {{kMinute}, {7 * kMinute}},
                           KeyOrder::kReverse)),
      ElementsAre("a7", "a4", "a1"));
  EXPECT_THAT(ValuesOf(store.FetchRange({.from = "a", .to = longer}, {})),
              ElementsAre("a0", "a1", "a4", "a7"));
  EXPECT_THAT(
      ValuesOf(store.FetchRange({.from = "b"}, {})), IsEmpty());
  EXPECT_EQ(ValuesOf(store.All()).size(), 8u);
  ASSERT_THAT(store.Put("a", std::nullopt, Timestamp{kMinute}), IsOk());
  EXPECT_THAT(store.Fetch("a", Timestamp{kMinute}),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST(WindowStore, ForgetsByStreamTimeThatRestartsKeep) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
    ASSERT_THAT(store.Put("a", "old", Timestamp{0}), IsOk());
    ASSERT_THAT(store.Put("a", "edge", Timestamp{10 * kMinute}), IsOk());
    EXPECT_EQ(ValuesOf(store.All()).size(), 2u);
    ASSERT_THAT(store.Put("b", "new", Timestamp{20 * kMinute}), IsOk());
    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("edge", "new"));
    ASSERT_THAT(store.Put("a", "late", Timestamp{10 * kMinute - 1}), IsOk());
    EXPECT_EQ(store.applied(), Offset{3});  // what is too old is not logged
  }
  EXPECT_EQ(rig.tables.only().rows.size(), 2u);  // a whole segment has gone
  for (const bool wiped : {false, true}) {
    rig.CloseEngine();
    if (wiped) rig.tables.Wipe();
    rig.Open();
    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();

    EXPECT_EQ(store.stream_time(), Timestamp{20 * kMinute});
    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("edge", "new"));
    EXPECT_THAT(store.Fetch("a", Timestamp{0}),
                IsOkAndHolds(Eq(std::nullopt)));
    EXPECT_EQ(store.use().keys, 2);
  }
}

TEST(WindowStore, HasKafkasKeysAndConfigs) {
  StoreRig rig;
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
  ASSERT_THAT(store.Put("k", "v", Timestamp{0x0102}), IsOk());

  const auto topic = rig.engine->DescribeTopic("w-changelog").value();
  EXPECT_THAT(topic.configs,
              ElementsAre(Pair("cauce.store", "window"),
                          Pair("cleanup.policy", "compact,delete"),
                          Pair("retention.ms", "87000000")));
  const auto log =
      rig.engine->OpenPartition("w-changelog", PartitionId{0}).value();
  Cursor cursor = log.Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(*record.key, std::string("k\0\0\0\0\0\0\1\2\0\0\0\0", 13));
  EXPECT_EQ(*record.value, "v");
}

TEST(WindowStore, KeepsDuplicatesApart) {
  StoreRig rig;
  const WindowOptions options{.retention = absl::Minutes(10),
                              .retain_duplicates = true};
  {
    auto store = rig.stores->OpenWindow("w", options).value();
    ASSERT_THAT(store.Put("a", "1", Timestamp{5}), IsOk());
    ASSERT_THAT(store.Put("a", "2", Timestamp{5}), IsOk());
    ASSERT_THAT(store.Put("a", std::nullopt, Timestamp{5}), IsOk());
  }
  auto store = rig.stores->OpenWindow("w", options).value();
  ASSERT_THAT(store.Put("a", "3", Timestamp{5}), IsOk());

  EXPECT_THAT(ValuesOf(store.Fetch("a", TimeRange{})),
              ElementsAre("1", "2", "3"));
}

TEST(WindowStore, HasTheSameTableWithDuplicatesAndWithout) {
  StoreRig rig;
  WindowOptions options{.retention = absl::Minutes(10),
                        .retain_duplicates = true};
  {
    auto store = rig.stores->OpenWindow("w", options).value();
    ASSERT_THAT(store.Put("a", "1", Timestamp{5}), IsOk());
    ASSERT_THAT(store.Put("a", "2", Timestamp{5}), IsOk());
  }
  options.retain_duplicates = false;
  {
    auto store = rig.stores->OpenWindow("w", options).value();
    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("1", "2"));
    ASSERT_THAT(store.Put("a", "one", Timestamp{5}), IsOk());
    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("one", "2"));
    EXPECT_THAT(store.Fetch("a", Timestamp{5}),
                IsOkAndHolds(Optional(Eq("one"))));
  }
  const auto rows = rig.tables.only().rows;
  rig.tables.Wipe();
  options.retain_duplicates = true;
  auto store = rig.stores->OpenWindow("w", options).value();
  EXPECT_EQ(rig.tables.only().rows, rows);
  ASSERT_THAT(store.Put("a", "3", Timestamp{5}), IsOk());
  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("one", "2", "3"));
}

TEST(WindowStore, IsMadeAnewWithAnotherRetention) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
    ASSERT_THAT(store.Put("a", "0", Timestamp{0}), IsOk());
    ASSERT_THAT(store.Put("a", "5", Timestamp{5 * kMinute}), IsOk());
  }
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(4))).value();

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("5"));
  EXPECT_TRUE(rig.Told("segments"));
}

// retention.ms of the changelog of `w`, without the day that is added.
absl::Duration Kept(StoreRig& rig) {
  const auto topic = rig.engine->DescribeTopic("w-changelog").value();
  return absl::Milliseconds(std::stoll(topic.configs.at("retention.ms"))) -
         absl::Hours(24);
}

TEST(WindowStore, HasItsChangelogKeepMoreButNeverLess) {
  StoreRig rig;
  const auto open = [&](absl::Duration retention) {
    return rig.stores->OpenWindow("w", Keep(retention)).status();
  };
  ASSERT_THAT(open(absl::Minutes(10)), IsOk());
  EXPECT_EQ(Kept(rig), absl::Minutes(10));

  ASSERT_THAT(open(absl::Minutes(4)), IsOk());
  EXPECT_EQ(Kept(rig), absl::Minutes(10));
  EXPECT_TRUE(rig.Told("--config retention.ms=86640000 shortens that"));
  ASSERT_THAT(open(absl::Minutes(20)), IsOk());
  EXPECT_EQ(Kept(rig), absl::Minutes(20));
}

TEST(WindowStore, AnOpeningThatIsRefusedChangesNoConfig) {
  StoreRig rig;
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();

  for (const int minutes : {4, 20}) {
    EXPECT_THAT(rig.stores->OpenWindow("w", Keep(absl::Minutes(minutes))),
                HasReason(Reason::kLocked));
    EXPECT_EQ(Kept(rig), absl::Minutes(10));
  }
  EXPECT_THAT(rig.stores->OpenSession("w", Keep(absl::Minutes(20))),
              HasReason(Reason::kLocked));
  ASSERT_THAT(store.Close(), IsOk());
  EXPECT_THAT(rig.stores->OpenSession("w", Keep(absl::Minutes(20))),
              HasReason(Reason::kInvalidConfig));
  WindowOptions beyond = Keep(absl::Minutes(20));
  beyond.store.partition = PartitionId{1};
  EXPECT_THAT(rig.stores->OpenWindow("w", beyond),
              HasReason(Reason::kUnknownPartition));
  EXPECT_EQ(Kept(rig), absl::Minutes(10));
}

TEST(WindowStore, OfAllPartitionsTheLongestWishIsKept) {
  StoreRig rig;
  constexpr int kPartitions = 8;
  const auto open = [&](int partition, absl::Duration retention) {
    WindowOptions options = Keep(retention);
    options.store.partition = PartitionId{partition};
    options.store.partitions = kPartitions;
    return rig.stores->OpenWindow("w", options).status();
  };
  for (int64_t round = 1; round <= 10; ++round) {
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int partition = 0; partition < kPartitions; ++partition) {
      threads.emplace_back([&, partition] {
        const int64_t minutes = 100 * round - partition;
        if (!open(partition, absl::Minutes(minutes)).ok()) ++failed;
      });
    }
    for (std::thread& thread : threads) thread.join();

    EXPECT_EQ(failed, 0);
    EXPECT_EQ(Kept(rig), absl::Minutes(100 * round));
  }
}

TEST(WindowStore, NeedsToBeToldHowLongRowsAreKeptOnce) {
  StoreRig rig;
  EXPECT_THAT(rig.stores->OpenWindow("w", {}),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(rig.stores->OpenWindow("w", Keep(absl::ZeroDuration())),
              HasReason(Reason::kInvalidOption));
  { ASSERT_THAT(rig.stores->OpenWindow("w", Keep(absl::Minutes(1))), IsOk()); }

  auto store = rig.stores->OpenWindow("w", {}).value();
  EXPECT_THAT(store.Put("a", "v", Timestamp{-1}),
              HasReason(Reason::kInvalidTimestamp));
  ASSERT_THAT(store.Put("a", "0", Timestamp{0}), IsOk());
  ASSERT_THAT(store.Put("a", "1", Timestamp{kMinute + 1}), IsOk());
  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("1"));
}

// `w` keeps its rows for ten minutes, in segments of five, and its changelog
// for twenty; the first of its rows has expired.
void FillOneThatKeepsLessThanItsTopic(StoreRig& rig) {
  { ASSERT_THAT(rig.stores->OpenWindow("w", Keep(absl::Minutes(20))), IsOk()); }
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
  for (const int64_t minute : {0, 5, 12}) {
    ASSERT_THAT(store.Put("a", std::to_string(minute),
                          Timestamp{minute * kMinute}),
                IsOk());
  }
  EXPECT_EQ(Kept(rig), absl::Minutes(20));
}

TEST(WindowStore, IsReadBesideItsWriterAsItsTableSays) {
  StoreRig rig;
  FillOneThatKeepsLessThanItsTopic(rig);
  auto reading =
      Engine::Open("/data", rig.EngineOptionsOf(Access::kReadOnly)).value();
  // Nothing of the changelog is read: there is no room for it.
  auto beside = Stores::Open(reading, {.backend = rig.tables.NewBackend(),
                                       .read_only_bytes_max = 0})
                    .value();

  auto store = beside.OpenWindow("w", {});

  ASSERT_THAT(store, IsOk());
  EXPECT_THAT(ValuesOf(store->All()), ElementsAre("5", "12"));
}

TEST(WindowStore, IsRestoredAsItsTableWas) {
  StoreRig rig;
  FillOneThatKeepsLessThanItsTopic(rig);
  const auto before = rig.tables.only();

  const auto restored = rig.stores->Restore("w");

  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(restored->table, TableState::kWhole);
  EXPECT_EQ(rig.tables.only().rows, before.rows);
  rig.events.clear();
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(10))).value();
  EXPECT_FALSE(rig.Told("made anew"));
  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("5", "12"));
}

TEST(WindowStore, OpenedWithoutARetentionStaysAsItsTableIs) {
  StoreRig rig;
  FillOneThatKeepsLessThanItsTopic(rig);
  rig.events.clear();

  auto store = rig.stores->OpenWindow("w", {}).value();

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("5", "12"));
  EXPECT_FALSE(rig.Told("made anew"));
}

// `w` keeps its rows for a minute or for two, in segments of a minute.
WindowStore FillShort(StoreRig& rig, absl::Duration retention) {
  auto store = rig.stores->OpenWindow("w", Keep(retention)).value();
  for (const int64_t minute : {0, 1, 2}) {
    EXPECT_THAT(store.Put("a", std::to_string(minute),
                          Timestamp{minute * kMinute}),
                IsOk());
  }
  return store;
}

TEST(WindowStore, ShowsAgainWhatAShorterRetentionErased) {
  StoreRig rig;
  { FillShort(rig, absl::Minutes(2)); }
  {
    auto shorter = rig.stores->OpenWindow("w", Keep(absl::Minutes(1))).value();
    EXPECT_THAT(ValuesOf(shorter.All()), ElementsAre("1", "2"));
  }
  EXPECT_FALSE(rig.Told("made anew"));

  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(2))).value();

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("0", "1", "2"));
  EXPECT_TRUE(rig.Told("made anew from it: it was opened with a retention of"));
}

TEST(WindowStore, ShowsWhatItsWholeLifeHidUnderAShorterRetention) {
  StoreRig rig;
  for (const bool caught_up : {false, true}) {
    SCOPED_TRACE(caught_up);
    { FillShort(rig, absl::Minutes(1)); }
    if (caught_up) {
      rig.tables.Wipe();
      ASSERT_THAT(rig.stores->OpenWindow("w", Keep(absl::Minutes(1))), IsOk());
    }

    auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(2))).value();

    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("0", "1", "2"));
  }
}

TEST(WindowStore, IsReadAsTheLastOpeningKeepsItsRows) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenWindow("w", Keep(absl::Seconds(70))).value();
    ASSERT_THAT(store.Put("a", "61", Timestamp{61'000}), IsOk());
    ASSERT_THAT(store.Put("a", "130", Timestamp{130'000}), IsOk());
    EXPECT_THAT(ValuesOf(store.All()), ElementsAre("61", "130"));
  }
  // Nothing is erased yet, since the segment has rows that may be live.
  { ASSERT_THAT(rig.stores->OpenWindow("w", Keep(absl::Seconds(60))), IsOk()); }
  auto reading =
      Engine::Open("/data", rig.EngineOptionsOf(Access::kReadOnly)).value();
  auto beside = Stores::Open(reading, {.backend = rig.tables.NewBackend(),
                                       .read_only_bytes_max = 0})
                    .value();

  auto store = beside.OpenWindow("w", {}).value();

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("130"));
}

TEST(WindowStore, ShowsRowsOfASegmentThatOneWriteEndedNoMore) {
  StoreRig rig;
  auto store = rig.stores->OpenWindow("w", Keep(absl::Minutes(2))).value();
  for (int64_t minute = 0; minute < 100; ++minute) {
    ASSERT_THAT(store.Put("k", "v", Timestamp{minute * kMinute}), IsOk());
    EXPECT_LE(store.use().keys, 4);
  }
  EXPECT_EQ(ValuesOf(store.All()).size(), 3u);
}

}  // namespace
}  // namespace cauce::test
