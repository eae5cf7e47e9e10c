#include "engine/log/stray_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class Strays : public ::testing::Test {
 protected:
  Strays() { CAUCE_CHECK(files_->CreateDirectories("/p").ok()); }

  void Put(const std::string& name, std::string_view bytes) {
    const auto file = files_->Open("/p/" + name, OpenMode::kCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  StrayFiles Collect() {
    auto strays = StrayFiles::In(*files_, "/p");
    CAUCE_CHECK(strays.ok());
    return *std::move(strays);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(Strays, AreKeptUnderNamesThatAreFree) {
  Put("a.cut", "of an earlier repair");
  StrayFiles collected = Collect();
  ASSERT_THAT(collected.SetAside("a", "damaged", Offset{4}), IsOk());
  const std::vector<StrayFile> strays = collected.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].path, "/p/a");
  EXPECT_EQ(strays[0].kept_as, "/p/a.cut.1");
  EXPECT_EQ(strays[0].base, Offset{4});
}

TEST_F(Strays, WaitUnderTheNameThatTheyWillHave) {
  StrayFiles collected = Collect();
  SurveyedSegment segment{.base = Offset{5}, .named = Offset{2}};
  collected.LetWait(segment);
  EXPECT_EQ(segment.FileName(), "00000000000000000005.log.waiting");
  EXPECT_EQ(segment.FoundName(), "00000000000000000002.log");
  const std::vector<StrayFile> strays = collected.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].path, "/p/00000000000000000002.log");
  EXPECT_EQ(strays[0].kept_as, "/p/00000000000000000005.log.waiting");
  EXPECT_EQ(strays[0].base, std::nullopt);
}

TEST_F(Strays, KeepWhatCannotBeReadOfASegmentButZeros) {
  Put("00000000000000000000.log", std::string("rubbish!\0\0\0\0", 12));
  StrayFiles collected = Collect();
  SurveyedSegment segment{
      .base = Offset{0},
      .named = Offset{0},
      .file_bytes = 12,
      .unreadable = {{.position = 0, .end = 7, .zeros_from = 7},
                     {.position = 8, .end = 12, .zeros_from = 8}}};
  const auto file =
      files_->Open("/p/00000000000000000000.log", OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT(collected.KeepUnreadable(**file, segment), IsOk());
  EXPECT_THAT(segment.kept_as,
              ElementsAre("/p/00000000000000000000.log.0.cut", ""));
  EXPECT_TRUE(segment.needs_indexes);
}

}  // namespace
}  // namespace cauce
