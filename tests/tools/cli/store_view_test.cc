#include "tools/cli/store_view.h"

#include <gtest/gtest.h>

#include "cauce/stores.h"

namespace cauce::cli {
namespace {

TEST(StoreView, TellsWhichShareOfARestoreIsDone) {
  RestoreProgress restore;
  restore.begin = Offset{100};
  restore.at = Offset{100};
  restore.end = Offset{300};
  EXPECT_EQ(ShareOf(restore), 0);

  restore.at = Offset{250};
  EXPECT_EQ(ShareOf(restore), 0.75);
  restore.at = restore.end;
  EXPECT_EQ(ShareOf(restore), 1);
}

TEST(StoreView, ARestoreOfNothingIsDone) {
  RestoreProgress restore;
  restore.begin = restore.at = restore.end = Offset{7};
  EXPECT_EQ(ShareOf(restore), 1);
}

}  // namespace
}  // namespace cauce::cli
