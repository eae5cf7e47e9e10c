// Appends to a topic as many clients at once do: producers that are idempotent
// and producers in transactions, some of which are aborted, taking turns as a
// seed says. For one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>

#include "cauce/append.h"
#include "cauce/codec.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/written_topic.h"

namespace cauce::test {

class MixedProducers {
 public:
  // `records` makes what a batch is to hold.
  MixedProducers(WrittenTopic& topic, RecordMaker& choose,
                 std::function<Records()> records)
      : topic_(topic), choose_(choose), records_(std::move(records)) {
    for (size_t i = 0; i < producers_.size(); ++i) {
      producers_[i].id = 1000 + static_cast<int64_t>(i);
      producers_[i].is_transactional = i >= 2;
    }
    // Its sequences begin anew within a few batches.
    producers_[0].sequence = INT32_MAX - 40;
  }

  void Take(int turns, LeaderEpoch leader = {0}) {
    for (; turns > 0; --turns) TakeTurn(leader);
  }

  // Ends what is open, but the transactions of the last `but` producers, which
  // are open from here on.
  void EndAllBut(size_t but, LeaderEpoch leader = {0}) {
    for (size_t i = 0; i < producers_.size(); ++i) {
      Producer& producer = producers_[i];
      const bool stays = i + but >= producers_.size();
      if (producer.is_open && !stays) End(producer, leader);
      if (!producer.is_open && stays) Send(producer, leader);
    }
  }

 private:
  struct Producer {
    int64_t id = -1;
    int16_t epoch = 0;
    int32_t sequence = 0;
    bool is_transactional = false;
    bool is_open = false;
  };

  void TakeTurn(LeaderEpoch leader) {
    const int turn = choose_.Below(static_cast<int>(producers_.size()) + 1);
    if (turn == static_cast<int>(producers_.size())) {
      topic_.Append(records_(), {.codec = Chosen()}, {.leader_epoch = leader});
      return;
    }
    Producer& producer = producers_[turn];
    if (producer.is_open && choose_.Below(4) == 0) {
      End(producer, leader);
    } else {
      Send(producer, leader);
    }
  }

  void Send(Producer& producer, LeaderEpoch leader) {
    const Records records = records_();
    producer.is_open = producer.is_transactional;
    topic_.Append(records,
                  {.codec = Chosen(),
                   .transactional = producer.is_transactional,
                   .producer_id = {producer.id},
                   .producer_epoch = producer.epoch,
                   .base_sequence = producer.sequence},
                  {.leader_epoch = leader});
    producer.sequence = static_cast<int32_t>(
        (producer.sequence + std::ssize(records)) & INT32_MAX);
  }

  // At times its coordinator is another one by now, or it fences the producer,
  // which goes on in the new epoch.
  void End(Producer& producer, LeaderEpoch leader) {
    if (choose_.Below(5) == 0) ++coordinator_epoch_;
    if (choose_.Below(5) == 0) {
      ++producer.epoch;
      producer.sequence = 0;
    }
    topic_.End({.producer_id = {producer.id},
                .producer_epoch = producer.epoch,
                .coordinator_epoch = coordinator_epoch_,
                .outcome = choose_.Below(2) == 0
                               ? TransactionOutcome::kAbort
                               : TransactionOutcome::kCommit},
               {.leader_epoch = leader});
    producer.is_open = false;
  }

  Codec Chosen() { return static_cast<Codec>(choose_.Below(kCodecs)); }

  WrittenTopic& topic_;
  RecordMaker& choose_;
  const std::function<Records()> records_;
  std::array<Producer, 6> producers_;
  int32_t coordinator_epoch_ = 0;
};

}  // namespace cauce::test
