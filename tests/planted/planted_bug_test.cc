#include "tests/planted/planted_bug.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "fmt/format.h"
#include "tests/testing/matchers.h"

namespace cauce::planted {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kWords =
    "Plants: a bug\nTarget: //tests/a:b_test\nTest: A.DoesB\n";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

int Count(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != text.npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(PlantedBug, IsReadFromItsFile) {
  const auto bug = ParsePlantedBug(fmt::format(
      "{}--- a/engine/c.cc\n+++ b/engine/c.cc\n@@ -1,3 +1,2 @@ void C() {{\n"
      "   one();\n-  two();\n\n@@ -8,3 +7,3 @@\n {{\n-x\n+y\n }}\n",
      kWords));
  ASSERT_THAT(bug, test::IsOk());
  EXPECT_EQ(bug->plants, "a bug");
  EXPECT_EQ(bug->target, "//tests/a:b_test");
  EXPECT_EQ(bug->test, "A.DoesB");
  ASSERT_THAT(bug->hunks, SizeIs(2));
  EXPECT_EQ(bug->hunks[0].path, "engine/c.cc");
  EXPECT_EQ(bug->hunks[0].before, "  one();\n  two();\n\n");
  EXPECT_EQ(bug->hunks[0].after, "  one();\n\n");
  EXPECT_EQ(bug->hunks[1].before, "{\nx\n}\n");
  EXPECT_EQ(bug->hunks[1].after, "{\ny\n}\n");
}

TEST(PlantedBug, IsRefusedWhereSomethingIsMissing) {
  const auto with = [](std::string_view patch) {
    return ParsePlantedBug(fmt::format("{}{}", kWords, patch));
  };
  EXPECT_THAT(with(""), Not(test::IsOk()));
  constexpr std::string_view kFile = "--- a/b\n+++ b/b\n";
  constexpr std::string_view kHunk = "@@ -1,3 +1,3 @@\n {\n-x\n+y\n }\n";
  EXPECT_THAT(with(fmt::format("{}{}", kFile, kHunk)), test::IsOk());
  EXPECT_THAT(with(kHunk), Not(test::IsOk()));
  EXPECT_THAT(with(fmt::format("--- a/b\n+++ b/c\n{}", kHunk)),
              Not(test::IsOk()));
  EXPECT_THAT(with(fmt::format("{}{}*x\n \n", kFile, kHunk)),
              Not(test::IsOk()));
  EXPECT_THAT(ParsePlantedBug(fmt::format("{}{}", kFile, kHunk)),
              Not(test::IsOk()));
}

TEST(PlantedBug, IsRefusedWhereGitWouldNotApplyIt) {
  for (const std::string_view hunk :
       {"@@ -1 +1 @@\n-x\n+y\n", "@@ -1,2 +1,2 @@\n {\n-x\n+y\n",
        "@@ -1,2 +1,2 @@\n-x\n+y\n }\n"}) {
    EXPECT_THAT(
        ParsePlantedBug(fmt::format("{}--- a/b\n+++ b/b\n{}", kWords, hunk)),
        Not(test::IsOk()));
  }
}

// The bugs that are kept beside this test.
class Bugs : public ::testing::Test {
 protected:
  // Bazel links a test's data to the file itself, so this is the real root.
  Bugs() : root_(fs::canonical("WORKSPACE").parent_path()) {
    for (const auto& entry :
         fs::directory_iterator(root_ / "tests/planted/bugs")) {
      const auto bug = ParsePlantedBug(ReadFile(entry.path()));
      EXPECT_THAT(bug, test::IsOk()) << entry.path();
      if (bug.ok()) bugs_[entry.path().filename()] = *bug;
    }
  }

  // The sources that lie where the target's package does.
  std::string SourcesOf(const PlantedBug& bug) const {
    const std::string package = bug.target.substr(2, bug.target.find(':') - 2);
    std::string sources;
    for (const auto& entry : fs::directory_iterator(root_ / package)) {
      if (entry.path().extension() == ".cc") sources += ReadFile(entry.path());
    }
    return sources;
  }

  fs::path root_;
  std::map<std::string, PlantedBug> bugs_;
};

TEST_F(Bugs, AreAtLeastTwenty) { EXPECT_GE(bugs_.size(), 20u); }

TEST_F(Bugs, ApplyWhereTheyWereMeantTo) {
  for (const auto& [name, bug] : bugs_) {
    for (const Hunk& hunk : bug.hunks) {
      EXPECT_EQ(Count(ReadFile(root_ / hunk.path), hunk.before), 1)
          << name << ": " << hunk.path << " has not, or more than once:\n"
          << hunk.before;
    }
  }
}

TEST_F(Bugs, NameWhatTurnsRedAsItIsCalled) {
  for (const auto& [name, bug] : bugs_) {
    const size_t dot = bug.test.find('.');
    ASSERT_NE(dot, std::string::npos) << name;
    EXPECT_THAT(SourcesOf(bug),
                HasSubstr(fmt::format("({}, {})", bug.test.substr(0, dot),
                                      bug.test.substr(dot + 1))))
        << name;
  }
}

}  // namespace
}  // namespace cauce::planted
