#include "engine/client/client_core.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

TEST(ClientCore, HasEverySeamAndItsThreads) {
  const test::TempDir dir;
  const auto core = OpenClientCore(dir.path(), {.threads = 1});
  ASSERT_THAT(core, IsOk());
  EXPECT_EQ((*core)->options.clock, SystemClock());
  EXPECT_EQ((*core)->options.random, SystemRandom());
  EXPECT_EQ((*core)->options.file_system, PosixFileSystem());
  EXPECT_NE((*core)->threads, nullptr);
  EXPECT_EQ((*core)->options.executor, (*core)->threads.get());
}

TEST(ClientCore, StartsNoThreadWhereThereIsAnExecutorOrNoneIsWanted) {
  const auto pool = NewThreadPool(1);
  const auto given =
      OpenClientCore(":memory:", {.engine = {.executor = pool.get()}});
  ASSERT_THAT(given, IsOk());
  EXPECT_EQ((*given)->threads, nullptr);
  EXPECT_EQ((*given)->options.executor, pool.get());

  const auto none = OpenClientCore(":memory:", {.threads = 0});
  ASSERT_THAT(none, IsOk());
  EXPECT_EQ((*none)->options.executor, nullptr);
}

TEST(ClientCore, MayGoInAForkedChildThatHasNoThreads) {
  const test::TempDir dir;
  auto core = OpenClientCore(dir.path(), {.threads = 2});
  ASSERT_THAT(core, IsOk());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    core->reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ClientCore, SaysWhyItsEngineDoesNotOpen) {
  EXPECT_THAT(OpenClientCore("", {}), HasReason(Reason::kInvalidOption));
}

}  // namespace
}  // namespace cauce
