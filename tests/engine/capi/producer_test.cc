#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

class CapiProducer : public CapiRig {
 protected:
  CapiProducer() { MakeTopic("orders", 3); }
};

TEST_F(CapiProducer, TellsWhereEachRecordLies) {
  cauce_producer_t* const producer = OpenProducer();
  std::vector<int64_t> offsets;
  const auto told = [](void* user, const cauce_delivery_t* delivery,
                       const cauce_error_t* error) {
    EXPECT_EQ(error, nullptr);
    EXPECT_EQ(delivery->partition, 1);
    EXPECT_EQ(delivery->next_offset, delivery->offset + 1);
    static_cast<std::vector<int64_t>*>(user)->push_back(delivery->offset);
  };
  const cauce_record_t record = RecordOf("orders", "a", 1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(cauce_producer_send(producer, &record, told, &offsets, err()),
              CAUCE_OK)
        << told_.message();
  }
  ASSERT_EQ(cauce_producer_send(producer, &record, nullptr, nullptr, err()),
            CAUCE_OK);
  ASSERT_EQ(cauce_producer_flush(producer, CAUCE_FOREVER, err()), CAUCE_OK);
  EXPECT_THAT(offsets, ElementsAre(0, 1, 2));

  cauce_delivery_t delivery = CAUCE_DELIVERY_INIT;
  ASSERT_EQ(cauce_producer_send_and_wait(producer, &record, &delivery, err()),
            CAUCE_OK);
  EXPECT_EQ(delivery.offset, 4);
  EXPECT_EQ(cauce_producer_close(producer, CAUCE_FOREVER, err()), CAUCE_OK);
  EXPECT_EQ(cauce_producer_send(producer, &record, nullptr, nullptr, err()),
            CAUCE_CLOSED);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiProducer, ChoosesThePartitionOfAKeyAsEverybodyDoes) {
  cauce_producer_t* const producer = OpenProducer();
  cauce_record_t record = RecordOf("orders", "v", CAUCE_ANY_PARTITION);
  record.key = "alice";
  record.key_size = 5;
  cauce_delivery_t delivery = CAUCE_DELIVERY_INIT;
  ASSERT_EQ(cauce_producer_send_and_wait(producer, &record, &delivery, err()),
            CAUCE_OK);
  int32_t partitions = 0;
  ASSERT_EQ(cauce_producer_partitions(producer, "orders", &partitions, err()),
            CAUCE_OK);
  EXPECT_EQ(partitions, 3);
  EXPECT_EQ(delivery.partition,
            cauce_partition_for_key("alice", 5, partitions));
  EXPECT_EQ(cauce_partition_for_key(nullptr, 0, 3), -1);
  EXPECT_EQ(cauce_partition_for_key("alice", 5, 0), -1);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiProducer, OfWhatCannotBeIsAnError) {
  cauce_producer_t* const producer = OpenProducer();
  const cauce_record_t unknown = RecordOf("others", "a");
  EXPECT_EQ(cauce_producer_send(producer, &unknown, nullptr, nullptr, err()),
            CAUCE_UNKNOWN_TOPIC);
  const cauce_record_t partition = RecordOf("orders", "a", 17);
  EXPECT_EQ(cauce_producer_send(producer, &partition, nullptr, nullptr, err()),
            CAUCE_UNKNOWN_PARTITION);
  const cauce_record_t negative = RecordOf("orders", "a", -17);
  EXPECT_EQ(cauce_producer_send(producer, &negative, nullptr, nullptr, err()),
            CAUCE_UNKNOWN_PARTITION);
  const cauce_record_t nowhere = RecordOf(nullptr, "a");
  EXPECT_EQ(cauce_producer_send(producer, &nowhere, nullptr, nullptr, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_producer_send(producer, nullptr, nullptr, nullptr, err()),
            CAUCE_MISUSE);
  cauce_record_t endless = RecordOf("orders", "a");
  endless.key = "k";
  endless.key_size = SIZE_MAX;
  EXPECT_EQ(cauce_producer_send(producer, &endless, nullptr, nullptr, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_partition_for_key("k", SIZE_MAX, 3), -1);
  EXPECT_EQ(cauce_producer_flush(producer, -9, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_producer_begin(producer, err()), CAUCE_INVALID_TXN_STATE);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiProducer, ItsCallbackMaySendAndNeitherWaitNorFree) {
  struct Seen {
    cauce_producer_t* producer;
    std::vector<cauce_reason_t> reasons;
    int left = 1;
  } seen{.producer = OpenProducer(), .reasons = {}};
  const auto told = [](void* user, const cauce_delivery_t*,
                       const cauce_error_t*) {
    auto* const to = static_cast<Seen*>(user);
    if (to->left-- == 0) return;
    const cauce_record_t more = RecordOf("orders", "b", 1);
    to->reasons = {
        cauce_producer_send(to->producer, &more, nullptr, nullptr, nullptr),
        cauce_producer_flush(to->producer, CAUCE_FOREVER, nullptr),
        cauce_producer_close(to->producer, 0, nullptr),
        cauce_producer_free(to->producer)};
  };
  const cauce_record_t record = RecordOf("orders", "a", 1);
  ASSERT_EQ(cauce_producer_send(seen.producer, &record, told, &seen, err()),
            CAUCE_OK);
  ASSERT_EQ(cauce_producer_flush(seen.producer, CAUCE_FOREVER, err()),
            CAUCE_OK);

  EXPECT_THAT(seen.reasons, ElementsAre(CAUCE_OK, CAUCE_MISUSE, CAUCE_MISUSE,
                                        CAUCE_MISUSE));
  EXPECT_EQ(cauce_producer_free(seen.producer), CAUCE_OK);
}

TEST_F(CapiProducer, ClosedClientsTellTheCallbacks) {
  cauce_producer_t* const producer = OpenProducer();
  cauce_reason_t reason = CAUCE_OK;
  const auto told = [](void* user, const cauce_delivery_t*,
                       const cauce_error_t* error) {
    *static_cast<cauce_reason_t*>(user) = cauce_error_reason(error);
  };
  ASSERT_EQ(cauce_client_close(client_, err()), CAUCE_OK);
  const cauce_record_t record = RecordOf("orders", "a", 1);
  const cauce_reason_t sent =
      cauce_producer_send(producer, &record, told, &reason, err());
  EXPECT_TRUE(sent == CAUCE_CLOSED || reason == CAUCE_CLOSED)
      << sent << ' ' << reason;
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
