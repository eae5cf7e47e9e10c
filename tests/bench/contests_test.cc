// Every contest of the published comparison, with few bytes: that each side
// does its work, and that what the sides wrote is what they read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bench/append_bench.h"
#include "bench/compaction_bench.h"
#include "bench/dirty_topic.h"
#include "bench/end_to_end_bench.h"
#include "bench/harness.h"
#include "bench/idle_bench.h"
#include "bench/killed_topic.h"
#include "bench/look_up_bench.h"
#include "bench/many_partitions.h"
#include "bench/partitions_bench.h"
#include "bench/payload.h"
#include "bench/read_bench.h"
#include "bench/recovery_bench.h"
#include "bench/restore_bench.h"
#include "bench/scratch_topic.h"
#include "bench/store_bench.h"
#include "bench/tail_bench.h"
#include "cauce/engine.h"
#include "tests/bench/small_run.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ScratchTopic, HoldsWhatWasAppendedAndGoes) {
  const test::TempDir directory;
  const Payload payload(100, 4096, 1);
  {
    auto topic = ScratchTopic::Create(directory / "topic", "os");
    ASSERT_THAT(topic, test::IsOk());
    ASSERT_THAT(topic->Write(payload, 3), test::IsOk());
    EXPECT_THAT(topic->LogPaths(), SizeIs(1));
    EXPECT_THAT(topic->Verify(payload, 3), test::IsOk());
    EXPECT_THAT(topic->Verify(payload, 4),
                test::StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(topic->Verify(Payload(100, 4096, 2), 3),
                test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(AppendContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : AppendContests(SmallRun(directory))) {
    RunOnce(contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(TailContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : TailContests(SmallRun(directory))) {
    RunOnce(contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(TailAcrossContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : TailAcrossContests(SmallRun(directory))) {
    for (const Result& result : RunOnce(contest)) {
      EXPECT_GT(result.p99_seconds.value_or(0), 0) << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(EndToEndContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : EndToEndContests(SmallRun(directory))) {
    RunOnce(contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(IdleContest, RunsAndCleansUp) {
  const test::TempDir directory;
  const auto results =
      RunOnce(IdleContest(SmallRun(directory), absl::Milliseconds(1)));
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_THAT(results[1].figures, SizeIs(4));
  EXPECT_THAT(results[2].figures, SizeIs(4));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(RecoveryContest, RunsAndCleansUp) {
  const test::TempDir directory;
  for (RecoveryWork work : RecoveryWorks()) {
    // As many as say something and are quickly made.
    work.partitions = std::min(work.partitions, 5);
    const auto contest = RecoveryContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, RecoveryContestName(work));
    RunOnce(*contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(KilledTopic, WasKilledAndTellsWhyItCannotBeRecovered) {
  const test::TempDir directory;
  const Payload payload(100, 4096, 1);
  const auto topic = KilledTopic::Create(directory / "killed", payload, 2, 10);
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_THAT((*topic)->LogPaths(), SizeIs(2));
  EXPECT_GE((*topic)->bytes(),
            10 * static_cast<int64_t>(payload.batch().size()));
  EXPECT_FALSE(
      std::filesystem::exists(directory / "killed/.kafka_cleanshutdown"));
  EXPECT_THAT((*topic)->Recover(0, 4), test::IsOk());
  EXPECT_THAT((*topic)->ForgetRecoveryPoints(), test::IsOk());
  EXPECT_THAT((*topic)->Recover(2, 0), test::IsOk());

  std::filesystem::remove_all(directory / "killed");
  const auto recovered = (*topic)->Recover(0, 0);
  EXPECT_THAT(recovered, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(recovered.status().message(), HasSubstr("bench"));
}

TEST(PartitionsContests, TellWhatEachPartitionCostsAndCleanUp) {
  const test::TempDir directory;
  {
    for (const Contest& contest : PartitionsContests(SmallRun(directory), 5)) {
      // Of a close, and of a recovery, only the time counts.
      const bool tells_costs =
          !contest.name.starts_with("BM_EngineClose") &&
          contest.name.find("touched:1") == std::string::npos;
      for (const Result& result : RunOnce(contest)) {
        const bool is_floor = result.side.starts_with("floor");
        EXPECT_EQ(result.figures.size(), tells_costs && !is_floor ? 2 : 0)
            << contest.name << ": " << result.side;
      }
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// All files below `directory` but its lock, with what is in them.
std::map<std::string, std::string> FilesBelow(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file() || entry.path().filename() == ".lock")
      continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

TEST(ManyPartitions, AreAsTheyWereAfterTheStopThatIsAskedFor) {
  const test::TempDir directory;
  const std::string path = directory / "many";
  const Payload payload(100, 4096, 1);
  const auto many = ManyPartitions::Create(path, payload, 3, 4);
  ASSERT_THAT(many, test::IsOk());
  const auto made = FilesBelow(path);
  const std::string mark = path + "/.kafka_cleanshutdown";
  EXPECT_TRUE(made.contains(mark));
  EXPECT_TRUE(made.contains((*many)->ActiveLogOf(2)));
  EXPECT_EQ((*many)->bytes(),
            3 * 4 * static_cast<int64_t>(payload.batch().size()));

  {
    auto engine = Engine::Open(path);
    ASSERT_THAT(engine, test::IsOk());
    for (int32_t p = 0; p < 3; ++p) {
      auto partition =
          engine->OpenPartition(ManyPartitions::kTopic, PartitionId{p});
      ASSERT_THAT(partition, test::IsOk());
      EXPECT_EQ(partition->log_end(), Offset{(*many)->records()});
      ASSERT_THAT(partition->Append(payload.records()), test::IsOk());
    }
    ASSERT_THAT(engine->CreateTopic("other"), test::IsOk());
  }
  std::filesystem::remove_all(path + "/other-0");
  EXPECT_NE(FilesBelow(path), made);
  ASSERT_THAT((*many)->Restore(LastStop::kClean), test::IsOk());
  EXPECT_EQ(FilesBelow(path), made);

  ASSERT_THAT((*many)->Restore(LastStop::kKilled), test::IsOk());
  auto killed = made;
  killed.erase(mark);
  EXPECT_EQ(FilesBelow(path), killed);
}

TEST(ReadContest, RunsAndCleansUp) {
  const test::TempDir directory;
  for (const ReadWork& work : ReadWorks()) {
    const auto contest = ReadContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, ReadContestName(work));
    EXPECT_THAT(Measure(*contest, {}, {.rounds = 1}), test::IsOk());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(CompactionContests, LeaveTheLastRecordOfEachKeyAndCleanUp) {
  const test::TempDir directory;
  for (const CompactionWork& work : CompactionWorks()) {
    const auto contest = CompactionContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, CompactionContestName(work));
    for (const Result& result : RunOnce(*contest)) {
      EXPECT_THAT(result.figures, SizeIs(1)) << result.side;
    }
  }
  {
    const auto contest = AppendWhileCompactingContest(SmallRun(directory));
    ASSERT_THAT(contest, test::IsOk());
    for (const Result& result : RunOnce(*contest)) {
      EXPECT_GT(result.p99_seconds.value_or(0), 0) << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(RestoreContest, FindsEachKeyAndCleansUp) {
  const test::TempDir directory;
  {
    const auto contest = RestoreContest(SmallRun(directory));
    ASSERT_THAT(contest, test::IsOk());
    for (const Result& result : RunOnce(*contest)) {
      EXPECT_GT(result.items_per_second, 0) << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(StoreContests, FindWhatTheyWroteAndCleanUp) {
  const test::TempDir directory;
  for (const StoreWork& work : StoreWorks()) {
    const auto contest = StoreContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    for (const Result& result : RunOnce(*contest)) {
      EXPECT_GT(result.items_per_second, 0)
          << contest->name << ": " << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(DirtyTopic, HasEachKeyOnceWhereNoneAreDrawn) {
  const test::TempDir directory;
  const auto topic = DirtyTopic::Create(
      directory / "dirty", {.bytes = 1 << 20, .value_bytes_max = 50});
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_EQ((*topic)->distinct_keys(), (*topic)->records());
  auto engine = Engine::Open(directory / "dirty");
  ASSERT_THAT(engine, test::IsOk());
  auto partition = engine->OpenPartition((*topic)->topic(), PartitionId{0});
  ASSERT_THAT(partition, test::IsOk());
  const auto totals = partition->Compact();
  ASSERT_THAT(totals, test::IsOk());
  EXPECT_EQ(totals->records_removed, 0);
  EXPECT_THAT(engine->Close(), test::IsOk());
}

TEST(DirtyTopic, IsAsItWasWhenACopyWasCompacted) {
  const test::TempDir directory;
  const auto topic = DirtyTopic::Create(
      directory / "dirty",
      {.bytes = 3 << 20, .value_bytes_max = 50, .keys = 1000});
  ASSERT_THAT(topic, test::IsOk());
  const auto made = FilesBelow(directory / "dirty");
  EXPECT_THAT((*topic)->LogPaths(), SizeIs(4));
  EXPECT_EQ((*topic)->distinct_keys(), 1000);

  ASSERT_THAT((*topic)->CopyTo(directory / "copy"), test::IsOk());
  auto engine = Engine::Open(directory / "copy");
  ASSERT_THAT(engine, test::IsOk());
  auto partition = engine->OpenPartition((*topic)->topic(), PartitionId{0});
  ASSERT_THAT(partition, test::IsOk());
  EXPECT_EQ(partition->log_end(), Offset{(*topic)->records()});
  const auto totals = partition->Compact();
  ASSERT_THAT(totals, test::IsOk());
  EXPECT_EQ(totals->records_removed, (*topic)->records() - 1000);
  EXPECT_THAT(engine->Close(), test::IsOk());

  EXPECT_EQ(FilesBelow(directory / "dirty"), made);
}

TEST(LookUpContest, FindsEachRecordAndCleansUp) {
  const test::TempDir directory;
  for (const LookUpWork& work : LookUpWorks()) {
    const auto contest = LookUpContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, LookUpContestName(work));
    for (const Result& result : RunOnce(*contest)) {
      EXPECT_GT(result.p99_seconds.value_or(0), 0) << result.side;
      EXPECT_THAT(result.figures, SizeIs(1)) << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace cauce::bench
