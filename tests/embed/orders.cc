#include <iostream>
#include <string>

#include "cauce/client.h"

int main(int, char** argv) {
  auto client = cauce::Client::Open(std::string("dir:") + argv[1]).value();
  auto admin = client->NewAdmin().value();
  admin->CreateTopic("orders").status().IgnoreError();  // it may exist

  auto producer = client->NewProducer().value();
  for (const auto* const value : {"2 apples", "1 pear"}) {
    if (!producer->Send({.topic = "orders", .value = value}).ok()) return 1;
  }
  if (!producer->Flush().ok()) return 1;  // they are on the disk

  // As a member of a group, which goes on where it has committed that it is.
  auto consumer = client->NewConsumer({.group = "billing",
                                       .reset = cauce::ResetTo::kEarliest})
                      .value();
  consumer->Subscribe({"orders"}).IgnoreError();
  for (int seen = 0; seen < 2;) {
    const auto records = consumer->Poll(absl::Seconds(1)).value();
    for (const cauce::ConsumerRecord& record : records) {
      std::cout << record.offset.value << ' ' << *record.value << '\n';
      ++seen;
    }
  }
  // Commits how far it is, and leaves the group.
  return consumer->Close().ok() && client->Close().ok() ? 0 : 1;
}
