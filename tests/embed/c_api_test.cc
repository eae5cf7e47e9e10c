// Programs that use the C API, compiled or not, and that its header, its shared
// library and its tests have the same functions.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

constexpr char kLibrary[] = "tools/package/libcauce_shared.so";
constexpr char kHeader[] = "engine/include/cauce/cauce.h";

std::string TextOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The first group of each match.
std::set<std::string> Matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end;
       at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

std::set<std::string> FunctionsOfTheHeader() {
  return Matches(TextOf(kHeader), "CAUCE_API[^;(]*?(cauce_\\w+)\\(");
}

// Runs it twice: the second time goes on where the first one was.
void ExpectOrders(const std::vector<std::string>& program,
                  const test::TempDir& scratch) {
  std::vector<std::string> arguments = program;
  arguments.push_back(scratch / "data");
  const test::Process::Result first = test::Run(arguments);
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "0 2 apples\n1 1 pear\n");
  EXPECT_EQ(first.exit, 0);
  const test::Process::Result second = test::Run(arguments);
  EXPECT_EQ(second.err, "");
  EXPECT_EQ(second.out, "2 2 apples\n3 1 pear\n");
  EXPECT_EQ(second.exit, 0);
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
}

TEST(CApi, AProgramInCStoresAndReadsOnWhereItsGroupIs) {
  const test::TempDir scratch;
  ExpectOrders({"tests/embed/orders_c"}, scratch);
}

TEST(CApi, AProgramInPythonDoesSoToo) {
  const test::TempDir scratch;
  ExpectOrders({"/usr/bin/python3", "tests/embed/orders.py", kLibrary},
               scratch);
}

TEST(CApi, AProgramInCWritesABillForEachOrderOnce) {
  const test::TempDir scratch;
  const test::Process::Result first =
      test::Run({"tests/embed/bills_c", scratch / "data", "2"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "bill for order 0\nbill for order 1\n");
  EXPECT_EQ(first.exit, 0);
  const test::Process::Result second =
      test::Run({"tests/embed/bills_c", scratch / "data", "1"});
  EXPECT_EQ(second.out,
            "bill for order 0\nbill for order 1\nbill for order 0\n")
      << "those of the first run are billed";
  const test::Process::Result third =
      test::Run({"tests/embed/bills_c", scratch / "data"});
  EXPECT_EQ(third.out, second.out);
  test::ExpectVerified(*PosixFileSystem(), scratch / "data",
                       test::Left::kWhole);
}

TEST(CApi, AProgramInCCountsOverAllItsRuns) {
  const test::TempDir scratch;
  const test::Process::Result first = test::Run(
      {"tests/embed/counts_c", scratch / "data", "pear", "apple", "pear"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, "apple 1\npear 2\n");
  const test::Process::Result second =
      test::Run({"tests/embed/counts_c", scratch / "data", "apple"});
  EXPECT_EQ(second.out, "apple 2\npear 2\n");
  EXPECT_EQ(second.exit, 0);
}

TEST(CApi, AProgramInCTakesABackupAndRestoresIt) {
  const test::TempDir scratch;
  const test::Process::Result run =
      test::Run({"tests/embed/backup_c", scratch / "data", scratch / "backup",
                 scratch / "other", "2 apples"});
  EXPECT_NE(run.err.find(" bytes\n"), std::string::npos) << run.err;
  EXPECT_EQ(run.out, "lines-0 ends at 1\n0 2 apples\n");
  EXPECT_EQ(run.exit, 0) << run.err;
  test::ExpectVerified(*PosixFileSystem(), scratch / "other",
                       test::Left::kWhole);
}

TEST(CApi, TheSharedLibraryShowsTheFunctionsOfTheHeader) {
  const test::Process::Result listed =
      test::Run({"/usr/bin/nm", "-D", "--defined-only", kLibrary});
  ASSERT_EQ(listed.exit, 0) << listed.err;
  // Those of C, whose version stays; C++ has another.
  EXPECT_EQ(Matches(listed.out, " T (\\w+)@@CAUCE_0.1\n"),
            FunctionsOfTheHeader());
}

TEST(CApi, NoFunctionOfTheHeaderIsUntried) {
  std::string tests;
  for (const auto& each :
       std::filesystem::directory_iterator("tests/engine/capi"))
    tests += TextOf(each.path());
  const std::set<std::string> called = Matches(tests, "\\b(cauce_\\w+)\\(");
  const std::set<std::string> functions = FunctionsOfTheHeader();
  EXPECT_GT(functions.size(), 80u);
  for (const std::string& each : functions)
    EXPECT_TRUE(called.contains(each)) << each;
}

}  // namespace
}  // namespace cauce
