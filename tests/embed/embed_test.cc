// The programs of the README, compiled and run as they stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/file_system.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

TEST(Embed, TheReadmesProgramStoresAndReadsBack) {
  const test::TempDir scratch;
  const test::Process::Result first =
      test::Run({"tests/embed/orders", scratch / "data"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "0 alice: 2 apples\n1 bob: 1 pear\n");
  EXPECT_EQ(first.exit, 0);

  // What the first run stored is there for the second.
  const test::Process::Result second =
      test::Run({"tests/embed/orders", scratch / "data"});
  EXPECT_EQ(second.out,
            "0 alice: 2 apples\n1 bob: 1 pear\n2 alice: 2 apples\n"
            "3 bob: 1 pear\n");
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
}

}  // namespace
}  // namespace cauce
