#include "engine/log/seek_plan.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/record_batch.h"
#include "engine/log/segment_index.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr Offset kBase{7000};
constexpr int64_t kInterval = 4000;

struct Placed {
  int64_t position = 0;
  Offset base;
  Offset last;
};

// Batches of one to three records back to back, and an index of them.
struct Batches {
  std::string bytes;
  std::vector<Placed> places;
  SegmentIndex index{kBase, kInterval};

  // `count` of them, of `value_bytes` each where `random` is null.
  Batches(int count, size_t value_bytes, std::mt19937* random = nullptr) {
    Offset at = kBase;
    for (int i = 0; i < count; ++i) {
      const std::string value(
          random == nullptr ? value_bytes : (*random)() % value_bytes, 'v');
      std::vector<Record> records(static_cast<size_t>(i % 3) + 1,
                                  Record{.value = value});
      const test::OwnedBatch batch = test::BatchOf(records).At(at);
      const auto position = static_cast<int64_t>(bytes.size());
      index.Add(BatchFacts::Of(batch.view(), position));
      places.push_back({position, at, batch.view().last_offset()});
      bytes += batch.bytes();
      at = batch.view().next_offset();
    }
  }

  SeekRange range() const {
    return {kBase, static_cast<int64_t>(bytes.size()), kInterval};
  }
  SeekPlan PlanFor(Offset wanted) const {
    return PlanSeek(index.offsets(), range(), wanted);
  }
  // Where the plan's walk leads in `written`, were that the segment.
  std::optional<HeaderPlace> Walk(const std::string& written,
                                  const SeekPlan& plan, Offset wanted) const {
    const int64_t from = plan.below ? plan.below->position : 0;
    const auto piece = std::string_view(written).substr(
        static_cast<size_t>(from), static_cast<size_t>(plan.walk_end - from));
    return FindByHeaders(piece, range(), plan.below, wanted);
  }
};

TEST(SeekPlan, AWalkOverHeadersNeverLeadsToAnotherBatch) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  int found = 0;
  for (int round = 0; round < 50; ++round) {
    const Batches batches(100, 1 + random() % 9000, &random);
    for (const Placed& wanted : batches.places) {
      const SeekPlan plan = batches.PlanFor(wanted.base);
      if (plan.below && plan.below->offset == wanted.base) continue;
      const auto place = batches.Walk(batches.bytes, plan, wanted.base);
      if (!place) continue;
      ++found;
      ASSERT_EQ(place->position, wanted.position);
      ASSERT_EQ(place->expected, wanted.base);
    }
  }
  EXPECT_GT(found, 1000);
}

TEST(SeekPlan, AWalkOverHeadersStopsAtDamageOrGoesToTheRightBatch) {
  const Batches batches(100, 20);
  // Behind the first entry, and not the batch of the second.
  const Placed& wanted = batches.places[45];
  const SeekPlan plan = batches.PlanFor(wanted.base);
  ASSERT_TRUE(plan.below);
  ASSERT_TRUE(batches.Walk(batches.bytes, plan, wanted.base));

  // Every bit of what a walk goes by, of each header on the way.
  constexpr std::pair<int, int> kFields[] = {{layout::kBaseOffset, 12},
                                             {layout::kMagic, 1},
                                             {layout::kLastOffsetDelta, 4}};
  for (const Placed& placed : batches.places) {
    if (placed.position < plan.below->position) continue;
    if (placed.position > wanted.position) break;
    for (const auto& [field, bytes] : kFields) {
      for (int bit = 0; bit < 8 * bytes; ++bit) {
        std::string damaged = batches.bytes;
        damaged[static_cast<size_t>(placed.position + field + bit / 8)] ^=
            static_cast<char>(1 << (bit % 8));
        const auto place = batches.Walk(damaged, plan, wanted.base);
        if (!place || place->position == wanted.position) continue;
        // The damaged one itself: its CRC tells, or that the one behind it
        // begins where it does not end.
        ASSERT_EQ(place->position, placed.position) << field << ' ' << bit;
        ASSERT_LE(place->expected, placed.base);
      }
    }
  }
}

TEST(SeekPlan, TriesTheBatchOfAnEntryItselfWhereEachHasOne) {
  const Batches batches(30, 3 * kInterval);
  for (size_t i = 1; i < batches.places.size(); ++i) {
    for (const Offset wanted : {batches.places[i].base,
                                batches.places[i].last}) {
      const SeekPlan plan = batches.PlanFor(wanted);
      ASSERT_TRUE(plan.claimed);
      EXPECT_EQ(plan.claimed->position, batches.places[i].position);
      const int64_t end = i + 1 < batches.places.size()
                              ? batches.places[i + 1].position
                              : batches.range().bytes;
      EXPECT_EQ(plan.claimed_end, end);
    }
  }
}

TEST(SeekPlan, ReadsNoMoreThanLiesBetweenTwoEntriesWhereBatchesAreSmall) {
  const Batches batches(300, 1);
  for (const Placed& placed : batches.places) {
    const SeekPlan plan = batches.PlanFor(placed.base);
    const int64_t from = plan.below ? plan.below->position : 0;
    EXPECT_LE(plan.walk_end - from, kInterval + 90);
    EXPECT_LE(plan.claimed_end - from, kInterval + 90);
  }
}

TEST(SeekPlan, DoesNotGuessFarAhead) {
  const Batches batches(3, 2 * kSeekBytesMax);
  for (const Placed& placed : batches.places) {
    const SeekPlan plan = batches.PlanFor(placed.base);
    const int64_t from = plan.below ? plan.below->position : 0;
    EXPECT_LE(plan.walk_end - from, kSeekBytesMax);
  }
}

}  // namespace
}  // namespace cauce
