#include "engine/log/batch_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::IsOk;

class Search : public ::testing::Test {
 protected:
  std::shared_ptr<const File> Put(std::string_view bytes) {
    auto file = files_->Open("/log", OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
    return *std::move(file);
  }

  // What Run() finds behind position 0, where offset `expected` should be.
  std::optional<FoundBatch> Find(std::string_view bytes, Offset expected,
                                 Offset up_to = Offset{INT64_MAX}) {
    const DamagedPlace place{
        .file = Put(bytes),
        .name = "/log",
        .position = 0,
        .end = static_cast<int64_t>(bytes.size()),
        .offsets = {
            .next = expected, .up_to = up_to, .boundary = expected + 1}};
    const auto found = BatchSearch(place).Run();
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : std::nullopt;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(Search, FindsAWholeBatchAtAnyByte) {
  for (const size_t rubbish : {1, 7, 300'000}) {
    const auto found = Find(
        std::string(rubbish, 'x') + Batch({"a", "b"}).At(Offset{7}).bytes(),
        Offset{3});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->position, static_cast<int64_t>(rubbish));
    EXPECT_EQ(found->base, Offset{7});
    EXPECT_EQ(found->next, Offset{9});
  }
}

// Else it would take minutes.
TEST_F(Search, ReadsNothingOfAHole) {
  const std::string batch = Batch({"a"}).At(Offset{3}).bytes();
  const int64_t far = int64_t{1} << 40;
  Put("x");
  const auto file = files_->Open("/log", OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(far, batch), IsOk());
  const DamagedPlace place{.file = *files_->Open("/log", OpenMode::kRead),
                           .name = "/log",
                           .position = 0,
                           .end = far + static_cast<int64_t>(batch.size()),
                           .offsets = {.next = Offset{3}}};
  const auto found = BatchSearch(place).Run();
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->position, far);
}

TEST_F(Search, FindsNothingThatHasOtherOffsets) {
  const std::string bytes = "x" + Batch({"a", "b"}).At(Offset{7}).bytes();
  EXPECT_FALSE(Find(bytes, Offset{8}));
  EXPECT_FALSE(Find(bytes, Offset{3}, Offset{8}));
}

TEST_F(Search, FindsNothingThatIsDamaged) {
  std::string bytes = "x" + Batch({"a", "b"}).At(Offset{7}).bytes();
  bytes.back() ^= 1;
  EXPECT_FALSE(Find(bytes, Offset{3}));
}

// A value may be a batch itself.
TEST_F(Search, BelievesNoBatchInARecordAgainstThoseThatFollow) {
  const std::string inner = Batch({"inside"}).At(Offset{900}).bytes();
  std::string outer = Batch({inner}).At(Offset{3}).bytes();
  outer[8] ^= 0x40;  // its length
  const std::string behind = Batch({"c"}).At(Offset{4}).bytes();

  const auto found =
      Find(outer + behind + Batch({"d"}).At(Offset{5}).bytes(), Offset{3});

  ASSERT_TRUE(found);
  EXPECT_EQ(found->position, static_cast<int64_t>(outer.size()));
  EXPECT_EQ(found->base, Offset{4});
}

TEST_F(Search, GivesUpWhereTooMuchLooksLikeBatches) {
  // Headers, each of which claims all that follows.
  std::string bytes(40 << 20, '\0');
  const std::string head = Batch({"a"}).At(Offset{3}).bytes().substr(0, 61);
  for (size_t at = 0; at + 61 < (1 << 20); at += 61) {
    bytes.replace(at, 61, head);
    StoreBig<int32_t>(bytes.data() + at + 8,
                      static_cast<int32_t>(bytes.size() - at - 12));
  }
  const DamagedPlace place{.file = Put(bytes),
                           .name = "/log",
                           .position = 0,
                           .end = static_cast<int64_t>(bytes.size()),
                           .offsets = {.next = Offset{3}}};
  BatchSearch search(place);
  const auto found = search.Run();
  ASSERT_THAT(found, IsOk());
  EXPECT_FALSE(*found);
  EXPECT_TRUE(search.gave_up());
}

TEST_F(Search, FindsOnlyWhatLeadsToTheEndWhereThatIsAsked) {
  const std::string lost = std::string(50, 'x');
  const std::string one = Batch({"a"}).At(Offset{4}).bytes();
  const std::string two = Batch({"b"}).At(Offset{5}).bytes();
  for (const std::string& tail : {std::string(), std::string("!")}) {
    const std::string bytes = lost + one + two + tail;
    const DamagedPlace place{.file = Put(bytes),
                             .name = "/log",
                             .position = 0,
                             .end = static_cast<int64_t>(bytes.size()),
                             .offsets = {.next = Offset{3}}};
    const auto found = BatchSearch(place).RunToEnd();
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(found->has_value(), tail.empty());
  }
}

}  // namespace
}  // namespace cauce
