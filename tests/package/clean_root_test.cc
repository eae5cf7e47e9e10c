// The packages on a machine that has nothing else: a fresh Debian 12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using test::Process;

// How the script ends where there is neither root nor a mirror.
constexpr int kCannotBeHad = 77;

TEST(CleanRoot, InstallsThePackagesAndBuildsAndRunsPrograms) {
  const test::TempDir scratch;
  std::vector<std::string> call = {"tests/package/clean_root",
                                   scratch / "root"};
  for (const auto& entry :
       std::filesystem::directory_iterator("tools/package")) {
    if (entry.path().extension() == ".deb") call.push_back(entry.path());
  }
  ASSERT_EQ(call.size(), 5u);
  call.insert(call.end(), {"--", "tests/embed/orders_c.c",
                           "tests/embed/orders.cc"});
  const Process::Result result = test::Run(call);
  if (result.exit == kCannotBeHad) GTEST_SKIP() << result.err;
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("cauce 0."));
  EXPECT_THAT(result.out, HasSubstr("created orders with 1 partition"));
  // The one in C, and the one in C++.
  EXPECT_THAT(result.out,
              HasSubstr("0 2 apples\n1 1 pear\n0 2 apples\n1 1 pear\n"));
  EXPECT_THAT(result.err, HasSubstr("clean_root: done"));
}

}  // namespace
}  // namespace cauce
