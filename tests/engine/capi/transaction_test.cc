#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

class CapiTransaction : public CapiRig {
 protected:
  CapiTransaction() {
    MakeTopic("orders");
    MakeTopic("bills");
  }
  cauce_producer_t* OpenTransactional() {
    cauce_producer_t* const producer =
        OpenProducer({{"transactional.id", "biller"}});
    EXPECT_EQ(cauce_producer_init_transactions(producer, err()), CAUCE_OK)
        << told_.message();
    return producer;
  }
};

TEST_F(CapiTransaction, IsReadWholeOrNotAtAll) {
  cauce_producer_t* const producer = OpenTransactional();
  ASSERT_EQ(cauce_producer_begin(producer, err()), CAUCE_OK);
  Send(producer, "orders", {"a"});
  ASSERT_EQ(cauce_producer_abort(producer, err()), CAUCE_OK);
  ASSERT_EQ(cauce_producer_begin(producer, err()), CAUCE_OK);
  Send(producer, "orders", {"b"});
  ASSERT_EQ(cauce_producer_commit(producer, err()), CAUCE_OK)
      << told_.message();

  cauce_consumer_t* const consumer =
      OpenConsumer({{"auto.offset.reset", "earliest"},
                    {"isolation.level", "read_committed"}});
  const cauce_place_t orders = PlaceAt("orders", 0);
  ASSERT_EQ(cauce_consumer_assign(consumer, &orders, 1, err()), CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 1), ElementsAre("b"));
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiTransaction, TakesOffsetsWithIt) {
  cauce_producer_t* const producer = OpenTransactional();
  cauce_consumer_t* const consumer =
      OpenConsumer({{"group.id", "billing"}, {"enable.auto.commit", "false"}});
  cauce_group_metadata_t* member = nullptr;
  ASSERT_EQ(cauce_consumer_group_metadata(consumer, &member, err()), CAUCE_OK);
  ASSERT_EQ(cauce_producer_begin(producer, err()), CAUCE_OK);
  Send(producer, "bills", {"bill"});
  const cauce_place_t at = PlaceAt("orders", 0, 5);
  ASSERT_EQ(cauce_producer_send_offsets(producer, &at, 1, member, err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_EQ(cauce_producer_send_offsets(producer, &at, 1, nullptr, err()),
            CAUCE_MISUSE);
  ASSERT_EQ(cauce_producer_commit(producer, err()), CAUCE_OK);
  EXPECT_EQ(cauce_group_metadata_free(member), CAUCE_OK);

  cauce_places_t* committed = nullptr;
  ASSERT_EQ(cauce_consumer_committed(consumer, &at, 1, &committed, err()),
            CAUCE_OK);
  ASSERT_EQ(committed->count, 1u);
  EXPECT_EQ(committed->items[0]->offset, 5);
  EXPECT_EQ(cauce_places_free(committed), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiTransaction, IsListedAndDescribed) {
  cauce_producer_t* const producer = OpenTransactional();
  ASSERT_EQ(cauce_producer_begin(producer, err()), CAUCE_OK);
  Send(producer, "orders", {"a"});

  cauce_transactions_t* transactions = nullptr;
  ASSERT_EQ(cauce_transactions_list(client_, &transactions, err()), CAUCE_OK);
  ASSERT_EQ(transactions->count, 1u);
  const cauce_transaction_t& transaction = *transactions->items[0];
  EXPECT_STREQ(transaction.id, "biller");
  EXPECT_STREQ(transaction.state, "Ongoing");
  EXPECT_EQ(transaction.timeout_ms, 60'000);
  ASSERT_EQ(transaction.partition_count, 1u);
  EXPECT_STREQ(transaction.partitions[0]->topic, "orders");
  EXPECT_EQ(cauce_transactions_free(transactions), CAUCE_OK);

  ASSERT_EQ(cauce_producer_commit(producer, err()), CAUCE_OK);
  ASSERT_EQ(cauce_transaction_describe(client_, "biller", &transactions, err()),
            CAUCE_OK);
  EXPECT_EQ(transactions->count, 1u);
  EXPECT_EQ(cauce_transactions_free(transactions), CAUCE_OK);
  EXPECT_EQ(cauce_transaction_describe(client_, "nobody", &transactions, err()),
            CAUCE_OTHER);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiTransaction, ThatIsNoneDoesNotHang) {
  cauce_transactions_t* transactions = nullptr;
  ASSERT_EQ(cauce_transactions_find_hanging(client_, &transactions, err()),
            CAUCE_OK);
  EXPECT_EQ(transactions->count, 0u);
  EXPECT_EQ(cauce_transactions_free(transactions), CAUCE_OK);

  cauce_place_t place = PlaceAt("orders", 0);
  place.log_start = 0;
  const cauce_place_t* const partitions[] = {&place};
  cauce_transaction_t transaction{};
  transaction.partitions = partitions;
  transaction.partition_count = 1;
  transaction.producer_id = 7;
  EXPECT_EQ(cauce_transaction_abort_hanging(client_, &transaction, err()),
            CAUCE_INVALID_TXN_STATE)
      << told_.message();
  transaction.producer_epoch = 1 << 20;
  EXPECT_EQ(cauce_transaction_abort_hanging(client_, &transaction, err()),
            CAUCE_MISUSE);
  transaction.partition_count = 0;
  EXPECT_EQ(cauce_transaction_abort_hanging(client_, &transaction, err()),
            CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::test
