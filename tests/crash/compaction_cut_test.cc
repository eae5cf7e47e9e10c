// Compaction whose power goes in front of every change that it makes: whatever
// reaches the disk, the last record of each key is there, and nothing that was
// taken out comes back to stand for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::AllChoices;
using test::FaultyDisk;
using test::IsOk;

// A sanitizer makes each state ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kOneIn = 10;
#else
constexpr int kOneIn = 1;
#endif

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 0;
};

// What was acknowledged of each key: its value, absent once it was deleted.
// What is under way may be there as well.
struct Promised {
  std::map<std::string, std::optional<std::string>> table;
  std::optional<std::pair<std::string, std::optional<std::string>>> under_way;
  int64_t end = 0;
};

class CompactionCut : public ::testing::Test {
 protected:
  CompactionCut() {
    EXPECT_THAT(Open(base_), IsOk());
    EXPECT_THAT(
        engine_
            ->CreateTopic("prices",
                          {.configs = {{"cleanup.policy", "compact"},
                                       {"delete.retention.ms", "3600000"},
                                       {"file.delete.delay.ms", "0"},
                                       {"index.interval.bytes", "100"},
                                       {"internal.segment.bytes", "400"}}})
            .status(),
        IsOk());
    EXPECT_THAT(Fill(promised_), IsOk());
    EXPECT_THAT(engine_->Close(), IsOk());
    engine_.reset();
    base_.CutNow();
  }
  void TearDown() override {
    std::printf("schedules %lld\n", static_cast<long long>(schedules_));
  }

  absl::Status Open(FaultyDisk& disk) {
    random_ = CountingRandom();
    EngineOptions options;
    options.file_system = &disk;
    options.clock = &clock_;
    options.random = &random_;
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open("/data", options));
    engine_.emplace(std::move(engine));
    return absl::OkStatus();
  }

  absl::Status Put(Promised& promised, std::string key,
                   std::optional<std::string> value) {
    CAUCE_ASSIGN_OR_RETURN(Partition prices,
                           engine_->OpenPartition("prices", PartitionId{0}));
    Record record{.key = key};
    if (value) record.value = *value;
    promised.under_way.emplace(key, value);
    CAUCE_RETURN_IF_ERROR(prices.Append({&record, 1}).status());
    promised.table[key] = value;
    promised.under_way.reset();
    ++promised.end;
    return absl::OkStatus();
  }
  absl::Status Fill(Promised& promised) {
    for (int i = 0; i < 16; ++i) {
      const std::string key = fmt::format("k{}", i % 5);
      std::optional<std::string> value = fmt::format("{}", promised.end);
      if (i % 7 == 6) value = std::nullopt;
      CAUCE_RETURN_IF_ERROR(Put(promised, key, value));
    }
    return absl::OkStatus();
  }

  absl::Status Compact() {
    CAUCE_ASSIGN_OR_RETURN(const Partition prices,
                           engine_->OpenPartition("prices", PartitionId{0}));
    CAUCE_RETURN_IF_ERROR(prices.Compact().status());
    return engine_->RunUpkeep();
  }

  absl::Status Run(Promised& promised) {
    CAUCE_RETURN_IF_ERROR(Compact());
    CAUCE_RETURN_IF_ERROR(Fill(promised));
    // What was met as a tombstone may go by then.
    clock_.Advance(absl::Hours(2));
    return Compact();
  }

  void Check(const Promised& promised) {
    const auto prices = engine_->OpenPartition("prices", PartitionId{0});
    ASSERT_THAT(prices, IsOk());
    std::map<std::string, std::optional<std::string>> table;
    Cursor cursor = prices->Read(prices->log_start());
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      auto& value = table[std::string(*record.key)];
      value.reset();
      if (record.value) value = *record.value;
    }
    const int64_t end = prices->log_end().value;
    auto expected = promised.table;
    if (promised.under_way && end == promised.end + 1) {
      expected[promised.under_way->first] = promised.under_way->second;
    } else {
      ASSERT_EQ(end, promised.end);
    }
    for (const auto& [key, value] : expected) {
      // A tombstone may have gone.
      ASSERT_EQ(table.contains(key) ? table[key] : std::nullopt, value) << key;
    }
  }

  // Opens what `disk` holds, twice, and the second time after a loss of all
  // that the first did not sync.
  void CheckRecovery(FaultyDisk& disk, const Promised& promised) {
    ++schedules_;
    ASSERT_THAT(Open(disk), IsOk());
    Check(promised);
    disk.CutNow();
    engine_.reset();
    AlikeButOne nothing_kept(AlikeButOne::Answer::kFirst);
    disk.Restart(nothing_kept);
    ASSERT_THAT(Open(disk), IsOk());
    Check(promised);
    // It goes on.
    ASSERT_THAT(Compact(), IsOk());
    Check(promised);
    ASSERT_THAT(engine_->Close(), IsOk());
    engine_.reset();
    ASSERT_THAT(VerifyDirectory(disk, "/data", {},
                                [](const Finding& finding) {
                                  ADD_FAILURE()
                                      << finding.file << ": " << finding.what;
                                }),
                IsOk());
  }

  // Runs until the power goes in front of change `cut`; false where it did not.
  bool RunUntil(int64_t cut, FaultyDisk& disk, Promised& promised) {
    AllChoices nothing_is_unsynced;
    disk.Restart(nothing_is_unsynced);
    disk.CutBefore(disk.changes() + cut);
    absl::Status ran = Open(disk);
    if (ran.ok()) ran = Run(promised);
    const bool was_cut = disk.is_cut();
    if (!was_cut) {
      EXPECT_THAT(ran, IsOk());
    }
    disk.CutNow();
    engine_.reset();
    return was_cut;
  }

  test::SimClock clock_;
  CountingRandom random_;
  FaultyDisk base_{clock_};
  Promised promised_;
  std::optional<Engine> engine_;
  int64_t schedules_ = 0;
};

TEST_F(CompactionCut, TakesNothingThatWasAcknowledgedAndBringsNothingBack) {
  for (int64_t cut = 0;; ++cut) {
    SCOPED_TRACE(cut);
    const auto disk = base_.Copy();
    Promised promised = promised_;
    const bool was_cut = RunUntil(cut, *disk, promised);
    if (cut % kOneIn == 0) {
      for (const auto answer :
           {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
        size_t asked = 1;
        for (size_t otherwise = 0; otherwise <= asked; ++otherwise) {
          const bool alike = otherwise == asked;
          AlikeButOne choices(answer, alike ? AlikeButOne::kNone : otherwise);
          const auto left = disk->Copy();
          left->Restart(choices);
          asked = choices.asked();
          CheckRecovery(*left, promised);
          if (HasFailure()) return;
        }
      }
      const auto dead = disk->Copy();
      dead->RestartProcess();
      CheckRecovery(*dead, promised);
      if (HasFailure()) return;
    }
    if (!was_cut) break;
  }
}

}  // namespace
}  // namespace cauce
