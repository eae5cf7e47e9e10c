// The power goes while a store takes changes that are not synced one by one,
// and RocksDB writes its table of its own accord: changelog and table lie on
// one disk, and no table knows more than its log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/stores.h"
#include "engine/base/mutex.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

// At 20 kB each some 20 rows fill what a table of 1 MiB may hold in memory.
constexpr int kPuts = 120;
constexpr size_t kRowBytes = 20'000;
constexpr int kPersistEvery = 50;
// How many of all cuts there are.
constexpr int64_t kCuts = 40;

struct Durability {
  const char* name;
  const char* flush;
  Ack ack;
};

// An engine with a store, on a disk that outlives it.
class Opened {
 public:
  Opened(FaultyDisk& disk, Clock& clock, const Durability& durability) {
    EngineOptions options;
    options.file_system = &disk;
    options.clock = &clock;
    options.events = [this](Severity, std::string_view line) {
      MutexLock lock(mutex_);
      if (line.find("made anew") != line.npos) made_anew_ = line;
    };
    auto engine = Engine::Open("/data", options);
    if (!engine.ok()) return;
    engine_.emplace(*std::move(engine));
    StoresOptions tables;
    tables.rocksdb = {.memory_max = 1 << 20, .threads = 1};
    auto stores = Stores::Open(*engine_, tables);
    if (!stores.ok()) return;
    stores_.emplace(*std::move(stores));
    auto store = stores_->OpenKeyValue(
        "s", {.ack = durability.ack,
              .configs = {{"cauce.flush", durability.flush}}});
    if (store.ok()) store_.emplace(*std::move(store));
  }

  // Puts row after row until the power goes; returns how many of them the last
  // Persist has made durable.
  int PutUntilCut() {
    int persisted = 0;
    if (!store_) return persisted;
    const std::string value(kRowBytes, 'v');
    for (int i = 0; i < kPuts; ++i) {
      if (!store_->Put(fmt::format("{:03}", i), value).ok()) return persisted;
      if (i % kPersistEvery != kPersistEvery - 1) continue;
      if (!store_->Persist().ok()) return persisted;
      persisted = i + 1;
    }
    return persisted;
  }

  // How many rows there are, of which none in between may be missing.
  int CountRows() {
    int rows = 0;
    auto at = store_->All();
    for (; at.Valid(); at.Next(), ++rows) {
      EXPECT_EQ(at.row().key, fmt::format("{:03}", rows));
    }
    EXPECT_THAT(at.status(), IsOk());
    return rows;
  }

  bool is_open() const { return store_.has_value(); }
  std::string made_anew() {
    MutexLock lock(mutex_);
    return made_anew_;
  }

 private:
  Mutex mutex_;
  std::string made_anew_ ABSL_GUARDED_BY(mutex_);
  std::optional<Engine> engine_;
  std::optional<Stores> stores_;
  std::optional<KeyValueStore> store_;
};

class StorePowerLoss : public ::testing::TestWithParam<Durability> {};

TEST_P(StorePowerLoss, LeavesNoTableThatKnowsMoreThanItsLog) {
  int64_t changes = 0;
  {
    SimClock clock;
    FaultyDisk disk(clock);
    Opened whole(disk, clock, GetParam());
    ASSERT_EQ(whole.PutUntilCut(), kPuts / kPersistEvery * kPersistEvery);
    changes = disk.changes();
  }
  const int64_t step = std::max<int64_t>(changes / kCuts, 1);
  int most = 0;
  for (int64_t cut = 0; cut < changes; cut += step) {
    SCOPED_TRACE(fmt::format("cut before change {} of {}", cut, changes));
    SimClock clock;
    FaultyDisk disk(clock);
    int persisted = 0;
    {
      Opened cut_off(disk, clock, GetParam());
      ASSERT_TRUE(cut_off.is_open());
      disk.CutBefore(disk.changes() + cut);
      persisted = cut_off.PutUntilCut();
      disk.CutNow();
    }
    // Nothing that was not synced is left.
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing);

    Opened again(disk, clock, GetParam());
    ASSERT_TRUE(again.is_open());
    const int rows = again.CountRows();
    EXPECT_GE(rows, persisted);
    EXPECT_EQ(again.made_anew(), "");
    if (HasFailure()) return;
    most = std::max(most, rows);
  }
  EXPECT_GE(most, kPersistEvery);
}

INSTANTIATE_TEST_SUITE_P(
    Acks, StorePowerLoss,
    ::testing::Values(Durability{"GroupWritten", "group", Ack::kWritten},
                      Durability{"OsWritten", "os", Ack::kWritten},
                      Durability{"OsDurable", "os", Ack::kDurable}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace cauce::test
