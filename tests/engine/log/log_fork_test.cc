// What a child gets of a log that it has inherited while another thread of its
// parent was within it: no lock that was held then is ever let go there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/log/log.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;

class LogFork : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogFork, ::testing::Values(DiskKind::kMemory),
                         test::DiskName);

TEST_P(LogFork, NobodyWaitsForALockThatTheParentHeld) {
  Open();
  Append({"a"});
  auto opened = rig_.OpenReadOnly();
  ASSERT_THAT(opened, IsOk());
  const std::shared_ptr<Log> reader = *opened;

  // Held by a thread that looks at the files, as the reader's lock is then.
  std::latch is_inside(1);
  std::latch may_leave(1);
  bool first = true;
  rig_.disk().files().set_during(FileCall::kOpen, ".log", [&] {
    if (!std::exchange(first, false)) return;
    is_inside.count_down();
    may_leave.wait();
  });
  std::thread looks([&] { EXPECT_THAT(reader->Refresh(), IsOk()); });
  is_inside.wait();
  rig_.disk().files().set_forks(1);

  EXPECT_THAT(reader->Refresh(), HasReason(Reason::kClosed));
  EXPECT_THAT(reader->WaitFor(Offset{5}, absl::Hours(1)),
              HasReason(Reason::kClosed));
  EXPECT_EQ(reader->leader_epoch(), LeaderEpoch{});
  EXPECT_EQ(reader->bytes(), 0);
  EXPECT_THAT(Values(), HasReason(Reason::kClosed));
  EXPECT_THAT(log().WaitFor(Offset{5}, absl::Hours(1)),
              HasReason(Reason::kClosed));
  EXPECT_THAT(log().TruncateTo(Offset{0}), HasReason(Reason::kClosed));
  EXPECT_THAT(log().DeleteRecordsBefore(Offset{1}), HasReason(Reason::kClosed));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kClosed));

  rig_.disk().files().set_forks(0);
  may_leave.count_down();
  looks.join();
  EXPECT_GT(reader->bytes(), 0);
}

}  // namespace
}  // namespace cauce
