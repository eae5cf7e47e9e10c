#include "engine/capi/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

class CapiPartition : public CapiRig {
 protected:
  CapiPartition() {
    MakeTopic("orders");
    partition_ = OpenPartition("orders");
  }
  ~CapiPartition() override {
    EXPECT_EQ(cauce_partition_free(partition_), CAUCE_OK);
  }

  cauce_partition_t* partition_ = nullptr;
};

TEST_F(CapiPartition, AppendsAllAsOneBatch) {
  const cauce_record_t records[] = {RecordOf(nullptr, "a"),
                                    RecordOf(nullptr, "b")};
  cauce_delivery_t delivery = CAUCE_DELIVERY_INIT;
  ASSERT_EQ(cauce_partition_append(partition_, records, 2, CAUCE_ACK_WRITTEN,
                                   &delivery, err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_EQ(delivery.offset, 0);
  EXPECT_EQ(delivery.next_offset, 2);
  ASSERT_EQ(cauce_partition_flush(partition_, err()), CAUCE_OK);

  cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
  ASSERT_EQ(cauce_partition_info(partition_, &info, err()), CAUCE_OK);
  EXPECT_EQ(info.log_start, 0);
  EXPECT_EQ(info.log_end, 2);
  EXPECT_EQ(info.durable_end, 2);
  EXPECT_EQ(info.high_watermark, 2);
  EXPECT_GT(info.bytes, 61);
  EXPECT_EQ(info.lost_front_base, info.lost_front_next);
  int64_t stable = -1;
  ASSERT_EQ(cauce_partition_last_stable_offset(partition_, &stable, err()),
            CAUCE_OK);
  EXPECT_EQ(stable, 2);
}

TEST_F(CapiPartition, OfWrongValuesIsMisuse) {
  cauce_record_t record = RecordOf(nullptr, "a");
  EXPECT_EQ(cauce_partition_append(partition_, &record, 1, 2, nullptr, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_partition_append(partition_, &record, 0, CAUCE_ACK_DURABLE,
                                   nullptr, err()),
            CAUCE_MISUSE);
  record.struct_size = 4;
  EXPECT_EQ(cauce_partition_append(partition_, &record, 1, CAUCE_ACK_DURABLE,
                                   nullptr, err()),
            CAUCE_MISUSE);
  record = RecordOf(nullptr, "a");
  record.key = "k";
  record.key_size = SIZE_MAX;
  EXPECT_EQ(cauce_partition_append(partition_, &record, 1, CAUCE_ACK_DURABLE,
                                   nullptr, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(
      cauce_partition_append_async(partition_, &record, 1, CAUCE_ACK_DURABLE,
                                   nullptr, nullptr, err()),
      CAUCE_MISUSE);
  cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
  info.struct_size = 1 << 20;
  EXPECT_EQ(cauce_partition_info(partition_, &info, err()), CAUCE_MISUSE);
  int64_t offset = 0;
  EXPECT_EQ(cauce_partition_find_by_time(partition_, 0, 9, &offset, nullptr,
                                         err()),
            CAUCE_MISUSE);
  int32_t more = 0;
  EXPECT_EQ(cauce_partition_wait_for(partition_, 0, 0, 9, &more, err()),
            CAUCE_MISUSE);
  cauce_partition_t* none = nullptr;
  EXPECT_EQ(cauce_partition_open(client_, "orders", 7, &none, err()),
            CAUCE_UNKNOWN_PARTITION);
}

TEST_F(CapiPartition, TellsOfAppendsThatNobodyWaitsFor) {
  struct Seen {
    cauce_partition_t* partition;
    std::vector<int64_t> offsets;
    cauce_reason_t waiting = CAUCE_OK;
    cauce_reason_t sending = CAUCE_MISUSE;
  } seen{.partition = partition_, .offsets = {}};
  const auto told = [](void* user, const cauce_delivery_t* delivery,
                       const cauce_error_t* error) {
    auto* const to = static_cast<Seen*>(user);
    EXPECT_EQ(cauce_error_reason(error), CAUCE_OK);
    to->offsets.push_back(delivery->offset);
    to->waiting = cauce_partition_flush(to->partition, nullptr);
    const cauce_record_t record = RecordOf(nullptr, "b");
    to->sending =
        cauce_partition_append_async(to->partition, &record, 1,
                                     CAUCE_ACK_WRITTEN, nullptr, nullptr,
                                     nullptr);
  };
  cauce_record_t record = RecordOf(nullptr, "a");
  ASSERT_EQ(cauce_partition_append_async(partition_, &record, 1,
                                         CAUCE_ACK_DURABLE, told, &seen, err()),
            CAUCE_OK)
      << told_.message();
  ASSERT_EQ(cauce_partition_flush(partition_, err()), CAUCE_OK);

  EXPECT_THAT(seen.offsets, ElementsAre(0));
  EXPECT_EQ(seen.waiting, CAUCE_MISUSE) << "a callback does not wait";
  EXPECT_EQ(seen.sending, CAUCE_OK);
  record.timestamp = -5;
  EXPECT_EQ(cauce_partition_append_async(partition_, &record, 1,
                                         CAUCE_ACK_DURABLE, told, &seen, err()),
            CAUCE_INVALID_TIMESTAMP);
  EXPECT_THAT(seen.offsets, ElementsAre(0));
}

TEST_F(CapiPartition, FindsByTimeAndWaits) {
  cauce_record_t record = RecordOf(nullptr, "a");
  record.timestamp = 1000;
  ASSERT_EQ(cauce_partition_append(partition_, &record, 1, CAUCE_ACK_DURABLE,
                                   nullptr, err()),
            CAUCE_OK);
  int64_t offset = -7;
  int64_t time = -7;
  ASSERT_EQ(cauce_partition_find_by_time(partition_, 999, CAUCE_STOP_AT_DAMAGE,
                                         &offset, &time, err()),
            CAUCE_OK);
  EXPECT_EQ(offset, 0);
  EXPECT_EQ(time, 1000);
  ASSERT_EQ(cauce_partition_find_by_time(partition_, 1001, CAUCE_SKIP_DAMAGE,
                                         &offset, &time, err()),
            CAUCE_OK);
  EXPECT_EQ(offset, -1);
  EXPECT_EQ(time, CAUCE_NO_TIMESTAMP);
  int32_t more = 0;
  ASSERT_EQ(cauce_partition_wait_for(partition_, 0, CAUCE_FOREVER,
                                     CAUCE_READ_COMMITTED, &more, err()),
            CAUCE_OK);
  EXPECT_EQ(more, 1);
  ASSERT_EQ(cauce_partition_wait_for(partition_, 1, 0, CAUCE_READ_UNCOMMITTED,
                                     &more, err()),
            CAUCE_OK);
  EXPECT_EQ(more, 0);
}

TEST_F(CapiPartition, IsWatchedUntilTheWatchIsFreed) {
  struct Seen {
    cauce_partition_t* partition;
    int moves = 0;
    cauce_reason_t inside = CAUCE_OK;
  } seen{.partition = partition_};
  const auto moved = [](void* user) {
    auto* const to = static_cast<Seen*>(user);
    ++to->moves;
    cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
    to->inside = cauce_partition_info(to->partition, &info, nullptr);
  };
  cauce_watch_t* watch = nullptr;
  ASSERT_EQ(cauce_partition_watch(partition_, CAUCE_READ_UNCOMMITTED, moved,
                                  &seen, &watch, err()),
            CAUCE_OK);
  Append(partition_, {"a"});
  EXPECT_GT(seen.moves, 0);
  EXPECT_EQ(seen.inside, CAUCE_MISUSE);

  EXPECT_EQ(cauce_watch_free(watch), CAUCE_OK);
  const int moves = seen.moves;
  Append(partition_, {"b"});
  EXPECT_EQ(seen.moves, moves);
  EXPECT_EQ(cauce_partition_watch(partition_, 0, nullptr, nullptr, &watch,
                                  err()),
            CAUCE_MISUSE);
}

TEST_F(CapiPartition, IsCutAtBothEnds) {
  Append(partition_, {"a", "b", "c", "d"});
  int64_t end = -1;
  ASSERT_EQ(cauce_partition_truncate(partition_, 3, &end, err()), CAUCE_OK);
  EXPECT_EQ(end, 3);
  ASSERT_EQ(cauce_partition_delete_before(partition_, 1, err()), CAUCE_OK);
  cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
  ASSERT_EQ(cauce_partition_info(partition_, &info, err()), CAUCE_OK);
  EXPECT_EQ(info.log_start, 1);
  EXPECT_EQ(info.log_end, 3);
  EXPECT_EQ(cauce_partition_truncate(partition_, 99, nullptr, err()),
            CAUCE_OFFSET_OUT_OF_RANGE);
}

TEST_F(CapiPartition, IsCompactedWhereItsTopicSaysSo) {
  EXPECT_EQ(cauce_partition_compact(partition_, err()), CAUCE_INVALID_CONFIG);
  const cauce_config_t compact = {"cleanup.policy", "compact"};
  ASSERT_EQ(cauce_topic_alter(client_, "orders", &compact, 1, err()), CAUCE_OK);
  EXPECT_EQ(cauce_partition_compact(partition_, err()), CAUCE_OK)
      << told_.message();
}

}  // namespace
}  // namespace cauce::test
