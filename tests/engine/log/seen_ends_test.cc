#include "engine/log/seen_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cauce/append.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/unreadable_bytes.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

// A commit at 5 behind records at 4, none of which any CRC vouches for.
class SeenEndsTest : public ::testing::Test {
 protected:
  SeenEndsTest() {
    test::TestProducer producer(7);
    bytes_ = producer.InTransaction({"a"}).At(Offset{4}).bytes();
    marker_ = bytes_.size();
    bytes_ +=
        test::MarkerOf(producer.Commit(), Timestamp{1}).At(Offset{5}).bytes();
  }

  std::optional<SeenEnds> See(bool may_have_gaps = false) {
    EXPECT_THAT(WriteAndSyncFile(*files_, "/log", bytes_), IsOk());
    const auto file = files_->Open("/log", OpenMode::kRead);
    CAUCE_CHECK(file.ok());
    const auto end = static_cast<int64_t>(bytes_.size());
    const auto seen = SeeEnds(**file, {.end = end, .expected = lost_.base},
                              lost_, may_have_gaps);
    EXPECT_THAT(seen, IsOk());
    return seen.value_or(std::nullopt);
  }
  char* Marker() { return bytes_.data() + marker_; }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::string bytes_;
  size_t marker_ = 0;
  OffsetRange lost_{Offset{4}, Offset{6}};
};

TEST_F(SeenEndsTest, AreMarkersByTheirHeaders) {
  bytes_.back() ^= 1;
  EXPECT_THAT(See(), Optional(ElementsAre(Pair(7, Offset{5}))));
}

TEST_F(SeenEndsTest, MayHaveAByteThatIsWrong) {
  const std::string sound = bytes_;
  StoreBig<int16_t>(Marker() + layout::kAttributes, 0);
  EXPECT_THAT(See(), Optional(ElementsAre(Pair(7, Offset{5}))));
  bytes_ = sound;
  Marker()[layout::kBaseSequence] = 0;
  EXPECT_THAT(See(), Optional(ElementsAre(Pair(7, Offset{5}))));
}

TEST_F(SeenEndsTest, AreNotBelievedWhereNotAllIsSaid) {
  EXPECT_THAT(See(), Optional(ElementsAre(Pair(7, Offset{5}))));
  // It goes on behind.
  lost_.next = Offset{7};
  EXPECT_EQ(See(), std::nullopt);
  // In a topic that may have gaps it need not.
  EXPECT_THAT(See(true), Optional(ElementsAre(Pair(7, Offset{5}))));
  // The last one reaches into what is not lost.
  lost_.next = Offset{5};
  EXPECT_EQ(See(), std::nullopt);
  EXPECT_EQ(See(true), std::nullopt);
  lost_.next = Offset{6};
  Marker()[layout::kMagic] = 9;
  EXPECT_EQ(See(), std::nullopt);
}

TEST_F(SeenEndsTest, AreNoneWhereThereAreOnlyRecords) {
  bytes_.resize(marker_);
  lost_.next = Offset{5};
  EXPECT_THAT(See(), Optional(IsEmpty()));
}

}  // namespace
}  // namespace cauce
