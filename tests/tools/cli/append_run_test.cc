#include "tools/cli/append_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cauce/engine.h"
#include "tests/testing/few_threads.h"
#include "tests/testing/matchers.h"

namespace cauce::cli {
namespace {

using test::IsOk;

TEST(AppendRun, TellsWhoWatchesUpToTheEnd) {
  Engine engine = *Engine::Open(":memory:");
  ASSERT_THAT(engine.CreateTopic("t"), IsOk());
  std::vector<Partition> into;
  into.push_back(*engine.OpenPartition("t", PartitionId{0}));
  AppendRun run({.records = 100, .record_bytes = 7, .threads = 2}, into);

  int64_t records_told = 0;
  int64_t bytes_told = 0;
  ASSERT_THAT(run.Run([&](int64_t records, int64_t bytes) {
    records_told = records;
    bytes_told = bytes;
  }),
              IsOk());

  EXPECT_EQ(records_told, 100);
  EXPECT_EQ(bytes_told, 700);
  EXPECT_EQ(run.figures().records, 100);
  EXPECT_EQ(run.threads(), 2);
}

TEST(AppendRun, SaysHowManyThreadsTheSystemHadForIt) {
  Engine engine = *Engine::Open(":memory:");
  ASSERT_THAT(engine.CreateTopic("t"), IsOk());
  std::vector<Partition> into;
  into.push_back(*engine.OpenPartition("t", PartitionId{0}));
  AppendRun run({.records = 100, .record_bytes = 7, .threads = 8}, into);

  constexpr size_t kStack = size_t{256} << 20;
  const test::LargeStacks stacks(kStack);
  // Between three and four of them.
  const test::FewAddresses addresses(3 * kStack + kStack * 3 / 4);
  ASSERT_THAT(run.Run([](int64_t, int64_t) {}), IsOk());

  EXPECT_EQ(run.figures().records, 100);
  EXPECT_GE(run.threads(), 1);
  EXPECT_LE(run.threads(), 3);
}

}  // namespace
}  // namespace cauce::cli
