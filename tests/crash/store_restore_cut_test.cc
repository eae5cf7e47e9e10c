// A table that RocksDB keeps is made from much, and the process or the power
// goes in the midst of it, or the disk is full: the next opening makes it
// whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/many_records.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using Rows = std::map<std::string, std::string>;

// The least that is loaded, and not written.
constexpr int kMany = 100'000;
// How many of all cuts there are.
constexpr int kCuts = 16;

// Opens the store, and returns what it holds once it is closed well.
absl::StatusOr<Rows> Restored(FaultyDisk& disk, Clock& clock) {
  auto engine = Engine::Open("/data", {.file_system = &disk, .clock = &clock});
  if (!engine.ok()) return engine.status();
  StoresOptions options;
  // Several runs, and files that RocksDB merges.
  options.rocksdb = {.memory_max = 1 << 20,
                     .load_bytes_max = 1 << 20,
                     .threads = 1};
  auto stores = Stores::Open(*engine, options);
  if (!stores.ok()) return stores.status();
  auto store = stores->OpenKeyValue("s");
  if (!store.ok()) return store.status();
  Rows rows;
  for (auto at = store->All();; at.Next()) {
    if (!at.Valid()) {
      if (!at.status().ok()) return at.status();
      break;
    }
    rows.emplace(at.row().key, at.row().value);
  }
  const absl::Status closed = store->Close();
  if (!closed.ok()) return closed;
  return rows;
}

class StoreRestoreCut : public ::testing::Test {
 protected:
  void SetUp() override {
    auto engine =
        Engine::Open("/data", {.file_system = &disk_, .clock = &clock_})
            .value();
    rows_ = FillChangelog(engine, "s-changelog", kMany, 40);
    ASSERT_THAT(engine.Close(), IsOk());
    begin_ = disk_.changes();
    disk_.CutNow();
    auto whole = disk_.Copy();
    whole->RestartProcess();
    ASSERT_THAT(Restored(*whole, clock_), IsOkAndHolds(rows_));
    changes_ = whole->changes() - begin_;
  }

  SimClock clock_;
  FaultyDisk disk_{clock_};
  Rows rows_;
  int64_t begin_ = 0;    // of the opening, in changes of the disk,
  int64_t changes_ = 0;  // and how many it takes
};

TEST_F(StoreRestoreCut, AnywhereIsMadeWholeByTheNextOpening) {
  const Seed seed;
  std::mt19937 random(seed.value());
  const int64_t step = std::max<int64_t>(changes_ / kCuts, 1);
  int cuts = 0;
  for (int64_t cut = random() % step; cut < changes_; cut += step) {
    const bool power = random() % 2 == 0;
    SCOPED_TRACE(fmt::format("{} before change {} of {}",
                             power ? "power" : "process", cut, changes_));
    auto disk = disk_.Copy();
    disk->RestartProcess();
    disk->CutBefore(begin_ + cut);
    const auto first = Restored(*disk, clock_);
    // RocksDB's threads may make fewer of them.
    if (!disk->is_cut()) {
      ASSERT_THAT(first, IsOk());
      disk->CutNow();
    }
    if (power) {
      RandomChoices choices(random());
      disk->Restart(choices);
    } else {
      disk->RestartProcess();
    }
    const auto second = Restored(*disk, clock_);
    ASSERT_THAT(second, IsOk());
    ASSERT_TRUE(*second == rows_) << second->size() << " rows";
    ++cuts;
  }
  std::printf("schedules %d\n", cuts);
  EXPECT_GE(cuts, std::min<int64_t>(kCuts, changes_));
}

TEST_F(StoreRestoreCut, OnAFullDiskGoesOnOnceThereIsRoom) {
  disk_.RestartProcess();
  const int64_t used = disk_.used();
  for (const int64_t room : {int64_t{0}, int64_t{1} << 16, int64_t{1} << 19}) {
    SCOPED_TRACE(room);
    disk_.set_capacity(used + room);
    EXPECT_THAT(Restored(disk_, clock_), HasReason(Reason::kDiskFull));
  }
  disk_.set_capacity(int64_t{1} << 30);

  const auto rows = Restored(disk_, clock_);

  ASSERT_THAT(rows, IsOk());
  EXPECT_TRUE(*rows == rows_) << rows->size() << " rows";
}

}  // namespace
}  // namespace cauce::test
