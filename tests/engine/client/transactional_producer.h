// The producer of the transactional id "x", as far as a test about others needs
// it. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cauce/client.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline std::unique_ptr<Producer> Transactional(Client& client) {
  ProducerOptions options;
  options.transactional_id = "x";
  auto producer = client.NewProducer(options);
  EXPECT_THAT(producer, IsOk());
  EXPECT_THAT((*producer)->InitTransactions(), IsOk());
  return *std::move(producer);
}

inline std::unique_ptr<Producer> InTransaction(Client& client) {
  auto producer = Transactional(client);
  EXPECT_THAT(producer->BeginTransaction(), IsOk());
  return producer;
}

// In a transaction by which `group`, of whom it is no member, is to be at 1.
inline std::unique_ptr<Producer> WithOffset(Client& client,
                                            const TopicPartition& partition,
                                            const std::string& group) {
  auto producer = InTransaction(client);
  ConsumerGroupMetadata metadata;
  metadata.group = group;
  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{partition, {.offset = {1}, .metadata = ""}}}, metadata),
              IsOk());
  return producer;
}

}  // namespace cauce::test
