// The programs of the README, compiled and run as they stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "cauce/file_system.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Embed, TheReadmesProgramStoresAndReadsOnWhereItsGroupIs) {
  const test::TempDir scratch;
  const test::Process::Result first =
      test::Run({"tests/embed/orders", scratch / "data"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "0 2 apples\n1 1 pear\n");
  EXPECT_EQ(first.exit, 0);

  const test::Process::Result second =
      test::Run({"tests/embed/orders", scratch / "data"});
  EXPECT_EQ(second.out, "2 2 apples\n3 1 pear\n");
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
}

TEST(Embed, TheReadmeShowsThatProgram) {
  const std::string program = TextOf("tests/embed/orders.cc");
  EXPECT_NE(program, "");
  EXPECT_THAT(TextOf("README.md"), HasSubstr("```cpp\n" + program + "```\n"));
}

TEST(Embed, TheLogAloneStoresAndReadsBack) {
  const test::TempDir scratch;
  const test::Process::Result first =
      test::Run({"tests/embed/log", scratch / "data"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "0 alice: 2 apples\n1 bob: 1 pear\n");
  EXPECT_EQ(first.exit, 0);

  // What the first run stored is there for the second.
  const test::Process::Result second =
      test::Run({"tests/embed/log", scratch / "data"});
  EXPECT_EQ(second.out,
            "0 alice: 2 apples\n1 bob: 1 pear\n2 alice: 2 apples\n"
            "3 bob: 1 pear\n");
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
}

}  // namespace
}  // namespace cauce
