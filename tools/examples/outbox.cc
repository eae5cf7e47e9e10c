// A service that changes something and tells others of it: both or neither.
// The change and its event are written in one transaction; a relay that reads
// what is committed hands the events on, from where it was when it stopped.
//
//   outbox DIR place ORDER    changes, and notes the event
//   outbox DIR relay          delivers: prints each event that is new
#include <iostream>
#include <memory>
#include <string>

#include "cauce/client.h"
#include "cauce/errors.h"

namespace {

int Fail(const absl::Status& status) {
  std::cerr << cauce::MessageOf(status) << '\n';
  return 1;
}

absl::Status MakeTopics(cauce::Client& client) {
  auto admin = client.NewAdmin();
  if (!admin.ok()) return admin.status();
  for (const char* const topic : {"orders", "outbox"}) {
    const absl::Status made = (*admin)->CreateTopic(topic).status();
    const bool there = cauce::ReasonOf(made) == cauce::Reason::kTopicExists;
    if (!made.ok() && !there) return made;
  }
  return absl::OkStatus();
}

absl::Status Place(cauce::Client& client, const std::string& order) {
  // The name is the service's: whoever has it next ends what its last instance
  // has left open, and that one can write no more.
  auto producer = client.NewProducer({.transactional_id = "order-service"});
  if (!producer.ok()) return producer.status();
  absl::Status status = (*producer)->InitTransactions();
  if (status.ok()) status = (*producer)->BeginTransaction();
  if (!status.ok()) return status;
  const std::string event = "placed " + order;
  status = (*producer)->Send({.topic = "orders", .key = order, .value = "new"});
  status.Update((*producer)->Send({.topic = "outbox", .value = event}));
  // Here a service changes what else belongs to it; where that fails it aborts.
  if (order == "nothing") status.Update(absl::InvalidArgumentError("no order"));
  if (status.ok()) status = (*producer)->CommitTransaction();
  if (status.ok()) return (*producer)->Close();
  const absl::Status aborted = (*producer)->AbortTransaction();
  return aborted.ok() ? status : aborted;
}

absl::Status Relay(cauce::Client& client) {
  auto consumer =
      client.NewConsumer({.group = "relay",
                          .auto_commit = false,
                          .reset = cauce::ResetTo::kEarliest,
                          // Without this also what was aborted is delivered.
                          .isolation = cauce::Isolation::kReadCommitted});
  if (!consumer.ok()) return consumer.status();
  absl::Status status = (*consumer)->Subscribe({"outbox"});
  while (status.ok()) {
    const auto events = (*consumer)->Poll(absl::Milliseconds(100));
    if (!events.ok()) return events.status();
    // A service waits for more; an example ends.
    if (events->empty()) break;
    for (const cauce::ConsumerRecord& event : *events)
      std::cout << event.offset.value << ' ' << *event.value << '\n';
    // Delivered first, noted then: who stops in between delivers twice, and
    // never not at all. The offset tells whoever receives it what they have.
    if (!std::cout.flush()) return absl::UnavailableError("cannot deliver");
    status = (*consumer)->Commit();
  }
  status.Update((*consumer)->Close());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[2] : "";
  const bool places = verb == "place" && argc == 4;
  if (!places && !(verb == "relay" && argc == 3))
    return std::cerr << "usage: outbox DIR place ORDER | DIR relay\n", 2;
  auto client = cauce::Client::Open(std::string("dir:") + argv[1]);
  if (!client.ok()) return Fail(client.status());
  absl::Status done = MakeTopics(**client);
  if (done.ok()) done = places ? Place(**client, argv[3]) : Relay(**client);
  const absl::Status closed = (*client)->Close();
  if (!done.ok()) return Fail(done);
  return closed.ok() ? 0 : Fail(closed);
}
