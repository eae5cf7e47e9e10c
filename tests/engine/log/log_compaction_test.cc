#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/log/compaction.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Left;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

class LogCompactionTest : public test::LogFixture {
 protected:
  LogCompactionTest() {
    config().cleanup = {.remove = false, .compact = true};
    config().min_cleanable_dirty_ratio = 0;
    // Two or three of the small batches of Put.
    config().segment_bytes = 250;
  }

  // A batch of one record.
  void Put(std::string_view key, std::string_view value) {
    const auto batch =
        test::BatchOf({{.key = key, .value = value, .timestamp = rig_.now()}});
    ASSERT_THAT(log().Append(batch.view(), {}), IsOk());
  }
  // What `values` says, and what is left of that.
  void PutAll(int count, int keys) {
    for (int i = 0; i < count; ++i) {
      const std::string key = fmt::format("k{}", i % keys);
      const std::string value = fmt::format("{}", i);
      Put(key, value);
      expected_[key] = value;
    }
  }

  // Segments of records without a time, whose files are 50 minutes old, and of
  // which a pass leaves fewer; they are kept for an hour.
  void PutWithoutTime() {
    config().cleanup = {.remove = true, .compact = true};
    config().retention_age = absl::Hours(1);
    Open();
    for (int i = 0; i < 12; ++i) {
      const auto batch = test::BatchOf(
          {{.key = "k", .value = "v", .timestamp = kNoTimestamp}});
      ASSERT_THAT(log().Append(batch.view(), {}), IsOk());
    }
    for (const std::string& name : Logs()) {
      const auto file = rig_.disk().real_files().Open(rig_.disk() / name,
                                                      OpenMode::kReadWrite);
      ASSERT_THAT(file, IsOk());
      ASSERT_THAT((*file)->SetModified(rig_.clock().Now()), IsOk());
    }
    logs_before_ = Logs().size();
    rig_.clock().Advance(absl::Minutes(50));
  }

  CompactionOrder Order(bool on_demand = false) {
    return {.now = rig_.clock().Now(),
            .on_demand = on_demand,
            .memory_bytes_max = 1 << 20};
  }
  // Passes until nothing is due.
  absl::Status Compact(bool rolls = false) {
    if (rolls) {
      if (auto rolled = log().RollToCompact(); !rolled.ok()) return rolled;
    }
    if (auto flushed = log().Flush(); !flushed.ok()) return flushed;
    for (int passes = 0; passes < 10; ++passes) {
      auto pass = log().BeginCompaction(Order(rolls && passes == 0));
      if (!pass.ok()) return pass.status();
      if (*pass == nullptr) break;
      for (;;) {
        const auto over = (*pass)->Work(1);
        if (!over.ok()) return over.status();
        if (*over) break;
      }
      if (auto ended = log().EndCompaction(**pass); !ended.ok()) return ended;
    }
    return absl::OkStatus();
  }

  struct Most {
    int64_t log = 0;
    int64_t directory = 0;
    size_t files = 0;
  };
  // Rounds of so long, with a compaction in each; the most of what there was.
  Most WriteTheSameKeys(absl::Duration round_time = absl::ZeroDuration()) {
    Most most;
    const int rounds = GetParam() == DiskKind::kMemory ? 30 : 6;
    for (int round = 0; round < rounds; ++round) {
      PutAll(40, 5);
      EXPECT_THAT(Compact(), IsOk());
      EXPECT_THAT(log().ApplyRetention(), IsOk());
      most.log = std::max(most.log, log().bytes());
      const auto names = rig_.disk().Names();
      int64_t bytes = 0;
      for (const std::string& name : names) {
        const auto info = rig_.disk().real_files().Info(rig_.disk() / name);
        EXPECT_THAT(info, IsOk());
        if (info.ok()) bytes += info->bytes;
      }
      most.directory = std::max(most.directory, bytes);
      most.files = std::max(most.files, names.size());
      rig_.clock().Advance(round_time);
    }
    EXPECT_EQ(Table(), expected_);
    return most;
  }

  // The last value of each key.
  std::map<std::string, std::string> Table() {
    return TableOf(rig_.shared_log());
  }
  static std::map<std::string, std::string> TableOf(
      const std::shared_ptr<Log>& log) {
    std::map<std::string, std::string> table;
    LogCursor cursor(log, log->log_start(), {});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return table;
      if (record.value) {
        table[std::string(*record.key)] = *record.value;
      } else {
        table.erase(std::string(*record.key));
      }
    }
  }

  std::map<std::string, std::string> expected_;
  size_t logs_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Disks, LogCompactionTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogCompactionTest, LeavesTheLastRecordOfEachKeyAndWhatIsActive) {
  Open();
  PutAll(30, 3);
  const auto bytes = log().bytes();
  ASSERT_THAT(Compact(), IsOk());

  EXPECT_EQ(Table(), expected_);
  EXPECT_LT(log().bytes(), bytes / 3);
  EXPECT_EQ(log().log_end(), Offset{30});
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_GT(log().first_dirty(), Offset{25});
  EXPECT_EQ(rig_.first_dirty(), log().first_dirty());
  // Nothing is left to do, and nothing but what belongs there lies around.
  const auto plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_FALSE(plan->is_due);
  EXPECT_THAT(rig_.disk().Names(".cleaned"), IsEmpty());
  EXPECT_THAT(rig_.disk().Names(".swap"), IsEmpty());
}

TEST_P(LogCompactionTest, IsThereAgainWhenTheLogIsOpenedAgain) {
  Open();
  PutAll(40, 3);
  ASSERT_THAT(Compact(), IsOk());
  const auto values = Values();
  const Offset first_dirty = log().first_dirty();

  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(Values(), values);
  EXPECT_EQ(log().first_dirty(), first_dirty);
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(Values(), values);
  EXPECT_EQ(Table(), expected_);
  EXPECT_THAT(rig_.events(), IsEmpty());

  // Appends go on, and so do passes.
  PutAll(40, 3);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_EQ(Table(), expected_);
}

TEST_P(LogCompactionTest, IsWholeEvenWhereNobodyKnowsTheRecoveryPoint) {
  Open();
  PutAll(40, 3);
  ASSERT_THAT(Compact(), IsOk());
  const auto values = Values();
  rig_.Kill();
  rig_.set_bounds({});
  Open();
  EXPECT_EQ(Values(), values);
  EXPECT_EQ(log().log_end(), Offset{40});
}

TEST_P(LogCompactionTest, SealsWhatIsActiveWhereSomebodyAsksForIt) {
  Open();
  PutAll(2, 1);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("0", "1")));
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("1")));
  EXPECT_EQ(log().log_end(), Offset{2});
}

TEST_P(LogCompactionTest, HarmsNoReaderInTheMiddle) {
  Open();
  PutAll(40, 4);
  // One in each place, some of them within what goes.
  std::vector<std::unique_ptr<LogCursor>> cursors;
  for (int64_t at = 0; at < 40; ++at) {
    cursors.push_back(std::make_unique<LogCursor>(rig_.shared_log(), Offset{at},
                                                  CursorOptions{}));
    RecordView record;
    ASSERT_THAT(cursors.back()->Next(&record), IsOkAndHolds(true));
    ASSERT_EQ(record.offset, Offset{at});
  }
  ASSERT_THAT(Compact(), IsOk());
  const auto left = test::ReadAll(rig_.shared_log(), Offset{0});
  ASSERT_THAT(left, IsOk());
  for (int64_t at = 0; at < 40; ++at) {
    SCOPED_TRACE(at);
    std::vector<int64_t> expected;
    for (const auto& record : *left) {
      if (record.offset > at) expected.push_back(record.offset);
    }
    std::vector<int64_t> read;
    RecordView record;
    for (;;) {
      const auto more = cursors[static_cast<size_t>(at)]->Next(&record);
      ASSERT_THAT(more, IsOk());
      if (!*more) break;
      read.push_back(record.offset.value);
    }
    EXPECT_EQ(read, expected);
  }
}

// Another process, that is, which opens the directory at any moment, or has had
// it open before.
TEST_P(LogCompactionTest, IsNeverSeenInPartsByWhoReadsBesideIt) {
  Open();
  PutAll(24, 4);
  auto before = rig_.OpenReadOnly();
  ASSERT_THAT(before, IsOk());
  LogCursor slow(*before, Offset{0}, {});
  RecordView record;
  ASSERT_THAT(slow.Next(&record), IsOkAndHolds(true));
  int looks = 0;
  const auto look = [&] {
    ++looks;
    const auto reader = rig_.OpenReadOnly();
    ASSERT_THAT(reader, IsOk());
    EXPECT_EQ(TableOf(*reader), expected_);
    EXPECT_EQ(TableOf(*before), expected_);
  };
  for (const FileCall call : {FileCall::kSyncDirectory, FileCall::kRename}) {
    rig_.disk().files().set_during(call, "", look);
    ASSERT_THAT(Compact(), IsOk());
    rig_.disk().files().Mend();
    EXPECT_EQ(TableOf(*before), expected_);
    PutAll(24, 4);
  }
  EXPECT_GT(looks, 10);
  // One that stood still goes on.
  int64_t last = record.offset.value;
  for (;;) {
    const auto more = slow.Next(&record);
    ASSERT_THAT(more, IsOk());
    if (!*more) break;
    EXPECT_GT(record.offset.value, last);
    last = record.offset.value;
  }
  EXPECT_EQ(last, 71);
}

TEST_P(LogCompactionTest, UnlinksWhatItReplacedOnceItsTimeIsOver) {
  config().file_delete_delay = absl::Minutes(1);
  Open();
  PutAll(30, 3);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_FALSE(rig_.disk().Names(".deleted").empty());
  rig_.clock().Advance(absl::Minutes(1));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

TEST_P(LogCompactionTest, KeepsWritingTheSameKeysWithinBounds) {
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  const Most most = WriteTheSameKeys();
  // Five live records, a segment that is active and the batches that say how
  // far segments reach.
  EXPECT_LT(most.log, 2000);
  EXPECT_LT(Logs().size(), 12u);
  // With indexes and the rest.
  EXPECT_LT(most.directory, 3000);
  EXPECT_LT(most.files, 40u);
}

// Of three rounds what was replaced is still there.
TEST_P(LogCompactionTest, KeepsWritingTheSameKeysWithinBoundsOfTheDelay) {
  Open();
  const Most most =
      WriteTheSameKeys(config().file_delete_delay / 2 + absl::Seconds(1));
  EXPECT_LT(most.log, 2000);
  EXPECT_LT(most.directory, 3 * 40 * 100 + 3000);
  EXPECT_LT(most.files, 3 * 40 * 3 + 40u);
}

TEST_P(LogCompactionTest, RollsByAgeWhereWhatIsOldMustBeCompacted) {
  config().segment_bytes = 1 << 20;
  config().max_compaction_lag = absl::Hours(1);
  Open();
  PutAll(2, 1);
  rig_.clock().Advance(absl::Hours(1) + absl::Milliseconds(1));
  PutAll(1, 1);
  EXPECT_THAT(Logs(), SizeIs(2));
  rig_.clock().Advance(absl::Milliseconds(1));
  config().min_cleanable_dirty_ratio = 1;
  log().SetConfig(config(), false);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("1", "0")));
}

TEST_P(LogCompactionTest, LeavesTopicsAloneThatAreNotCompacted) {
  config().cleanup = {.remove = true, .compact = false};
  Open();
  PutAll(30, 3);
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 30u);

  // From one to the other, and back.
  config().cleanup = {.remove = true, .compact = true};
  log().SetConfig(config(), false);
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 3u);
  config().cleanup = {.remove = true, .compact = false};
  log().SetConfig(config(), false);
  PutAll(30, 3);
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 33u);
}

// Else each pass would make them young again.
TEST_P(LogCompactionTest, RecordsWithoutATimeAreAsOldAsTheFileTheyCameFrom) {
  PutWithoutTime();
  ASSERT_THAT(Compact(), IsOk());
  ASSERT_THAT(Logs(), SizeIs(Lt(logs_before_)));
  rig_.clock().Advance(absl::Minutes(20));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_GT(log().log_start(), Offset{0});
}

TEST_P(LogCompactionTest, RecordsWithoutATimeStayWhereAFileCanBeGivenNone) {
  PutWithoutTime();
  rig_.disk().files().Fail(FileCall::kSetModified, ".cleaned",
                           MakeError(Reason::kDiskFailed, "not here"));
  ASSERT_THAT(Compact(), IsOk());
  ASSERT_THAT(Logs(), SizeIs(Lt(logs_before_)));
  rig_.clock().Advance(absl::Minutes(20));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0});
}

TEST_P(LogCompactionTest, LeavesALogAloneWhoseConfigsWereNeverGiven) {
  rig_.set_keep_everything();
  Open();
  PutAll(30, 3);
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 30u);
}

TEST_P(LogCompactionTest, TellsThoseWhoWaitWhereItCannotSealWhatIsActive) {
  Open();
  int told = 0;
  const auto batch = test::BatchOf({{.key = "k", .timestamp = rig_.now()}});
  log().AppendAsync(batch.view(), {},
                    [&told](const absl::StatusOr<AppendResult>& appended) {
                      EXPECT_FALSE(appended.ok());
                      ++told;
                    });
  ASSERT_EQ(told, 0);
  rig_.disk().files().Fail(FileCall::kSync, kLogSuffix,
                           MakeError(Reason::kDiskFailed, "broken"));
  EXPECT_FALSE(Compact(true).ok());
  EXPECT_EQ(told, 1);
  rig_.disk().files().Mend();
}

TEST_P(LogCompactionTest, GoesByTheFilesTimeWhereRecordsHaveNone) {
  // On a disk the system gives files their times.
  if (GetParam() == DiskKind::kPosix) return;
  config().min_compaction_lag = absl::Hours(1);
  Open();
  for (int i = 0; i < 30; ++i) {
    const std::string value = fmt::format("{}", i);
    const auto batch = test::BatchOf({{.key = "k", .value = value}});
    ASSERT_THAT(log().Append(batch.view(), {}), IsOk());
  }
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 30u);
  rig_.clock().Advance(absl::Hours(1));
  ASSERT_THAT(Compact(true), IsOk());
  EXPECT_EQ(Values()->size(), 1u);
}

// As retention does beside it.
TEST_P(LogCompactionTest, FindsTheAgeOfASegmentThatIsDeletedMeanwhile) {
  config().min_compaction_lag = absl::Hours(1);
  config().max_compaction_lag = absl::Hours(2);
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  for (int i = 0; i < 10; ++i) {
    const auto batch = test::BatchOf({{.key = "k", .value = "v"}});
    ASSERT_THAT(log().Append(batch.view(), {}), IsOk());
  }
  ASSERT_THAT(rig_.Reopen(), IsOk());
  bool is_deleted = false;
  rig_.disk().files().set_during(FileCall::kRead, kLogSuffix, [&] {
    if (std::exchange(is_deleted, true)) return;
    ASSERT_THAT(log().DeleteRecordsBefore(Offset{6}), IsOk());
  });
  EXPECT_THAT(log().LookAtCompaction(Order()), IsOk());
  EXPECT_TRUE(is_deleted);
}

TEST_P(LogCompactionTest, DoesNotTakeForCleanWhatIsWrittenBehindACut) {
  Open();
  PutAll(30, 3);
  ASSERT_THAT(Compact(true), IsOk());
  ASSERT_EQ(log().first_dirty(), Offset{30});
  ASSERT_THAT(log().TruncateTo(Offset{10}), IsOk());
  EXPECT_LE(log().first_dirty(), Offset{10});
  EXPECT_EQ(rig_.first_dirty(), log().first_dirty());
}

TEST_P(LogCompactionTest, EndsWhereTheLogIsCutMeanwhile) {
  Open();
  PutAll(30, 3);
  auto pass = log().BeginCompaction(Order());
  ASSERT_THAT(pass, IsOk());
  ASSERT_THAT((*pass)->Work(1), IsOk());
  ASSERT_THAT(log().TruncateTo(Offset{4}), IsOk());
  for (;;) {
    const auto over = (*pass)->Work(1 << 20);
    ASSERT_THAT(over, IsOk());
    if (*over) break;
  }
  EXPECT_THAT((*pass)->damage(), IsOk());
  ASSERT_THAT(log().EndCompaction(**pass), IsOk());
  EXPECT_EQ(log().first_dirty(), Offset{0});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("0", "1", "2", "3")));
  EXPECT_THAT(rig_.disk().Names(".cleaned"), IsEmpty());
}

TEST_P(LogCompactionTest, TakesNothingOutForTheSakeOfWhatWasCutOffMeanwhile) {
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  // Half of the keys come again: one of the new segments is full before the
  // pass comes to these.
  PutAll(30, 30);
  for (int key = 0; key < 30; key += 2) Put(fmt::format("k{}", key), "again");
  auto pass = log().BeginCompaction(Order());
  ASSERT_THAT(pass, IsOk());
  // Up to where it begins to write.
  while (rig_.disk().Names(".log.cleaned").empty()) {
    ASSERT_THAT((*pass)->Work(1), IsOkAndHolds(false));
  }
  // Whole segments go, none of those that it is at.
  const auto logs = Logs();
  const Offset base = ParseSegmentFileName(logs[logs.size() - 3])->base;
  ASSERT_GT(base, Offset{30});
  ASSERT_THAT(log().TruncateTo(base), IsOkAndHolds(base));
  for (;;) {
    const auto over = (*pass)->Work(1 << 20);
    ASSERT_THAT(over, IsOk());
    if (*over) break;
  }
  ASSERT_THAT(log().EndCompaction(**pass), IsOk());
  EXPECT_EQ(Values()->size(), static_cast<size_t>(base.value));
}

TEST_P(LogCompactionTest, EndsWhereItsTopicIsNoLongerCompacted) {
  Open();
  PutAll(30, 3);
  auto pass = log().BeginCompaction(Order());
  ASSERT_THAT(pass, IsOk());
  ASSERT_THAT((*pass)->Work(1), IsOk());
  config().cleanup = {.remove = true, .compact = false};
  log().SetConfig(config(), false);
  for (;;) {
    const auto over = (*pass)->Work(1 << 20);
    ASSERT_THAT(over, IsOk());
    if (*over) break;
  }
  EXPECT_EQ(Values()->size(), 30u);
}

TEST_P(LogCompactionTest, EndsWhereItsSegmentsAreDeletedMeanwhile) {
  Open();
  PutAll(30, 3);
  auto pass = log().BeginCompaction(Order());
  ASSERT_THAT(pass, IsOk());
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{20}), IsOk());
  for (;;) {
    const auto over = (*pass)->Work(1 << 20);
    ASSERT_THAT(over, IsOk());
    if (*over) break;
  }
  EXPECT_TRUE((*pass)->gave_up());
  ASSERT_THAT(log().EndCompaction(**pass), IsOk());
  EXPECT_EQ(log().log_start(), Offset{20});
  EXPECT_EQ(Values(Offset{20})->size(), 10u);
  // It came nowhere, but through no fault of what is there now.
  const auto plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(plan->is_due);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_EQ(Table().size(), 3u);
}

// Whatever change of the disk is the last one, and whether the process goes on
// or dies there.
// The stop came once its sources had gone out of its way; they are whole.
TEST_P(LogCompactionTest, LosesNothingWhereWhatIsTakingAPlaceIsDamaged) {
  Open();
  PutAll(30, 5);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::vector<std::string> logs = Logs();
  ASSERT_GT(logs.size(), 4);
  std::string swap = *rig_.disk().Read(logs[0]);
  swap.back() ^= 1;
  rig_.disk().Write(logs[0] + std::string(kSwapSuffix), swap);
  for (int i = 0; i < 3; ++i) {
    const std::string log = *rig_.disk().Read(logs[i]);
    rig_.disk().Write(logs[i] + std::string(kDeletedSuffix), log);
    rig_.disk().Remove(logs[i]);
  }
  // Who only reads reads the sources, as the next writer will.
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, {});
  RecordView record;
  for (int64_t i = 0; i < 30; ++i) {
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true)) << i;
    EXPECT_EQ(record.offset, Offset{i});
  }
  EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(false));

  Open();
  EXPECT_EQ(Logs(), logs);
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(30)));
  EXPECT_EQ(Table(), expected_);
}

TEST_P(LogCompactionTest, LosesNothingWhereverTheDiskFails) {
  // The real disk is slow, and does the same.
  const int step = GetParam() == DiskKind::kMemory ? 1 : 11;
  for (int good = 0;; good += step) {
    SCOPED_TRACE(good);
    test::LogRig rig(GetParam());
    rig.config() = config();
    ASSERT_THAT(rig.Open(), IsOk());
    std::map<std::string, std::string> expected;
    for (int i = 0; i < 14; ++i) {
      const std::string key = fmt::format("k{}", i % 3);
      const std::string value = fmt::format("{}", i);
      const auto batch =
          test::BatchOf({{.key = key, .value = value, .timestamp = rig.now()}});
      ASSERT_THAT(rig.log().Append(batch.view(), {}), IsOk());
      expected[key] = value;
    }
    rig.disk().files().FailAfter(good);
    auto pass = rig.log().BeginCompaction(Order());
    absl::Status status = pass.status();
    while (status.ok()) {
      const auto over = (*pass)->Work(1);
      status = over.status();
      if (over.ok() && *over) break;
    }
    if (status.ok()) status = rig.log().EndCompaction(**pass);
    const auto table = [&] {
      std::map<std::string, std::string> found;
      LogCursor cursor(rig.shared_log(), Offset{0}, {});
      RecordView record;
      for (;;) {
        const auto more = cursor.Next(&record);
        EXPECT_THAT(more, IsOk());
        if (!more.ok() || !*more) return found;
        found[std::string(*record.key)] = *record.value;
      }
    };
    EXPECT_EQ(table(), expected);
    pass = nullptr;
    rig.disk().files().Mend();
    rig.Kill();
    test::ExpectVerified(rig.disk().real_files(), rig.disk().data_directory(),
                         Left::kKilled);
    ASSERT_THAT(rig.Open(), IsOk());
    EXPECT_EQ(table(), expected);
    EXPECT_EQ(rig.log().log_end(), Offset{14});
    EXPECT_THAT(rig.disk().Names(".swap"), IsEmpty());
    EXPECT_THAT(rig.disk().Names(".cleaned"), IsEmpty());
    if (status.ok()) break;
  }
}

TEST_P(LogCompactionTest, TellsOfDamageOnceAndGoesOnInFrontOfIt) {
  rig_.Leaves(Left::kDamaged);
  Open();
  PutAll(30, 3);
  const auto logs = Logs();
  const std::string damaged = logs[logs.size() / 2];
  std::string bytes = *rig_.disk().Read(damaged);
  bytes.back() ^= 1;
  rig_.disk().Write(damaged, bytes);

  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr(damaged)));
  EXPECT_THAT(Logs(), Contains(damaged));
  EXPECT_GT(log().first_dirty(), Offset{0});
  const auto plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_FALSE(plan->is_due);
  // More is dirty by and by, and it is tried again, and not told again.
  PutAll(30, 3);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(rig_.events(), SizeIs(1));
}

// What it says of producers is not known either.
TEST_P(LogCompactionTest, TellsOfADamagedHeaderAndGoesOnInFrontOfIt) {
  rig_.Leaves(Left::kDamaged);
  Open();
  PutAll(30, 3);
  const auto logs = Logs();
  const std::string damaged = logs[logs.size() / 2];
  std::string bytes = *rig_.disk().Read(damaged);
  bytes[layout::kMagic] ^= 1;
  rig_.disk().Write(damaged, bytes);

  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr(damaged)));
  EXPECT_THAT(Logs(), Contains(damaged));
  EXPECT_GT(log().first_dirty(), Offset{0});
}

// Who went on from one of them might miss the end of a transaction.
TEST_P(LogCompactionTest, RemovesTheSnapshotsInFrontOfWhatItReplaces) {
  Open();
  PutAll(30, 3);
  const auto snapshot_of = [](std::string name) {
    return name.replace(name.find(".log"), 4, ".snapshot");
  };
  const auto logs = Logs();
  for (const std::string& name : logs) {
    rig_.disk().Write(snapshot_of(name), name);
  }
  ASSERT_THAT(Compact(), IsOk());
  // All but the last ones became one, the first.
  std::vector<std::string> kept;
  for (const std::string& name : Logs()) kept.push_back(snapshot_of(name));
  ASSERT_LT(kept.size(), logs.size() / 2);
  EXPECT_THAT(rig_.disk().Names(".snapshot"),
              ElementsAreArray(kept.begin() + 1, kept.end()));
  for (const std::string& name : rig_.disk().Names(".snapshot")) {
    rig_.disk().Remove(name);
  }
}

// They may be many, and each takes its time on a busy disk.
TEST_P(LogCompactionTest, LetsAppendsGoOnWhileItRemovesSnapshots) {
  Open();
  PutAll(30, 3);
  for (std::string name : Logs()) {
    name.replace(name.find(".log"), 4, ".snapshot");
    rig_.disk().Write(name, "one");
  }
  std::vector<std::future<void>> appends;
  rig_.disk().files().set_during(FileCall::kRemove, ".snapshot", [&] {
    if (!appends.empty()) return;
    appends.push_back(
        std::async(std::launch::async, [&] { Put("k0", "meanwhile"); }));
    EXPECT_EQ(appends.back().wait_for(std::chrono::minutes(1)),
              std::future_status::ready);
  });
  ASSERT_THAT(Compact(), IsOk());
  rig_.disk().files().Mend();

  ASSERT_THAT(appends, SizeIs(1));
  expected_["k0"] = "meanwhile";
  EXPECT_EQ(Table(), expected_);
}

// Of which one that is asked for seals the newest segment first: each sync
// takes its time on a busy disk too.
TEST_P(LogCompactionTest, LetsAppendsGoOnWhileItSyncsWhatItSeals) {
  Open();
  PutAll(30, 3);
  const Offset sealed_from = log().segments()->active()->base();
  std::vector<std::future<void>> appends;
  // Both when it is written and when it is durable.
  const auto append = [&] {
    const auto batch = test::BatchOf(
        {{.key = "k0", .value = "meanwhile", .timestamp = rig_.now()}});
    EXPECT_THAT(log().Append(batch.view(), test::kWritten), IsOk());
    EXPECT_THAT(log().Append(batch.view(), {}), IsOk());
    EXPECT_EQ(log().durable_end(), log().log_end());
    // The index files of what was sealed are not durable as yet.
    EXPECT_LE(rig_.bounds().recovery_point, sealed_from);
  };
  rig_.disk().files().set_during(FileCall::kSync, ".timeindex", [&] {
    if (!appends.empty()) return;
    appends.push_back(std::async(std::launch::async, append));
    EXPECT_EQ(appends.back().wait_for(std::chrono::minutes(1)),
              std::future_status::ready);
  });
  ASSERT_THAT(Compact(true), IsOk());
  rig_.disk().files().Mend();

  ASSERT_THAT(appends, SizeIs(1));
  expected_["k0"] = "meanwhile";
  EXPECT_EQ(Table(), expected_);
}

TEST_P(LogCompactionTest, WaitsForNewsWhereATransactionIsOpen) {
  Open();
  BatchFields fields;
  fields.transactional = true;
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 0;
  fields.base_sequence = 0;
  ASSERT_THAT(
      log().Append(test::Batch({"open"}, rig_.now(), fields).view(), {}),
      IsOk());
  PutAll(30, 3);
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_EQ(Values()->size(), 31u);
  auto plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_FALSE(plan->is_due);
  PutAll(1, 1);
  plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(plan->is_due);
}

// It goes over the log from the beginning then, whether anybody writes or not.
TEST_P(LogCompactionTest, IsDueAgainWhereItFindsThatNoPassHasBeenThere) {
  Open();
  const auto tombstone =
      test::BatchOf({{.key = "gone", .timestamp = rig_.now()}});
  ASSERT_THAT(log().Append(tombstone.view(), {}), IsOk());
  PutAll(30, 3);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.set_first_dirty(Offset{10});
  Open();

  auto pass = log().BeginCompaction(Order());
  ASSERT_THAT(pass, IsOk());
  ASSERT_NE(*pass, nullptr);
  for (bool is_over = false; !is_over;) {
    const auto worked = (*pass)->Work(1);
    ASSERT_THAT(worked, IsOk());
    is_over = *worked;
  }
  ASSERT_THAT(log().EndCompaction(**pass), IsOk());
  ASSERT_EQ(log().first_dirty(), Offset{0});
  const auto plan = log().LookAtCompaction(Order());
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(plan->is_due);
}

TEST_P(LogCompactionTest, GivesUpWhereTheDiskIsFullAndIsTriedAgain) {
  Open();
  PutAll(30, 3);
  const auto before = Values();
  rig_.disk().files().Fail(FileCall::kWrite, ".log.cleaned",
                           MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(Compact(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(Values(), before);
  Put("k0", "x");  // appends go on
  rig_.disk().files().Mend();
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_EQ(Values()->back(), "x");
  EXPECT_LT(Values()->size(), 12u);
}

TEST_P(LogCompactionTest, LeavesWhatIsToStayFree) {
  rig_.set_free_bytes_min(1 << 20);
  Open();
  PutAll(30, 3);
  rig_.disk().files().set_free_bytes((1 << 20) + 10);
  EXPECT_THAT(Compact(), HasReason(Reason::kDiskFull));
  EXPECT_THAT(rig_.disk().Names(".cleaned"), IsEmpty());
  rig_.disk().files().set_free_bytes(std::nullopt);
}

}  // namespace
}  // namespace cauce
