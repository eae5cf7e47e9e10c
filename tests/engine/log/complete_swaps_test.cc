#include "engine/log/complete_swaps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/log/segment_name.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Named {
  int64_t base = 0;
  std::string_view suffix;
};

std::vector<DirectoryEntry> Entries(std::initializer_list<Named> files) {
  std::vector<DirectoryEntry> entries;
  for (const Named& file : files) {
    const std::string name = SegmentFileName(Offset{file.base}, file.suffix);
    entries.push_back({.name = name});
  }
  return entries;
}

TEST(CompleteSwaps, AreThoseBelowAnyFileThatWasStillCleaned) {
  EXPECT_THAT(CompleteSwaps(Entries({{0, ".log"}, {60, ".log.swap"}})),
              ElementsAre(Offset{60}));
  // A cleaner was splitting the first segment.
  EXPECT_THAT(CompleteSwaps(Entries(
                  {{0, ".log"}, {0, ".log.cleaned"}, {60, ".log.swap"}})),
              IsEmpty());
  EXPECT_THAT(CompleteSwaps(Entries({{60, ".log.swap"},
                                     {9, ".log.swap"},
                                     {60, ".index.cleaned"},
                                     {12, ".index.swap"}})),
              ElementsAre(Offset{9}));
}

TEST(CompleteSwaps, AreNotDirectoriesNorWhatIsCalledOtherwise) {
  std::vector<DirectoryEntry> entries = Entries({{0, ".log.swap"}});
  entries[0].is_directory = true;
  entries.push_back({.name = "notes.log.swap"});
  EXPECT_THAT(CompleteSwaps(entries), IsEmpty());
}

TEST(FoundSwap, TakesAPlaceWhereItMayBeWhatItSays) {
  const std::vector<Offset> logs = {Offset{0}, Offset{5}};
  const FoundSwap whole{
      .base = Offset{0}, .next = Offset{5}, .is_whole = true};
  EXPECT_EQ(WhyNoSwap(whole, logs), "");
  EXPECT_EQ(WhyNoSwap(whole, {}), "");

  FoundSwap damaged = whole;
  damaged.is_whole = false;
  EXPECT_THAT(WhyNoSwap(damaged, logs), HasSubstr("damaged"));
  // It is all there is.
  EXPECT_EQ(WhyNoSwap(damaged, std::vector<Offset>{Offset{5}}), "");

  FoundSwap long_one = whole;
  long_one.next = Offset{6};
  EXPECT_THAT(WhyNoSwap(long_one, logs), HasSubstr("up to offset 6"));
}

SwapSource Retired(int64_t base, int64_t next, bool is_whole = true) {
  return {{base}, {next}, is_whole, true};
}
SwapSource There(int64_t base, int64_t next) {
  return {{base}, {next}, true, false};
}

TEST(SwapSources, AreTakenBackUpToWhatIsThere) {
  const std::vector<SwapSource> all = {Retired(0, 3), Retired(3, 5),
                                       There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, all),
              ElementsAre(Offset{0}, Offset{3}));
  // A power loss keeps names in any order.
  const std::vector<SwapSource> some = {There(0, 3), Retired(3, 5),
                                        There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, some), ElementsAre(Offset{3}));
}

TEST(SwapSources, AreCoveredByAllOfWhatWasMadeFromThem) {
  const FoundSwap swap{.base = Offset{0}, .next = Offset{5}, .is_whole = true};
  const std::vector<SwapSource> covered = {Retired(0, 3), There(3, 5),
                                           There(5, 9), Retired(7, 9)};
  EXPECT_TRUE(CoversSources(swap, covered));
  EXPECT_TRUE(CoversSources(swap, {}));
  const std::vector<SwapSource> longer = {There(0, 3), Retired(3, 6),
                                          There(6, 9)};
  EXPECT_FALSE(CoversSources(swap, longer));
  const std::vector<SwapSource> behind = {There(0, 5), Retired(5, 6),
                                          There(6, 9)};
  EXPECT_FALSE(CoversSources(swap, behind));
  const std::vector<SwapSource> there = {There(0, 6), There(6, 9)};
  EXPECT_FALSE(CoversSources(swap, there));
}

TEST(SwapSources, StayRetiredWhereOthersHaveTheirOffsetsByNow) {
  const std::vector<SwapSource> all = {Retired(0, 5), Retired(3, 5),
                                       Retired(5, 8), There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, all), ElementsAre(Offset{0}));
}

TEST(SwapSources, StayRetiredWhereTheFirstIsNoBetterThanTheSwap) {
  const std::vector<SwapSource> damaged = {Retired(0, 1, false), Retired(3, 5),
                                           There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, damaged), IsEmpty());
  const std::vector<SwapSource> gone = {Retired(3, 5), There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, gone), IsEmpty());
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, {}), IsEmpty());
  // Of others nothing is asked but that they are there.
  const std::vector<SwapSource> later = {Retired(0, 3), Retired(3, 4, false),
                                         There(6, 9)};
  EXPECT_THAT(SourcesToTakeBack(Offset{0}, later),
              ElementsAre(Offset{0}, Offset{3}));
}

}  // namespace
}  // namespace cauce
