#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::Pair;

TEST(KeyValueStore, GivesWhatWasPut) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("counts").value();

  ASSERT_THAT(store.Put("apples", "2"), IsOk());
  ASSERT_THAT(store.Put("pears", "1"), IsOk());
  ASSERT_THAT(store.Put("apples", "3"), IsOk());
  ASSERT_THAT(store.Delete("pears"), IsOk());
  ASSERT_THAT(store.Put("", ""), IsOk());

  EXPECT_THAT(store.Get("apples"), IsOkAndHolds(Optional(Eq("3"))));
  EXPECT_THAT(store.Get("pears"), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store.Get(""), IsOkAndHolds(Optional(Eq(""))));
  EXPECT_EQ(store.applied(), Offset{5});
  EXPECT_EQ(store.ApproximateEntries(), 2);
}

TEST(KeyValueStore, WritesACompactedTopicThatSaysItsKind) {
  StoreRig rig;
  rig.options.application = "shop";
  rig.OpenStores();
  auto store = rig.stores->OpenKeyValue("counts").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  ASSERT_THAT(store.Delete("a"), IsOk());

  const auto topic = rig.engine->DescribeTopic("shop-counts-changelog").value();
  EXPECT_THAT(topic.configs, ElementsAre(Pair("cauce.store", "key-value"),
                                         Pair("cleanup.policy", "compact")));
  const auto log =
      rig.engine->OpenPartition("shop-counts-changelog", PartitionId{0})
          .value();
  Cursor cursor = log.Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_THAT(record.key, Optional(Eq("a")));
  EXPECT_THAT(record.value, Optional(Eq("1")));
  EXPECT_EQ(record.timestamp, Timestamp::From(rig.clock.Now()));
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_FALSE(record.value.has_value());
}

TEST(KeyValueStore, WalksRangesAndPrefixesBothWays) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  for (const auto* key : {"a", "b1", "b2", "c", "\xff\xff"}) {
    ASSERT_THAT(store.Put(key, key), IsOk());
  }

  EXPECT_THAT(ValuesOf(store.Range({.from = "b", .to = "c"})),
              ElementsAre("b1", "b2"));
  EXPECT_THAT(ValuesOf(store.Range({.from = "b1", .to = "c"},
                                   KeyOrder::kReverse)),
              ElementsAre("b2", "b1"));
  EXPECT_THAT(ValuesOf(store.Prefix("b")), ElementsAre("b1", "b2"));
  EXPECT_THAT(ValuesOf(store.Prefix("\xff", KeyOrder::kReverse)),
              ElementsAre("\xff\xff"));
  EXPECT_THAT(ValuesOf(store.All(KeyOrder::kReverse)),
              ElementsAre("\xff\xff", "c", "b2", "b1", "a"));
}

TEST(KeyValueStore, WritesManyChangesInTheirOrderOrNone) {
  StoreRig rig;
  auto store =
      rig.stores
          ->OpenKeyValue("s", {.configs = {{"max.message.bytes", "200"}}})
          .value();

  const StateChange few[] = {{"a", "1"}, {"a", "2"}, {"b", "3"}, {"b", {}}};
  ASSERT_THAT(store.Write(few), IsOk());
  const std::string large(200, 'x');
  const StateChange many[] = {{"c", "1"}, {"d", large}};
  EXPECT_THAT(store.Write(many), HasReason(Reason::kBatchTooLarge));

  EXPECT_THAT(RowsOf(store.All()), ElementsAre(Pair("a", "2")));
  EXPECT_EQ(store.applied(), Offset{4});
  EXPECT_THAT(store.Put("e", "1"), IsOk());
}

TEST(KeyValueStore, PutsWhatIsAbsentOnce) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();

  EXPECT_THAT(store.PutIfAbsent("a", "1"), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store.PutIfAbsent("a", "2"), IsOkAndHolds(Optional(Eq("1"))));

  EXPECT_EQ(store.applied(), Offset{1});
}

TEST(KeyValueStore, SnapshotStaysAsItWas) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());

  std::optional<KeyValueSnapshot> snapshot = store.Snapshot().value();
  ASSERT_THAT(store.Put("a", "2"), IsOk());
  ASSERT_THAT(store.Put("b", "2"), IsOk());

  EXPECT_THAT(snapshot->Get("a"), IsOkAndHolds(Optional(Eq("1"))));
  EXPECT_THAT(RowsOf(snapshot->Range({})), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(store.Close(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  snapshot.reset();
  EXPECT_THAT(store.Close(), IsOk());
  EXPECT_THAT(store.Close(), IsOk());
  EXPECT_THAT(store.Get("a"), HasReason(Reason::kClosed));
  EXPECT_THAT(store.Put("a", "1"), HasReason(Reason::kClosed));
  EXPECT_THAT(store.All().status(), HasReason(Reason::kClosed));
}

TEST(KeyValueStore, IsOpenOnceInAProcess) {
  StoreRig rig;
  auto other = Stores::Open(*rig.engine, rig.options).value();
  {
    auto store = rig.stores->OpenKeyValue("s").value();
    EXPECT_THAT(rig.stores->OpenKeyValue("s"), HasReason(Reason::kLocked));
    EXPECT_THAT(other.OpenKeyValue("s"), HasReason(Reason::kLocked));
    EXPECT_THAT(rig.stores->Restore("s"), HasReason(Reason::kLocked));
    EXPECT_THAT(rig.stores->OpenKeyValue("t"), IsOk());
  }
  EXPECT_THAT(other.OpenKeyValue("s"), IsOk());
}

TEST(KeyValueStore, AnswersClosedBehindItsEngine) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());

  ASSERT_THAT(rig.engine->Close(), IsOk());

  EXPECT_THAT(store.Get("a"), HasReason(Reason::kClosed));
  EXPECT_THAT(store.Put("a", "2"), HasReason(Reason::kClosed));
  EXPECT_THAT(rig.stores->OpenKeyValue("t"), HasReason(Reason::kClosed));
  rig.engine.reset();
  rig.stores.reset();
  EXPECT_THAT(store.Put("a", "2"), HasReason(Reason::kClosed));
}

TEST(KeyValueStore, TakesAnotherKindsChangelogForNone) {
  StoreRig rig;
  { ASSERT_THAT(rig.stores->OpenTimestamped("s"), IsOk()); }

  EXPECT_THAT(rig.stores->OpenKeyValue("s"), HasReason(Reason::kInvalidConfig));
}

TEST(KeyValueStore, RefusesAChangelogThatDeletes) {
  StoreRig rig;
  { ASSERT_THAT(rig.stores->OpenKeyValue("s"), IsOk()); }
  ASSERT_THAT(rig.engine->AlterTopic("s-changelog",
                                     {{"cleanup.policy", "compact,delete"}}),
              IsOk());

  EXPECT_THAT(rig.stores->OpenKeyValue("s"), HasReason(Reason::kInvalidConfig));
}

TEST(KeyValueStore, JoinsTheWritesOfManyThreads) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  constexpr int kThreads = 64;
  constexpr int kPuts = 20;
  std::atomic<int> failed = 0;
  std::atomic<int> first = 0;

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPuts; ++i) {
        const std::string key = fmt::format("{}-{}", t, i);
        if (!store.Put(key, key).ok()) ++failed;
        const auto seen = store.Get(key);
        if (!seen.ok() || *seen != key) ++failed;
        const auto put = store.PutIfAbsent(fmt::format("shared-{}", i), key);
        if (!put.ok()) ++failed;
        if (put.ok() && !*put) ++first;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failed, 0);
  EXPECT_EQ(first, kPuts);
  EXPECT_EQ(RowsOf(store.All()).size(), kThreads * kPuts + kPuts);
  EXPECT_EQ(store.applied(), Offset{kThreads * kPuts + kPuts});
}

TEST(KeyValueStore, IsClosedUnderThreadsThatNeverPause) {
  constexpr int kThreads = 4;
  SimClock clock;
  FaultyDisk disk(clock);
  StoreRig rig(&disk);
  auto store = rig.stores->OpenKeyValue("s").value();
  std::atomic<int> putting = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> puts = 0;
  std::atomic<int> refused = 0;
  // Of which no two are joined.
  const std::string large(300'000, 'x');
  // A sync takes until somebody else has come, and had time to get in line.
  disk.set_plan([&](DiskCall call, std::string_view, int64_t) {
    if (call != DiskCall::kSync) return absl::OkStatus();
    while (putting < 2 && ended == 0) std::this_thread::yield();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    return absl::OkStatus();
  });

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = fmt::format("{}", t);
      absl::Status status;
      while (status.ok()) {
        ++putting;
        status = store.Put(key, large);
        --putting;
        ++puts;
      }
      if (ReasonOf(status) == Reason::kClosed) ++refused;
      ++ended;
    });
  }
  while (puts < 3 * kThreads && ended == 0) std::this_thread::yield();
  const absl::Status closed = store.Close();
  for (std::thread& thread : threads) thread.join();

  EXPECT_THAT(closed, IsOk());
  EXPECT_EQ(refused, kThreads);
  disk.set_plan(nullptr);
  EXPECT_FALSE(AllOf(rig).empty());
}

TEST(KeyValueStore, TakesNoChangeBehindItsClose) {
  SimClock clock;
  FaultyDisk disk(clock);
  StoreRig rig(&disk);
  auto store = rig.stores->OpenKeyValue("s").value();
  std::atomic<bool> syncing = false;
  std::atomic<bool> may_sync = false;
  disk.set_plan([&](DiskCall call, std::string_view, int64_t) {
    if (call != DiskCall::kSync) return absl::OkStatus();
    syncing = true;
    while (!may_sync) std::this_thread::yield();
    return absl::OkStatus();
  });
  absl::Status put;
  std::thread putting([&] { put = store.Put("a", "1"); });
  while (!syncing) std::this_thread::yield();
  absl::Status closed;
  std::thread closing([&] {
    // What looks below is an iterator, which holds it up.
    do {
      closed = store.Close();
    } while (absl::IsFailedPrecondition(closed));
  });

  // It waits for the one change, and lets nobody in any more.
  while (store.All().status().ok()) std::this_thread::yield();
  const absl::Status behind = store.Put("b", "1");
  const absl::Status snapshot = store.Snapshot().status();
  may_sync = true;
  putting.join();
  closing.join();

  EXPECT_THAT(behind, HasReason(Reason::kClosed));
  EXPECT_THAT(snapshot, HasReason(Reason::kClosed));
  EXPECT_THAT(put, IsOk());
  EXPECT_THAT(closed, IsOk());
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "1")));
}

TEST(KeyValueStore, OneBadChangeFailsNoOther) {
  StoreRig rig;
  auto store =
      rig.stores
          ->OpenKeyValue("s", {.configs = {{"max.message.bytes", "4000"}}})
          .value();
  const std::string large(4000, 'x');
  std::atomic<int> failed = 0;
  std::atomic<int> refused = 0;

  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        if (t == 0) {
          const absl::Status status = store.Put("large", large);
          if (ReasonOf(status) == Reason::kBatchTooLarge) ++refused;
        } else if (!store.Put(fmt::format("{}-{}", t, i), "v").ok()) {
          ++failed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failed, 0);
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(RowsOf(store.All()).size(), 15 * 20);
}

}  // namespace
}  // namespace cauce::test
