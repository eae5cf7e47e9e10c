// Compaction through an engine: who runs it, when, and what a caller learns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
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
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "engine/catalog/checkpoint_file.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::OnTime;
using test::IsOkAndHolds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;


const TopicConfigOverrides kCompacted = {{"cleanup.policy", "compact"},
                                         {"internal.segment.bytes", "400"},
                                         {"file.delete.delay.ms", "0"}};

class EngineCompaction : public ::testing::Test {
 protected:
  ~EngineCompaction() override {
    if (engine_) {
      EXPECT_THAT(engine_->Close(), IsOk());
    }
    engine_.reset();
    executor_.DropAll();
    test::ExpectVerified(*memory_, "/data", test::Left::kWhole);
  }

  void Open(EngineOptions options = {}) {
    options.file_system = &files_;
    options.clock = &clock_;
    options.events = [this](Severity severity, std::string_view line) {
      if (severity != Severity::kInfo) lines_.emplace_back(line);
    };
    auto engine = Engine::Open("/data", options);
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
  }
  void Create(std::string_view topic, TopicConfigOverrides configs = kCompacted,
              int32_t partitions = 1) {
    ASSERT_THAT(engine_->CreateTopic(topic, {.partitions = partitions,
                                             .configs = std::move(configs)}),
                IsOk());
  }
  void Put(std::string_view topic, int count, int keys, int32_t partition = 0) {
    auto opened = engine_->OpenPartition(topic, PartitionId{partition});
    ASSERT_THAT(opened, IsOk());
    for (int i = 0; i < count; ++i) {
      const std::string key = fmt::format("k{}", i % keys);
      const std::string value = fmt::format("{}", i);
      const Record record{.key = key, .value = value};
      ASSERT_THAT(opened->Append({&record, 1}), IsOk());
    }
  }
  std::vector<std::string> Values(std::string_view topic) {
    const auto opened = engine_->OpenPartition(topic, PartitionId{0});
    EXPECT_THAT(opened, IsOk());
    std::vector<std::string> values;
    if (!opened.ok()) return values;
    Cursor cursor = opened->Read(opened->log_start());
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(record.value.value_or("-"));
    }
  }
  absl::StatusOr<CompactionTotals> CompactNow(std::string_view topic) {
    const auto opened = engine_->OpenPartition(topic, PartitionId{0});
    EXPECT_THAT(opened, IsOk());
    return opened->Compact();
  }

  test::SimClock clock_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  test::FailingFileSystem files_{*memory_};
  OnTime executor_{clock_};
  std::vector<std::string> lines_;
  std::optional<Engine> engine_;
};

TEST_F(EngineCompaction, IsPartOfUpkeepWhereThereIsNoExecutor) {
  Open();
  Create("prices");
  Create("orders", {{"internal.segment.bytes", "400"}});
  Put("prices", 40, 3);
  Put("orders", 40, 3);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_LT(Values("prices").size(), 12u);
  EXPECT_EQ(Values("orders").size(), 40u);
  const CompactionStatus status = engine_->compaction();
  EXPECT_EQ(status.totals.passes, 1);
  EXPECT_EQ(status.totals.records_removed,
            40 - static_cast<int64_t>(Values("prices").size()));
  EXPECT_GT(status.totals.bytes_removed, 0);
  EXPECT_EQ(status.running, std::nullopt);
  EXPECT_EQ(status.waiting, 0);
  EXPECT_EQ(status.failures, 0);
}

TEST_F(EngineCompaction, RunsInTheBackgroundWhereThereIsAnExecutor) {
  Open({.executor = &executor_});
  Create("prices");
  Put("prices", 40, 3);
  executor_.RunDue();
  EXPECT_EQ(Values("prices").size(), 40u);
  clock_.Advance(absl::Seconds(15));
  executor_.RunDue();
  EXPECT_LT(Values("prices").size(), 12u);
}

TEST_F(EngineCompaction, GoesOnWhereUpkeepHadNoMoreTime) {
  Open();
  Create("prices", kCompacted, 3);
  for (int32_t p = 0; p < 3; ++p) Put("prices", 40, 3, p);
  // Every read takes as long as there is time.
  int calls = 0;
  for (; engine_->compaction().totals.passes < 3; ++calls) {
    ASSERT_LT(calls, 100);
    files_.set_during(FileCall::kRead, ".log",
                      [this] { clock_.Advance(absl::Milliseconds(5)); });
    ASSERT_THAT(engine_->RunUpkeep(absl::Milliseconds(1)), IsOk());
    files_.Mend();
  }
  EXPECT_GT(calls, 2);
}

TEST_F(EngineCompaction, TakesTheDirtiestFirst) {
  Open({.executor = &executor_});
  Create("a");
  Create("b");
  Put("a", 60, 60);
  Put("b", 10, 10);
  ASSERT_THAT(CompactNow("a"), IsOk());
  ASSERT_THAT(CompactNow("b"), IsOk());
  Put("a", 70, 60);   // a little more than half of it
  Put("b", 100, 10);  // nearly all of it
  std::vector<std::string> order;
  files_.set_during(FileCall::kRename, ".log.cleaned", [this, &order] {
    order.push_back(engine_->compaction().running->topic);
  });
  clock_.Advance(absl::Seconds(15));
  executor_.RunDue();
  files_.Mend();
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), "b");
  EXPECT_THAT(order, Contains("a"));
}

TEST_F(EngineCompaction, CompactsClosedPartitionsToo) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  ASSERT_THAT(engine_->Close(), IsOk());
  Open();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(engine_->compaction().totals.passes, 1);
  EXPECT_LT(Values("prices").size(), 12u);
}

TEST_F(EngineCompaction, RemembersAcrossStopsWhatIsClean) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  ASSERT_THAT(CompactNow("prices"), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  engine_.reset();
  Open();
  const auto again = CompactNow("prices");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->passes, 0);
}

TEST_F(EngineCompaction, ForgetsWhatWasCleanOfATopicThatIsMadeAgain) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  ASSERT_THAT(CompactNow("prices"), IsOk());
  ASSERT_THAT(engine_->DeleteTopic("prices"), IsOk());
  Create("prices");
  Put("prices", 50, 3);
  const auto again = CompactNow("prices");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(Values("prices").size(), 3u);
}

TEST_F(EngineCompaction, OnDemandNeedsATopicThatIsCompacted) {
  Open();
  Create("orders", {});
  Put("orders", 1, 1);
  EXPECT_THAT(CompactNow("orders"), HasReason(Reason::kInvalidConfig));
  ASSERT_THAT(
      engine_->AlterTopic("orders", {{"cleanup.policy", "compact,delete"}}),
      IsOk());
  EXPECT_THAT(CompactNow("orders"), IsOk());
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cleanup.policy", "delete"}}),
              IsOk());
  EXPECT_THAT(CompactNow("orders"), HasReason(Reason::kInvalidConfig));
}

TEST_F(EngineCompaction, CompactsAndDeletesWhereBothAreAskedFor) {
  TopicConfigOverrides configs = kCompacted;
  configs["cleanup.policy"] = "compact,delete";
  configs["retention.ms"] = "3600000";
  Open();
  Create("prices", configs);
  Put("prices", 40, 3);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_LT(Values("prices").size(), 12u);
  clock_.Advance(absl::Hours(2));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(Values("prices"), IsEmpty());
}

TEST_F(EngineCompaction, GoesByThePolicyThatATopicHasByNow) {
  const TopicConfigOverrides deleted = {{"internal.segment.bytes", "400"},
                                        {"file.delete.delay.ms", "0"},
                                        {"retention.bytes", "500"}};
  TopicConfigOverrides compacted = deleted;
  compacted["cleanup.policy"] = "compact";
  Open();
  Create("prices", compacted);
  Put("prices", 40, 3);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(engine_->compaction().totals.passes, 1);
  EXPECT_THAT(Values("prices"), Contains("37"));

  // What is missing by then is no damage, and the oldest go by size.
  ASSERT_THAT(engine_->AlterTopic("prices", {{"cleanup.policy", "delete"}}),
              IsOk());
  Put("prices", 40, 40);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(engine_->compaction().totals.passes, 1);
  const auto left = Values("prices");
  EXPECT_LT(left.size(), 20u);
  EXPECT_EQ(left.back(), "39");

  ASSERT_THAT(engine_->AlterTopic("prices", {{"cleanup.policy", "compact"}}),
              IsOk());
  Put("prices", 40, 3);
  ASSERT_THAT(CompactNow("prices"), IsOk());
  EXPECT_THAT(Values("prices"), Contains("39"));
  EXPECT_EQ(engine_->compaction().totals.passes, 2);
}

// Another process, that is, which has opened the topic before anybody asked
// for that.
TEST_F(EngineCompaction, IsNoDamageToAReaderThatKnewNothingOfIt) {
  Open();
  Create("prices",
         {{"internal.segment.bytes", "400"}, {"file.delete.delay.ms", "0"}});
  Put("prices", 40, 3);
  auto reader = Engine::Open(
      "/data",
      {.access = Access::kReadOnly, .file_system = &files_, .clock = &clock_});
  ASSERT_THAT(reader, IsOk());
  const auto seen = reader->OpenPartition("prices", PartitionId{0});
  ASSERT_THAT(seen, IsOk());
  Cursor cursor = seen->Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  ASSERT_THAT(engine_->AlterTopic("prices", {{"cleanup.policy", "compact"}}),
              IsOk());
  ASSERT_THAT(CompactNow("prices"), IsOk());

  // One in the middle, and one that begins.
  for (;;) {
    const auto more = cursor.Next(&record);
    ASSERT_THAT(more, IsOk());
    if (!*more) break;
  }
  EXPECT_EQ(record.offset, Offset{39});
  Cursor another = seen->Read(Offset{0});
  std::vector<std::string> values;
  for (;;) {
    const auto more = another.Next(&record);
    ASSERT_THAT(more, IsOk());
    if (!*more) break;
    values.emplace_back(*record.value);
  }
  EXPECT_THAT(values, ElementsAre("37", "38", "39"));
  EXPECT_THAT(reader->Close(), IsOk());
}

TEST_F(EngineCompaction, StaysBelowItsThrottle) {
  Open({.executor = &executor_, .compaction_bytes_per_second_max = 1000});
  Create("prices");
  Put("prices", 40, 3);
  clock_.Advance(absl::Seconds(15));
  const absl::Duration begun = clock_.Monotonic();
  executor_.RunDue();
  while (engine_->compaction().totals.passes == 0) {
    ASSERT_LT(clock_.Monotonic() - begun, absl::Hours(1));
    clock_.Advance(absl::Milliseconds(100));
    executor_.RunDue();
  }
  // The last piece alone, of a batch or two, is not waited for.
  const CompactionTotals used = engine_->compaction().totals;
  const int64_t bytes = used.bytes_read + used.bytes_written;
  EXPECT_GT(bytes, 2000);
  EXPECT_GE(clock_.Monotonic() - begun,
            absl::Seconds(1) * static_cast<double>(bytes - 400) / 1000);
  // Who asks for it does not wait for what this one has used up.
  Put("prices", 40, 3);
  ASSERT_THAT(CompactNow("prices"), IsOk());
  EXPECT_EQ(Values("prices").size(), 3u);
}

TEST_F(EngineCompaction, TellsOnceOfADiskThatIsFullAndTriesAgain) {
  Open({.executor = &executor_});
  Create("prices");
  Put("prices", 40, 3);
  files_.Fail(FileCall::kWrite, ".log.cleaned",
              MakeError(Reason::kDiskFull, "no room"));
  // It waits twice as long after each failure.
  for (const int64_t failures : {1, 2, 2, 3, 3, 3, 3}) {
    clock_.Advance(absl::Seconds(15));
    executor_.RunDue();
    EXPECT_EQ(engine_->compaction().failures, failures);
  }
  EXPECT_THAT(engine_->compaction().last_failure, HasSubstr("no room"));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("prices-0: was not compacted")));
  files_.Mend();
  clock_.Advance(absl::Seconds(15));
  executor_.RunDue();
  EXPECT_LT(Values("prices").size(), 12u);
}

TEST_F(EngineCompaction, OnDemandGoesOverWhatIsLeftWhereRecordsGoMeanwhile) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  auto partition = engine_->OpenPartition("prices", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  bool deleted = false;
  files_.set_during(FileCall::kRead, ".log", [&] {
    if (std::exchange(deleted, true)) return;
    EXPECT_THAT(partition->DeleteRecordsBefore(Offset{20}), IsOk());
  });
  ASSERT_THAT(CompactNow("prices"), IsOk());
  EXPECT_TRUE(deleted);
  EXPECT_EQ(partition->log_start(), Offset{20});
  EXPECT_EQ(Values("prices").size(), 3u);
  files_.Mend();
}

// Else what is written behind the cut would count as clean after a kill, and
// be compacted never.
TEST_F(EngineCompaction, SavesThatACutLogIsDirtyBeforeItIsCut) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  ASSERT_THAT(CompactNow("prices"), IsOk());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  const auto saved = [this] {
    const auto read = ReadOffsetCheckpoint(*memory_, "/data", kFirstDirtyFile);
    EXPECT_THAT(read, IsOk());
    return read->at({"prices", PartitionId{0}});
  };
  ASSERT_EQ(saved(), Offset{40});
  auto partition = engine_->OpenPartition("prices", PartitionId{0});
  ASSERT_THAT(partition, IsOk());

  // Where that cannot be saved nothing is cut.
  files_.Fail(FileCall::kWrite, std::string(kFirstDirtyFile) + ".tmp",
              MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(partition->TruncateTo(Offset{38}), HasReason(Reason::kDiskFull));
  EXPECT_EQ(partition->log_end(), Offset{40});
  files_.Mend();

  const auto cut = partition->TruncateTo(Offset{38});
  ASSERT_THAT(cut, IsOk());
  EXPECT_EQ(saved(), *cut);
}

TEST_F(EngineCompaction, EndsWithItsTopic) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  files_.set_during(FileCall::kRead, ".log",
                    [this] { clock_.Advance(absl::Milliseconds(5)); });
  ASSERT_THAT(engine_->RunUpkeep(absl::Milliseconds(1)), IsOk());
  files_.Mend();
  ASSERT_THAT(engine_->DeleteTopic("prices"), IsOk());
  EXPECT_EQ(engine_->compaction().running, std::nullopt);
  Create("prices");
  Put("prices", 2, 2);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Values("prices").size(), 2u);
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(EngineCompaction, EndsWithTheEngineAndLeavesNothingBehind) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  for (int i = 0; i < 3; ++i) {
    files_.set_during(FileCall::kRead, ".log",
                      [this] { clock_.Advance(absl::Milliseconds(5)); });
    ASSERT_THAT(engine_->RunUpkeep(absl::Milliseconds(1)), IsOk());
    files_.Mend();
  }
  ASSERT_THAT(engine_->Close(), IsOk());
  const auto entries = memory_->List("/data/prices-0");
  ASSERT_THAT(entries, IsOk());
  for (const DirectoryEntry& entry : *entries) {
    EXPECT_THAT(entry.name, Not(HasSubstr(".cleaned")));
    EXPECT_THAT(entry.name, Not(HasSubstr(".swap")));
  }
}

TEST_F(EngineCompaction, DoesNotLookAtWhatIsCleanAgainAndAgain) {
  Open();
  Create("prices");
  Put("prices", 40, 3);
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  const int opened = files_.Count(FileCall::kOpen, ".log");
  const int listed = files_.Count(FileCall::kList, "prices-0");
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(files_.Count(FileCall::kOpen, ".log"), opened);
  EXPECT_EQ(files_.Count(FileCall::kList, "prices-0"), listed);
}

}  // namespace
}  // namespace cauce
