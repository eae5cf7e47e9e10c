#include "engine/facade/engine_environment.h"

#include <gtest/gtest.h>

#include <memory>

#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;

TEST(EngineEnvironment, HasTheRealOneWhereNothingElseIsGiven) {
  const auto made = MakeEnvironment(":memory:", {});
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->logs->clock, SystemClock());
  EXPECT_EQ(made->logs->random, SystemRandom());
  EXPECT_EQ(made->logs->executor, nullptr);
  EXPECT_TRUE(made->logs->is_volatile);
  EXPECT_THAT(made->logs->files->List("/"), IsOk());
  EXPECT_EQ(made->directory, ":memory:") << "as its user calls it";
  EXPECT_NE(made->bounds, nullptr);
  EXPECT_NE(made->first_dirty, nullptr);
}

TEST(EngineEnvironment, LooksBesideAWriterWhereItOnlyReads) {
  const std::unique_ptr<FileSystem> files = NewMemoryFileSystem();
  test::SimClock clock;
  EngineOptions options{.file_system = files.get(), .clock = &clock};
  const auto writing = MakeEnvironment("/data", options);
  ASSERT_THAT(writing, IsOk());
  EXPECT_EQ(writing->logs->clock, &clock);
  // What is in memory there may be a disk to whoever has given it.
  EXPECT_FALSE(writing->logs->is_volatile);
  EXPECT_FALSE(writing->logs->load_bounds);
  EXPECT_FALSE(writing->logs->known_now);

  options.access = Access::kReadOnly;
  const auto reading = MakeEnvironment("/data", options);
  ASSERT_THAT(reading, IsOk());
  EXPECT_TRUE(reading->logs->load_bounds);
  EXPECT_TRUE(reading->logs->has_gaps);
  // Nobody has closed it.
  EXPECT_FALSE(reading->logs->is_closed());
}

}  // namespace
}  // namespace cauce
