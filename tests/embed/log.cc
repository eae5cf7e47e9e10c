#include <iostream>

#include "cauce/cursor.h"
#include "cauce/engine.h"

int main(int, char** argv) {
  auto engine = cauce::Engine::Open(argv[1]).value();
  engine.CreateTopic("orders").status().IgnoreError();  // it may exist
  auto orders = engine.OpenPartition("orders", cauce::PartitionId{0}).value();

  const cauce::Record records[] = {{.key = "alice", .value = "2 apples"},
                                   {.key = "bob", .value = "1 pear"}};
  orders.Append(records).value();  // returns once they are on the disk

  cauce::Cursor cursor = orders.Read(orders.log_start());
  cauce::RecordView record;
  while (cursor.Next(&record).value()) {
    std::cout << record.offset.value << ' ' << *record.key << ": "
              << *record.value << '\n';
  }
  return engine.Close().ok() ? 0 : 1;
}
