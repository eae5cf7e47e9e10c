// The programs of the README, compiled and run as they stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "cauce/file_system.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;

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

// What the program prints where it dies behind so many records, and then where
// it goes on to the end.
std::pair<std::string, std::string> Delivered(const std::string& way) {
  const test::TempDir scratch;
  const test::Process::Result first =
      test::Run({"tests/embed/deliveries", scratch / "data", way, "5"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.exit, 9);
  const test::Process::Result second =
      test::Run({"tests/embed/deliveries", scratch / "data", way});
  EXPECT_EQ(second.err, "");
  EXPECT_EQ(second.exit, 0);
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
  return {first.out, second.out};
}

TEST(Embed, AtMostOnceWorksOnNothingTwice) {
  EXPECT_THAT(Delivered("at-most-once"),
              Pair("0\n1\n2\n3\n4\n", "6\n7\n8\n9\n"))
      << "5 was committed, and died";
}

TEST(Embed, AtLeastOnceWorksOnAll) {
  EXPECT_THAT(Delivered("at-least-once"),
              Pair("0\n1\n2\n3\n4\n", "3\n4\n5\n6\n7\n8\n9\n"))
      << "3 and 4 were not committed";
}

TEST(Embed, ExactlyOnceWritesEachOnceThoughItIsWorkedOnTwice) {
  EXPECT_THAT(
      Delivered("exactly-once"),
      Pair("0\n1\n2\n3\n4\n",
           "3\n4\n5\n6\n7\n8\n9\ncopied 0\ncopied 1\ncopied 2\ncopied 3\n"
           "copied 4\ncopied 5\ncopied 6\ncopied 7\ncopied 8\ncopied 9\n"));
}

}  // namespace
}  // namespace cauce
