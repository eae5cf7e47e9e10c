// The guided tour, with a program that is built already, over files of all
// sorts: it must come to its end and show what it promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "cauce/file_system.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Quickstart : public ::testing::Test {
 protected:
  Quickstart() {
    setenv("CAUCE", "tools/cauce", 1);
    setenv("TMPDIR", scratch_.path().c_str(), 1);
    setenv("TZ", "UTC", 1);
  }

  // The directories of the tours, which they leave behind.
  void TearDown() override {
    for (const auto& entry :
         std::filesystem::directory_iterator(scratch_.path())) {
      if (!entry.is_directory()) continue;
      test::ExpectVerified(*PosixFileSystem(), entry.path().string() + "/data",
                           test::Left::kWhole);
    }
  }

  std::string Write(std::string_view text) {
    const std::string path = scratch_ / "a file.log";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // Runs the tour to its end and returns what it shows.
  std::string Tour(const std::string& file) {
    const test::Process::Result result = test::Run({"tools/quickstart", file});
    EXPECT_EQ(result.exit, 0) << result.out << result.err;
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, HasSubstr("Acknowledged and missing: 0."));
    EXPECT_THAT(result.out, HasSubstr("no damage"));
    EXPECT_THAT(result.out, HasSubstr("Now you."));
    return result.out;
  }

  test::TempDir scratch_;
};

TEST_F(Quickstart, ToursTheMachinesOwnPackageLog) {
  const std::string log = "/var/log/dpkg.log";
  if (!std::filesystem::exists(log) || std::filesystem::is_empty(log)) {
    GTEST_SKIP() << log << " is absent or empty here";
  }
  EXPECT_THAT(Tour(log), AllOf(HasSubstr("partition 0 offset 0: "),
                               HasSubstr("consume packages"),
                               Not(HasSubstr("No line names a package"))));
}

TEST_F(Quickstart, ShowsOnePackagesHistoryAndFindsByTime) {
  const std::string tour =
      Tour(Write("2024-01-01 10:00:00 startup archives unpack\n"
                 "2024-01-01 10:00:00 install bash:amd64 <none> 5.2\n"
                 "2024-01-01 10:00:00 status installed bash:amd64 5.2\n"
                 "2024-01-01 10:00:01 status installed zsh:amd64 5.9\n"));
  EXPECT_THAT(tour, HasSubstr("--key bash "));
  EXPECT_THAT(tour, HasSubstr("2024-01-01 10:00:00  offset 1: 2024-01-01 "
                              "10:00:00 install bash:amd64 <none> 5.2\n"));
  EXPECT_THAT(tour, HasSubstr("'@2024-01-01 10:00:00'"));
  EXPECT_THAT(tour, HasSubstr("1 line had no key"));
}

TEST_F(Quickstart, TakesASampleWhereThereIsNoFile) {
  EXPECT_THAT(Tour(scratch_ / "absent.log"),
              AllOf(HasSubstr("a small sample takes its place"),
                    HasSubstr("install sample-")));
}

TEST_F(Quickstart, HasNothingToReadBackFromAnEmptyFile) {
  EXPECT_THAT(Tour(Write("")), AllOf(HasSubstr("stored 0 records"),
                                     HasSubstr("nothing to read back")));
}

TEST_F(Quickstart, TakesLinesWithoutPackageOrTime) {
  EXPECT_THAT(
      Tour(Write("one\ntwo\n\nno newline at the end")),
      AllOf(HasSubstr("stored 4 records"), HasSubstr("4 lines had no key"),
            HasSubstr("4 lines had no time"),
            HasSubstr("No line names a package")));
}

TEST_F(Quickstart, TakesBinaryAndForeignLineEnds) {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>(i * 31 % 256);
  bytes += "\n2024-01-01 10:00:00 install caf\xc3\xa9 <none> 1\r\n";
  bytes += "2024-01-01 10:00:00 install b\xff <none> 1\r\n";
  EXPECT_THAT(Tour(Write(bytes)), HasSubstr("cauce consume packages"));
}

TEST_F(Quickstart, SaysHowItIsUsed) {
  EXPECT_THAT(test::Run({"tools/quickstart", "--help"}).out,
              HasSubstr("tools/quickstart [FILE]"));
  EXPECT_EQ(test::Run({"tools/quickstart", "a", "b"}).exit, 2);
}

}  // namespace
}  // namespace cauce
