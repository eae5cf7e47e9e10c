#include "engine/log/cut_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;

class CutNamesTest : public ::testing::Test {
 protected:
  CutNames Names() { return *CutNames::In(disk_.files(), disk_.directory()); }

  test::TestDisk disk_;
};

TEST_F(CutNamesTest, AreFreeAndGivenOnce) {
  disk_.Write("a.log.cut", "kept long ago");
  CutNames names = Names();
  EXPECT_THAT(names.PathFor("a.log"), IsOkAndHolds(disk_ / "a.log.cut.1"));
  EXPECT_THAT(names.PathFor("a.log"), IsOkAndHolds(disk_ / "a.log.cut.2"));
  EXPECT_THAT(names.PathFor("b.log"), IsOkAndHolds(disk_ / "b.log.cut"));
}

TEST_F(CutNamesTest, AreThoseOfFilesThatHoldTheBytesAlready) {
  disk_.Write("a.log", "0123456789");
  disk_.Write("a.log.3.cut", "something else");
  disk_.Write("a.log.3.cut.1", "34567");
  const auto log = disk_.files().Open(disk_ / "a.log", OpenMode::kRead);
  ASSERT_THAT(log, IsOk());
  CutNames names = Names();
  EXPECT_THAT(names.PathFor("a.log.3", FilePart{**log, 3, 8}),
              IsOkAndHolds(disk_ / "a.log.3.cut.1"));
  EXPECT_THAT(names.PathFor("a.log.3", FilePart{**log, 3, 9}),
              IsOkAndHolds(disk_ / "a.log.3.cut.2"));
}

TEST_F(CutNamesTest, HaveABound) {
  CutNames names = Names();
  for (int i = 0; i < kCutFilesMax; ++i) {
    ASSERT_THAT(names.PathFor("a"), IsOk());
  }
  EXPECT_THAT(names.PathFor("a"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace cauce
