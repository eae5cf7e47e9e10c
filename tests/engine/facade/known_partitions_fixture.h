// Two partitions that were closed, and whose close has noted what they hold: a
// fixture that opens them again and counts what that takes. For one thread; its
// checks are those of the test that it is in.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "fmt/format.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline constexpr std::string_view kFirst = "/data/orders-0";
inline constexpr std::string_view kSecond = "/data/orders-1";

class KnownPartitions : public CountedEngine {
 protected:
  // Two partitions of segments of one record each, closed when all of it was
  // there for a while.
  void Make(int records = 4) {
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->CreateTopic(
                    "orders", {.partitions = 2,
                               .configs = {{"internal.segment.bytes", "1"}}}),
                IsOk());
    Append(0, records);
    Append(1, records);
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    Close();
    // What was changed by the close itself is not known for certain.
    Reopen();
    OpenBoth();
    Close();
    events_.clear();
  }
  void Close() {
    clock_.Advance(absl::Minutes(1));
    ASSERT_THAT(engine_->Close(), IsOk());
    engine_.reset();
    clock_.Advance(absl::Minutes(1));
  }
  void Reopen() { ASSERT_THAT(Open(), IsOk()); }
  void OpenBoth() {
    for (int32_t p = 0; p < 2; ++p) {
      ASSERT_THAT(engine_->OpenPartition("orders", PartitionId{p}), IsOk());
    }
  }
  // How often the directory of one is synced, as every recovery does, while all
  // is opened.
  int SyncsToReopen(std::string_view directory) {
    const int before = files_.Count(FileCall::kSyncDirectory, directory);
    Reopen();
    return files_.Count(FileCall::kSyncDirectory, directory) - before;
  }
  // Opens the first one; returns how often its directory was listed.
  int ListsToOpen(int64_t end) {
    const int before = files_.Count(FileCall::kList, kFirst);
    const auto opened = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(opened, IsOk());
    EXPECT_TRUE(opened.ok() && opened->log_end() == Offset{end});
    return files_.Count(FileCall::kList, kFirst) - before;
  }
  void ExpectReads(int64_t records) {
    auto opened = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(opened, IsOk());
    Cursor cursor = opened->Read(Offset{0});
    RecordView record;
    for (int64_t i = 0; i < records; ++i) {
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true)) << i;
      EXPECT_EQ(record.offset, Offset{i});
      EXPECT_EQ(record.value, "v");
    }
    EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(false));
  }
  // The files of which `cauce log verify` has something to say.
  std::vector<std::string> Verified() {
    std::vector<std::string> named;
    EXPECT_THAT(VerifyDirectory(*memory_, "/data", {},
                                [&](const Finding& finding) {
                                  named.push_back(finding.file);
                                }),
                IsOk());
    return named;
  }
  // Whoever comes to the record at offset 1, or begins there, is told.
  void ExpectTellsOfTheSecond() {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    Cursor cursor = orders->Read(Offset{0});
    RecordView record;
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
    ASSERT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{2}));
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_EQ(record.offset, Offset{2});
    Cursor within = orders->Read(Offset{1});
    EXPECT_THAT(within.Next(&record), HasReason(Reason::kCorruptBatch));
  }
  static std::string LogOf(int64_t base) {
    return fmt::format("{}/{:020}.log", kFirst, base);
  }
};

}  // namespace cauce::test
