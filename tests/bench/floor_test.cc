#include "bench/floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "bench/noise.h"
#include "bench/payload.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

TEST(Payload, HoldsAsManyRecordsAsFitABatch) {
  const Payload payload(100, 64 << 10, 1);
  EXPECT_LE(payload.batch().size(), size_t{64 << 10});
  EXPECT_GT(payload.batch().size(), size_t{(64 << 10) - 130});
  EXPECT_EQ(payload.records().size(), payload.places().size());
  EXPECT_EQ(payload.BatchesFor(static_cast<int64_t>(payload.batch().size())),
            1);
  EXPECT_EQ(
      payload.BatchesFor(static_cast<int64_t>(payload.batch().size()) + 1), 2);
}

TEST(Payload, KnowsWhereEachKeyAndValueStands) {
  const Payload payload(1024, 64 << 10, 1);
  for (size_t i = 0; i < payload.records().size(); ++i) {
    const Record& record = payload.records()[i];
    const RecordPlace& place = payload.places()[i];
    EXPECT_EQ(payload.batch().substr(place.key_at, record.key->size()),
              *record.key);
    EXPECT_EQ(payload.batch().substr(place.value_at, record.value->size()),
              *record.value);
  }
}

TEST(Payload, IsTheSameForTheSameSeed) {
  EXPECT_EQ(Payload(100, 4096, 3).batch(), Payload(100, 4096, 3).batch());
  EXPECT_NE(Payload(100, 4096, 3).batch(), Payload(100, 4096, 4).batch());
}

TEST(Floor, AppendsInEveryWayAndCleansUp) {
  const test::TempDir directory;
  const Payload payload(100, 4096, 1);
  for (const FloorFile file :
       {FloorFile::kGrowing, FloorFile::kRecycled, FloorFile::kZeroed}) {
    for (const FloorGather gather :
         {FloorGather::kRecords, FloorGather::kBatch}) {
      const FloorAppend work{directory / "floor", 5, file, gather};
      EXPECT_THAT(RunFloorAppend(work, payload), test::IsOk());
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Floor, TellsWhatFailed) {
  const Payload payload(100, 4096, 1);
  EXPECT_THAT(RunFloorAppend({.path = "/nowhere/floor", .batches = 1}, payload),
              test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(RunFloorRead({"/nowhere/floor"}, 4096),
              test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(SettleDisk("/nowhere"),
              test::StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Floor, ReadsFilesToTheirEnd) {
  const test::TempDir directory;
  std::ofstream(directory / "one") << std::string(10'000, 'x');
  std::ofstream(directory / "two") << "";
  EXPECT_THAT(RunFloorRead({directory / "one", directory / "two"}, 4096),
              test::IsOk());
  EXPECT_THAT(SettleDisk(directory.path()), test::IsOk());
}

TEST(Noise, ProbesLeaveNothingBehind) {
  const test::TempDir directory;
  for (const Probe& probe : NoiseProbes(directory.path())) {
    EXPECT_THAT(probe.run(), test::IsOkAndHolds(::testing::Gt(0)));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace cauce::bench
