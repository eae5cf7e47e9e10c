// The three ways to deliver records, as a program has each. It works on what is
// in "orders", and may die in the midst of it:
//
//   deliveries DIR at-most-once|at-least-once|exactly-once [DIES_BEHIND]
#include <unistd.h>

#include <iostream>
#include <span>
#include <string>

#include "cauce/client.h"

namespace {

using Records = std::span<const cauce::ConsumerRecord>;

// Prints what it works on, and ends the process behind so many records.
struct Work {
  int left = -1;
  void On(const cauce::ConsumerRecord& record) {
    std::cout << *record.value << std::endl;
    if (--left == 0) _exit(9);
  }
};

// Before the work it is said that it is done: what dies in it is lost.
absl::Status AtMostOnce(Records records, cauce::Consumer& consumer,
                        Work& work) {
  const absl::Status committed = consumer.Commit();
  if (!committed.ok()) return committed;
  for (const auto& record : records) work.On(record);
  return absl::OkStatus();
}

// Behind it: what dies before that is done again.
absl::Status AtLeastOnce(Records records, cauce::Consumer& consumer,
                         Work& work) {
  for (const auto& record : records) work.On(record);
  return consumer.Commit();
}

// With it: what the work writes counts together with how far it is, or not at
// all.
absl::Status ExactlyOnce(Records records, cauce::Consumer& consumer,
                         cauce::Producer& producer, Work& work) {
  absl::Status done = producer.BeginTransaction();
  cauce::OffsetsToCommit offsets;
  for (const auto& record : records) {
    done.Update(producer.Send({.topic = "copies", .value = *record.value}));
    offsets[*record.partition].offset = record.offset + 1;
    work.On(record);
  }
  done.Update(
      producer.SendOffsetsToTransaction(offsets, consumer.group_metadata()));
  if (done.ok()) done = producer.CommitTransaction();
  return done;  // a program that goes on calls AbortTransaction, and seeks back
}

// Ten records, made by who comes first.
absl::Status MakeOrders(cauce::Client& client, cauce::Admin& admin) {
  if (!admin.CreateTopic("orders").ok()) return absl::OkStatus();
  absl::Status made = admin.CreateTopic("copies").status();
  auto producer = client.NewProducer().value();
  for (int i = 0; i < 10; ++i) {
    const std::string value = std::to_string(i);
    made.Update(producer->Send({.topic = "orders", .value = value}));
  }
  made.Update(producer->Flush());
  return made;
}

// All that a reader of what is committed sees.
void PrintCopies(cauce::Client& client) {
  const cauce::TopicPartition copies{"copies", cauce::PartitionId{0}};
  auto consumer =
      client
          .NewConsumer({.reset = cauce::ResetTo::kEarliest,
                        .isolation = cauce::Isolation::kReadCommitted})
          .value();
  consumer->Assign({copies}).IgnoreError();
  while (consumer->Lag(copies).value() > 0) {
    const Records records = consumer->Poll(absl::Seconds(1)).value();
    for (const auto& record : records)
      std::cout << "copied " << *record.value << '\n';
  }
}

}  // namespace

int main(int arguments, char** argument) {
  const std::string way = argument[2];
  Work work;
  if (arguments > 3) work.left = std::stoi(argument[3]);
  auto client = cauce::Client::Open(std::string("dir:") + argument[1]).value();
  auto admin = client->NewAdmin().value();
  if (!MakeOrders(*client, *admin).ok()) return 1;

  auto consumer = client
                      ->NewConsumer({.group = way,
                                     .auto_commit = false,
                                     .reset = cauce::ResetTo::kEarliest,
                                     .poll_records_max = 3})
                      .value();
  consumer->Subscribe({"orders"}).IgnoreError();
  auto producer = client->NewProducer({.transactional_id = "copier"}).value();
  // Ends what a life before this one has left open.
  if (!producer->InitTransactions().ok()) return 1;
  const cauce::TopicPartition orders{"orders", cauce::PartitionId{0}};
  while (consumer->assignment().empty() ||
         consumer->Lag(orders).value() > 0) {
    const Records records = consumer->Poll(absl::Seconds(1)).value();
    if (records.empty()) continue;
    const absl::Status done =
        way == "at-most-once"    ? AtMostOnce(records, *consumer, work)
        : way == "at-least-once" ? AtLeastOnce(records, *consumer, work)
                                 : ExactlyOnce(records, *consumer, *producer,
                                               work);
    if (!done.ok()) {
      std::cerr << done << '\n';
      return 1;
    }
  }
  if (way == "exactly-once") PrintCopies(*client);
}
