// That a second free is answered: the best effort, since it looks at memory
// that was given back, of which sanitizers tell.
#include <gtest/gtest.h>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using CapiFreed = CapiRig;

TEST_F(CapiFreed, ASecondFreeIsAnswered) {
  MakeTopic("orders");
  cauce_producer_t* const producer = OpenProducer();
  cauce_consumer_t* const consumer = OpenConsumer();
  cauce_partition_t* const partition = OpenPartition("orders");
  cauce_topics_t* topics = nullptr;
  ASSERT_EQ(cauce_topics_list(client_, &topics, err()), CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_MISUSE);
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_MISUSE);
  EXPECT_EQ(cauce_partition_flush(partition, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::test
