#include "engine/log/sync_error.h"

#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::StatusIs;

TEST(SyncError, TellsOneThatWasNotBegunFromOneThatFailed) {
  const absl::Status why = absl::ResourceExhaustedError("too many open files");
  EXPECT_TRUE(IsSyncNotBegun(SyncNotBegun(why)));
  EXPECT_TRUE(IsSyncNotBegun(Annotate(SyncNotBegun(why), "orders-3")));
  EXPECT_THAT(SyncNotBegun(why), StatusIs(why.code()));

  EXPECT_FALSE(IsSyncNotBegun(why));
  EXPECT_FALSE(IsSyncNotBegun(MakeError(Reason::kDiskFailed, "lost")));
  EXPECT_FALSE(IsSyncNotBegun(absl::OkStatus()));
}

TEST(SyncError, TellsWhatWasNotOpenedFromADiskThatIsFullOrFails) {
  EXPECT_TRUE(IsNotOpened(absl::ResourceExhaustedError("too many open files")));
  EXPECT_TRUE(IsNotOpened(absl::PermissionDeniedError("not yours")));

  EXPECT_FALSE(IsNotOpened(MakeError(Reason::kDiskFull, "full")));
  EXPECT_FALSE(IsNotOpened(MakeError(Reason::kDiskFailed, "lost")));
  EXPECT_FALSE(IsNotOpened(absl::NotFoundError("gone")));
  EXPECT_FALSE(IsNotOpened(absl::OkStatus()));
}

}  // namespace
}  // namespace cauce
