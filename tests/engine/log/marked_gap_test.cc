#include "engine/log/marked_gap.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/record_batch.h"
#include "engine/log/end_marker.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

EndedTransaction Ended(int64_t producer, int64_t marker) {
  return {.producer_id = {producer},
          .producer_epoch = 3,
          .coordinator_epoch = 4,
          .marker = {marker}};
}

TEST(MarkedGap, HasMarkersWhereTheyBelongAndNothingBetween) {
  const std::vector<EndedTransaction> ended = {Ended(1, 7), Ended(2, 8),
                                               Ended(3, 11)};
  const std::string bytes =
      MarkedGap({Offset{5}, Offset{15}}, ended,
                {.epoch = LeaderEpoch{6}, .time = Timestamp{1000}});

  std::string_view rest = bytes;
  std::vector<int64_t> markers;
  Offset next{5};
  while (!rest.empty()) {
    const auto batch = RecordBatch::Parse(rest);
    ASSERT_THAT(batch, test::IsOk());
    EXPECT_EQ(batch->base_offset(), next);
    EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{6});
    EXPECT_EQ(batch->max_timestamp(), Timestamp{1000});
    const auto marker = ParseEndMarker(*batch);
    EXPECT_EQ(batch->record_count(), marker ? 1 : 0);
    if (marker) {
      markers.push_back(marker->end.producer_id.value);
      EXPECT_EQ(marker->end.producer_epoch, 3);
      EXPECT_EQ(marker->end.coordinator_epoch, 4);
      EXPECT_EQ(marker->end.outcome, TransactionOutcome::kAbort);
      EXPECT_EQ(marker->offset, ended[markers.size() - 1].marker);
    }
    next = batch->next_offset();
    rest.remove_prefix(batch->bytes().size());
  }
  EXPECT_EQ(next, Offset{15});
  EXPECT_EQ(markers, (std::vector<int64_t>{1, 2, 3}));
}

TEST(MarkedGap, IsOneBatchWithoutRecordsWhereNothingEnded) {
  const GapStamp stamp{.epoch = LeaderEpoch{1}};
  EXPECT_EQ(MarkedGap({Offset{5}, Offset{15}}, {}, stamp),
            GapBatch(Offset{5}, Offset{15}, stamp));
}

}  // namespace
}  // namespace cauce
