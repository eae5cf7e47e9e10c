#include "engine/log/listed_aborts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/joined_ranges.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ProducerId kOne{1};
constexpr ProducerId kTwo{2};

AbortedTransaction Listed(ProducerId producer, int64_t first, int64_t last) {
  return {.producer_id = producer,
          .first = {first},
          .last = {last},
          .last_stable = {first}};
}

// Offsets 20 to 29 are lost, of the segment at 0, and 100 behind another.
ListedAborts Lists(size_t entries_max = ListedAborts::kEntriesMax) {
  return ListedAborts({.lost = JoinedRanges({{Offset{20}, Offset{30}},
                                             {Offset{100}, Offset{101}}}),
                       .segments = {Offset{0}},
                       .entries_max = entries_max});
}

std::vector<int64_t> MarkersOf(const ListedAborts& lists, ProducerId producer,
                               int64_t from) {
  std::vector<int64_t> markers;
  for (const AbortedTransaction& each : lists.Of(producer, Offset{from})) {
    markers.push_back(each.last.value);
  }
  return markers;
}

TEST(ListedAborts, AreThoseOfAProducerThatReachIntoWhatIsLost) {
  ListedAborts lists = Lists();
  lists.Add(Offset{60}, std::vector{Listed(kOne, 70, 80), Listed(kTwo, 1, 90),
                                    Listed(kOne, 95, 100)});
  lists.Add(Offset{0}, std::vector{Listed(kOne, 1, 9), Listed(kOne, 11, 20),
                                   Listed(kOne, 29, 40), Listed(kOne, 45, 50)});
  lists.Sort();
  EXPECT_THAT(MarkersOf(lists, kOne, 0), ElementsAre(20, 40, 100));
  EXPECT_THAT(MarkersOf(lists, kOne, 21), ElementsAre(40, 100));
  EXPECT_THAT(MarkersOf(lists, kTwo, 90), ElementsAre(90));
  EXPECT_THAT(MarkersOf(lists, kTwo, 91), IsEmpty());
  EXPECT_THAT(MarkersOf(lists, {3}, 0), IsEmpty());
  EXPECT_TRUE(lists.is_all());
}

TEST(ListedAborts, SayWhoBeganLastInASegmentThatHasLostSome) {
  ListedAborts lists = Lists();
  lists.Add(Offset{0}, std::vector{Listed(kOne, 1, 9), Listed(kOne, 45, 50)});
  lists.Add(Offset{60}, std::vector{Listed(kOne, 70, 80)});
  lists.Sort();
  EXPECT_EQ(lists.LastBegun(Offset{0}, kOne), Offset{45});
  EXPECT_EQ(lists.LastBegun(Offset{0}, kTwo), std::nullopt);
  EXPECT_EQ(lists.LastBegun(Offset{60}, kOne), std::nullopt);
}

TEST(ListedAborts, EndAtTheirBound) {
  ListedAborts lists = Lists(2);
  lists.Add(Offset{60}, std::vector{Listed(kOne, 1, 70), Listed(kOne, 71, 72),
                                    Listed(kTwo, 1, 80)});
  EXPECT_TRUE(lists.is_all());
  lists.Add(Offset{90}, std::vector{Listed(kOne, 73, 100)});
  lists.Sort();
  EXPECT_FALSE(lists.is_all());
  EXPECT_THAT(MarkersOf(lists, kOne, 0), ElementsAre(70));
}

}  // namespace
}  // namespace cauce
