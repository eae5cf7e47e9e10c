#include "bench/directory_floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(DirectoryFloor, WritesToEachAtTheSamePlace) {
  const test::TempDir directory;
  const std::vector<std::string> paths = {directory / "a", directory / "b"};
  for (const std::string& path : paths) std::ofstream(path) << "1234";
  EXPECT_THAT(RunFloorWriteToEach(paths, "xyz", 4), test::IsOk());
  for (const std::string& path : paths) EXPECT_EQ(Read(path), "1234xyz");
}

TEST(DirectoryFloor, NamesWhatIsNotThere) {
  const test::TempDir directory;
  const std::vector<std::string> none = {directory / "none"};
  for (const auto& floor : {RunFloorReadWhole(none[0]), RunFloorList(none),
                            RunFloorWriteToEach(none, "xyz", 0)}) {
    EXPECT_THAT(floor, test::StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(floor.status().message(), HasSubstr(none[0]));
  }
}

TEST(DirectoryFloor, ReadsAndListsWhatIsThere) {
  const test::TempDir directory;
  std::ofstream(directory / "file") << "bytes";
  EXPECT_THAT(RunFloorReadWhole(directory / "file"), test::IsOk());
  EXPECT_THAT(RunFloorList(std::vector<std::string>{directory.path()}),
              test::IsOk());
}

}  // namespace
}  // namespace cauce::bench
