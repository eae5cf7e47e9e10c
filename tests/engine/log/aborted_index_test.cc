#include "engine/log/aborted_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

AbortedTransaction Aborted(int64_t producer, int64_t first, int64_t last,
                           int64_t last_stable) {
  return {{producer}, {first}, {last}, {last_stable}};
}

// Three transactions: the second ran while the first was open, and a fourth,
// from offset 12 on, while the third was aborted.
AbortedIndex ThreeEntries() {
  AbortedIndex index;
  index.Add(Aborted(2, 3, 6, 1));
  index.Add(Aborted(1, 1, 9, 10));
  index.Add(Aborted(3, 14, 20, 12));
  return index;
}

std::vector<AbortedTransaction> Found(const AbortedIndex& index, int64_t from,
                                      int64_t up_to, bool complete) {
  std::vector<AbortedTransaction> found;
  EXPECT_EQ(index.Search(Offset{from}, Offset{up_to}, found), complete);
  return found;
}

TEST(AbortedIndex, IsWrittenAsKafkaWritesIt) {
  AbortedIndex index;
  index.Add(Aborted(7, 100, 104, 105));

  EXPECT_EQ(absl::BytesToHexString(index.Encode()),
            "0000"              // version
            "0000000000000007"  // producer
            "0000000000000064"  // first offset
            "0000000000000068"  // marker
            "0000000000000069"  // last stable offset
  );
}

TEST(AbortedIndex, ReadsWhatItWrote) {
  const AbortedIndex index = ThreeEntries();
  const auto read = AbortedIndex::Decode(Offset{4}, index.Encode());

  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->entries(), ElementsAreArray(index.entries()));
}

TEST(AbortedIndex, OfNoBytesIsEmpty) {
  const auto read = AbortedIndex::Decode(Offset{0}, "");
  ASSERT_THAT(read, IsOk());
  EXPECT_TRUE(read->empty());
}

TEST(AbortedIndex, FindsThoseThatHaveRecordsInARange) {
  const AbortedIndex index = ThreeEntries();

  EXPECT_THAT(Found(index, 4, 6, true),
              ElementsAre(Aborted(2, 3, 6, 1), Aborted(1, 1, 9, 10)));
  EXPECT_THAT(Found(index, 7, 8, true), ElementsAre(Aborted(1, 1, 9, 10)));
  // Up to the range's end, without it.
  EXPECT_THAT(Found(index, 0, 3, true), ElementsAre(Aborted(1, 1, 9, 10)));
  EXPECT_THAT(Found(index, 10, 14, false), IsEmpty());
}

TEST(AbortedIndex, TellsWhetherSegmentsBehindMayHoldMore) {
  const AbortedIndex index = ThreeEntries();

  // All from below 12 had ended when the last one was aborted.
  EXPECT_THAT(Found(index, 10, 12, true), IsEmpty());
  // The one from 12 on had not.
  EXPECT_THAT(Found(index, 10, 13, false), IsEmpty());
}

TEST(AbortedIndex, LosesTheMarkersBehindACut) {
  AbortedIndex index = ThreeEntries();
  index.CutAt(Offset{10});
  EXPECT_EQ(index.entries().size(), 2);
  index.CutAt(Offset{9});
  EXPECT_THAT(index.entries(), ElementsAre(Aborted(2, 3, 6, 1)));
}

TEST(AbortedIndex, RefusesWhatNoWriterLeaves) {
  const std::string good = ThreeEntries().Encode();
  const auto with = [&](size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return bytes;
  };
  const size_t second = AbortedIndex::kEntryBytes;
  const std::string spoiled[] = {
      good.substr(0, good.size() - 1),  // half an entry
      good.substr(second) + good,       // out of order
      with(0, '\x80'),                  // a negative version
      with(2, '\x80'),                  // a negative producer
      with(10, '\x80'),                 // a negative offset
      with(17, '\6'),                   // begins at its marker
      with(25, '\3'),                   // ends below the segment
      with(second + 33, '\x0b'),        // stable beyond its marker
  };
  for (const std::string& bytes : spoiled) {
    EXPECT_THAT(AbortedIndex::Decode(Offset{4}, bytes),
                HasReason(Reason::kCorruptFile))
        << absl::BytesToHexString(bytes);
  }
  EXPECT_THAT(AbortedIndex::Decode(Offset{4}, with(1, '\1')),
              HasReason(Reason::kUnsupportedFormat));
}

// As a power loss leaves what was not synced.
TEST(AbortedIndex, HasWhatStandsInFrontOfATornEntry) {
  const AbortedIndex whole = ThreeEntries();
  const std::string good = whole.Encode();
  const size_t one = AbortedIndex::kEntryBytes;
  const auto all = whole.entries();
  const auto front = [](std::string_view bytes) {
    const AbortedIndex index = AbortedIndex::DecodeFront(Offset{4}, bytes);
    return std::vector(index.entries().begin(), index.entries().end());
  };
  EXPECT_THAT(front(good), ElementsAreArray(all));
  EXPECT_THAT(front(good + good.substr(0, 17)), ElementsAreArray(all));
  EXPECT_THAT(front(good + std::string(one, '\0')), ElementsAreArray(all));
  EXPECT_THAT(front(good.substr(0, good.size() - 1)),
              ElementsAreArray(all.first(2)));
  std::string newer = good;
  newer[one + 1] = '\1';
  EXPECT_THAT(front(newer), ElementsAreArray(all.first(1)));
  EXPECT_THAT(front("rubbish"), IsEmpty());
}

}  // namespace
}  // namespace cauce
