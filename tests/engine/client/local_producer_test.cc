#include "engine/client/local_producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>



#include "cauce/errors.h"
#include "cauce/producer.h"
#include "tests/engine/client/producer_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;

using LocalProducerTest = test::ProducerRig;

TEST_F(LocalProducerTest, TellsAFutureToo) {
  Open();
  Produce();
  auto sent = producer_->SendWithFuture(
      {.topic = "orders", .partition = PartitionId{0}, .value = "a"});
  auto failed = producer_->SendWithFuture({.topic = "none", .value = "a"});

  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_EQ(sent.get()->offset, Offset{0});
  EXPECT_THAT(failed.get(), HasReason(Reason::kUnknownTopic));
}

TEST_F(LocalProducerTest, OutlivesItsClient) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});
  ASSERT_THAT(Send("a"), IsOk());
  client_.reset();
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0"));
}

TEST_F(LocalProducerTest, TellsOfAClosedClient) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(client_->Close(), IsOk());
  ASSERT_THAT(Send("b"), IsOk());
  EXPECT_THAT(producer_->Flush(), HasReason(Reason::kClosed));
  EXPECT_THAT(told_, ElementsAre("a@0", "b: CLOSED"));
}

TEST_F(LocalProducerTest, TakesNothingOnceItIsClosed) {
  Open();
  Produce();
  ASSERT_THAT(producer_->Close(), IsOk());
  ASSERT_THAT(producer_->Close(), IsOk());
  EXPECT_THAT(Send("a"), HasReason(Reason::kClosed));
}

}  // namespace
}  // namespace cauce
