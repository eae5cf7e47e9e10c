#include "engine/log/segment_intruders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kRubbish = "abc";

// Segments at 0 and 10, of five batches of two records each, as a writer leaves
// them that never closed: without indexes.
class IntrudersOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  IntrudersOn() {
    for (const int64_t base : {0, 10}) disk_.Write(Log(base), Segment(base));
  }

  static std::string Log(int64_t base) {
    return SegmentFileName(Offset{base}, kLogSuffix);
  }
  static std::string Segment(int64_t base) {
    std::string bytes;
    for (int64_t at = base; at < base + 10; at += 2) {
      bytes += test::Batch({"a", "b"}).At(Offset{at}).bytes();
    }
    return bytes;
  }

  // With an entry for each batch but the first.
  void WriteIndexesOfFirst() {
    SegmentIndex index(Offset{0}, 1);
    int64_t position = 0;
    for (int64_t at = 0; at < 10; at += 2) {
      const auto batch = test::Batch({"a", "b"}).At(Offset{at});
      index.Add(BatchFacts::Of(batch.view(), position));
      position += static_cast<int64_t>(batch.bytes().size());
    }
    index.Seal();
    disk_.Write(SegmentFileName(Offset{0}, kOffsetIndexSuffix),
                index.EncodeOffsets());
    disk_.Write(SegmentFileName(Offset{0}, kTimeIndexSuffix),
                index.EncodeTimes());
  }

  SegmentListing List(ListingHints hints = {}) {
    const auto listing = ListSegments(disk_.Place(), hints);
    EXPECT_THAT(listing, test::IsOk());
    return listing.ok() ? *listing : SegmentListing();
  }

  test::TestDisk disk_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Disks, IntrudersOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(IntrudersOn, AFileOfForeignBytesAmongASegmentsOffsetsIsOne) {
  for (const int64_t base : {1, 4, 19}) {
    disk_.Write(Log(base), kRubbish);
    const SegmentListing listing = List();
    EXPECT_THAT(listing.bases, ElementsAre(Offset{0}, Offset{10}));
    const Offset host{base < 10 ? 0 : 10};
    const Intruder intruder{Offset{base}, host, host + 10};
    EXPECT_THAT(listing.intruders, ElementsAre(intruder));
    EXPECT_THAT(DescribeIntruder(disk_.Place(), intruder),
                HasSubstr(disk_ / Log(host.value)));
    disk_.Remove(Log(base));
  }
}

// Where a log rolls, the segment in front ends: whatever a stop has left of the
// next one, its name is not in the middle.
TEST_P(IntrudersOn, OneMayHoldAnythingAboveWhatWasDurableToo) {
  for (const std::string& bytes :
       {std::string(), std::string(4096, '\0'), std::string(4096, 'x'),
        Segment(0), Segment(4).substr(0, 10)}) {
    disk_.Write(Log(4), bytes);
    for (const int64_t durable : {0, 4, 10, 20}) {
      EXPECT_THAT(List({.durable = Offset{durable}}).intruders,
                  ElementsAre(Intruder{Offset{4}, Offset{0}, Offset{10}}));
    }
  }
}

TEST_P(IntrudersOn, ASegmentIsNoneWhateverIsWrongWithIt) {
  const ListingHints durable{.durable = Offset{20}};
  // The one in front ends where it begins.
  for (const std::string& bytes :
       {std::string(), std::string(kRubbish), Segment(0)}) {
    disk_.Write(Log(10), bytes);
    EXPECT_THAT(List(durable).bases, ElementsAre(Offset{0}, Offset{10}));
  }
  // One begins with its own batch, or with one that compaction let stand.
  disk_.Write(Log(10), Segment(10));
  disk_.Write(Log(4), Segment(4));
  disk_.Write(Log(5), Segment(6));
  EXPECT_THAT(List(durable).intruders, IsEmpty());
}

// A writer saves no such point: the batch is another than was durable there,
// and the log may have gone on at the name.
TEST_P(IntrudersOn, ABatchAcrossTheRecoveryPointTellsOfNone) {
  disk_.Write(Log(9), "");
  for (const int64_t durable : {8, 10}) {
    EXPECT_THAT(List({.durable = Offset{durable}}).intruders,
                ElementsAre(Intruder{Offset{9}, Offset{0}, Offset{10}}));
  }
  EXPECT_THAT(List({.durable = Offset{9}}).intruders, IsEmpty());

  // Those in front of it tell what they did.
  disk_.Write(Log(5), "");
  EXPECT_THAT(List({.durable = Offset{9}}).intruders,
              ElementsAre(Intruder{Offset{5}, Offset{0}, Offset{8}}));
}

// What was written behind it says no more of the name than the batch itself.
TEST_P(IntrudersOn, ABatchAcrossTheRecoveryPointTellsOfNoneWithOthersBehind) {
  disk_.Write(Log(3), "");
  for (const bool has_indexes : {false, true}) {
    SCOPED_TRACE(has_indexes);
    if (has_indexes) WriteIndexesOfFirst();
    EXPECT_THAT(List({.durable = Offset{3}}).intruders, IsEmpty());
    EXPECT_THAT(List({.durable = Offset{5}}).intruders,
                ElementsAre(Intruder{Offset{3}, Offset{0}, Offset{4}}));
    for (const int64_t durable : {0, 2, 4, 6, 10}) {
      EXPECT_THAT(List({.durable = Offset{durable}}).intruders,
                  ElementsAre(Intruder{Offset{3}, Offset{0}, Offset{10}}));
    }
  }
}

TEST_P(IntrudersOn, TheFirstFileIsNoneSinceNothingIsInFrontOfIt) {
  disk_.Write(Log(0), kRubbish);
  EXPECT_THAT(List({.durable = Offset{20}}).bases,
              ElementsAre(Offset{0}, Offset{10}));
}

TEST_P(IntrudersOn, WhatIsKnownAndWhatHasAnIndexIsNotLookedAt) {
  disk_.Write(Log(4), kRubbish);
  const std::vector<Intruder> known = List().intruders;
  const auto opened = [this] {
    return disk_.files().Count(test::FileCall::kOpen, ".log");
  };
  const int64_t before = opened();
  EXPECT_EQ(List({.seen = Offset{10}, .intruders = known}).intruders, known);
  disk_.Write(SegmentFileName(Offset{10}, kOffsetIndexSuffix), "");
  EXPECT_EQ(List({.intruders = known}).intruders, known);
  EXPECT_EQ(opened(), before);

  // One that was moved away is forgotten.
  disk_.Remove(Log(4));
  EXPECT_THAT(List({.seen = Offset{10}, .intruders = known}).intruders,
              IsEmpty());
}

TEST_P(IntrudersOn, TheSegmentAroundManyIsReadOnce) {
  for (int64_t base = 1; base < 10; ++base) disk_.Write(Log(base), kRubbish);
  const auto opened = [this] {
    return disk_.files().Count(test::FileCall::kOpen, Log(0));
  };
  const int64_t before = opened();
  EXPECT_THAT(List().intruders, SizeIs(9));
  EXPECT_EQ(opened(), before + 1);
}

TEST_P(IntrudersOn, WhatCannotBeReadIsLeftToWhoReadsThere) {
  disk_.Write(Log(4), kRubbish);
  for (const char* const file : {"4.log", "00000.log"}) {
    disk_.files().Fail(test::FileCall::kRead, file,
                       absl::InternalError("unreadable"));
    const SegmentListing listing = List();
    EXPECT_THAT(listing.bases, ElementsAre(Offset{0}, Offset{4}, Offset{10}));
    ASSERT_THAT(listing.unread, SizeIs(1));
    EXPECT_EQ(listing.unread[0].base, Offset{4});
    disk_.files().Mend();
  }
}

}  // namespace
}  // namespace cauce
