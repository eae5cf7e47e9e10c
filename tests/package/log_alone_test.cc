// A program with the log alone is small, and loads nothing that it does not
// use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/package/installed.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using test::Installed;
using test::Process;

// The promise, in bytes.
constexpr int kStrippedBytesMax = 2'000'000;

TEST(LogAlone, IsSmallAndLinksNeitherRocksDbNorBoost) {
  const Installed installed;
  const Process::Result built = installed.Run(
      "export PKG_CONFIG_PATH=$T/lib/pkgconfig;"
      "g++ -std=c++20 -O2 $S/tests/embed/log.cc -o log "
      "  $(pkg-config --cflags --libs cauce-log);"
      "./log data");
  ASSERT_EQ(built.exit, 0) << built.err;
  EXPECT_EQ(built.out, "0 alice: 2 apples\n1 bob: 1 pear\n");

  const int bytes = std::stoi(
      installed.Run("cp log small; strip small; stat -c %s small").out);
  RecordProperty("stripped_bytes", bytes);
  EXPECT_LE(bytes, kStrippedBytesMax);
  EXPECT_GT(bytes, 100'000) << "no log is as small: what is in it?";
  // All that it loads, and what those load, too.
  const std::string loads = installed.Run("ldd ./log").out;
  EXPECT_THAT(loads, HasSubstr("libzstd"));
  EXPECT_THAT(loads, Not(HasSubstr("not found")));
  for (const std::string other : {"rocksdb", "boost", "cauce", "ssl"})
    EXPECT_THAT(loads, Not(HasSubstr("lib" + other)));
  const Process::Result names = installed.Run("nm -C log");
  ASSERT_EQ(names.exit, 0);
  EXPECT_THAT(names.out, HasSubstr("cauce::Engine::Open"));
  for (const std::string other : {"rocksdb::", "boost::", "cauce::Client"})
    EXPECT_THAT(names.out, Not(HasSubstr(other)));
}

}  // namespace
}  // namespace cauce
