// The contests with the peers that are Java programs, with few bytes: that each
// does its work and says what it took. Skipped, saying why, where there is no
// Java or no way to fetch their jars; with CI=true it fails instead.
#include "bench/peers/java_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/append_bench.h"
#include "bench/bench_options.h"
#include "bench/compaction_bench.h"
#include "bench/harness.h"
#include "bench/look_up_bench.h"
#include "bench/read_bench.h"
#include "bench/restore_bench.h"
#include "bench/tail_bench.h"
#include "tests/bench/small_run.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr char kKafka[] = "Kafka, UnifiedLog";
constexpr char kChronicle[] = "Chronicle Queue";

class JavaPeersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto peers = JavaPeers::Compile("bench/peers", directory_ / "work/classes");
    if (!peers.ok()) {
      const char* const ci = std::getenv("CI");
      ASSERT_NE(std::string_view(ci == nullptr ? "" : ci), "true")
          << peers.status();
      GTEST_SKIP() << peers.status();
    }
    options_.java = std::make_shared<const JavaPeers>(*std::move(peers));
    options_.directory = directory_ / "work";
    options_.bytes = 1 << 20;
  }

  // The sides of a contest that was held once.
  static std::vector<std::string> SidesOf(const Contest& contest) {
    std::vector<std::string> names;
    for (const Result& result : RunOnce(contest)) names.push_back(result.side);
    return names;
  }

  const test::TempDir directory_;
  BenchOptions options_;
};

TEST_F(JavaPeersTest, AppendBatchesAndRecords) {
  const std::vector<Contest> contests = AppendContests(options_);
  for (const size_t at : {size_t{0}, contests.size() - 1}) {
    const auto sides = SidesOf(contests[at]);
    EXPECT_THAT(sides, Contains(kKafka));
    EXPECT_THAT(sides, Contains(kChronicle));
  }
}

TEST_F(JavaPeersTest, ReadWhatTheyWrote) {
  const auto contest = ReadContest(options_, ReadWorks().front());
  ASSERT_THAT(contest, test::IsOk());
  const auto sides = SidesOf(*contest);
  EXPECT_THAT(sides, Contains(std::string(kKafka) + ", batches"));
  EXPECT_THAT(sides, Contains(std::string(kKafka) + ", records"));
  EXPECT_THAT(sides, Contains(kChronicle));
}

TEST_F(JavaPeersTest, FindInTheEnginesOwnFilesWhatItFinds) {
  for (const LookUpWork& work : LookUpWorks()) {
    const auto contest = LookUpContest(options_, work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_THAT(SidesOf(*contest), Contains(kKafka)) << contest->name;
  }
}

TEST_F(JavaPeersTest, CompactTheEnginesOwnFilesAsItDoes) {
  for (const CompactionWork& work : CompactionWorks()) {
    const auto contest = CompactionContest(options_, work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_THAT(SidesOf(*contest), Contains("Kafka, Cleaner"));
  }
}

TEST_F(JavaPeersTest, RestoreAStoreFromTheEnginesOwnFilesAsItDoes) {
  const auto contest = RestoreContest(options_);
  ASSERT_THAT(contest, test::IsOk());
  EXPECT_THAT(SidesOf(*contest), Contains("Kafka Streams"));
}

TEST_F(JavaPeersTest, ReadWhileTheyWrite) {
  for (const Contest& contest : TailContests(options_)) {
    EXPECT_THAT(SidesOf(contest), Contains(kChronicle)) << contest.name;
  }
}

TEST_F(JavaPeersTest, ReadWhileAnotherProcessWrites) {
  for (const Contest& contest : TailAcrossContests(options_)) {
    EXPECT_THAT(SidesOf(contest), Contains(kChronicle)) << contest.name;
  }
}

TEST_F(JavaPeersTest, TellWhatFailed) {
  const auto sample = options_.java->Run("KafkaLog", {"no such use", "here"});
  EXPECT_THAT(sample, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sample.status().message(), HasSubstr("no such use"));
}

}  // namespace
}  // namespace cauce::bench
