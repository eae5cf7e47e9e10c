// What there is to divide, and among whom, by number: the members of a group in
// Kafka's order, and the topics that any of them wants.
//
// A Division borrows the members that it was made of, and they must outlive it.
// Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "cauce/types.h"
#include "engine/coord/assignor.h"

namespace cauce {

// A topic that exists, and the places in Division::members of those that
// subscribed to it, rising.
struct WantedTopic {
  std::string name;
  int32_t partitions = 0;
  std::vector<size_t> subscribers;

  bool HasSubscriber(size_t member) const;
};

struct Division {
  // Static members first, by instance id, then the others by member id: so a
  // static member that starts anew under another member id keeps its place.
  std::vector<const MemberSubscription*> members;
  std::vector<WantedTopic> topics;  // by name

  // Null where nobody wants it, or it does not exist.
  const WantedTopic* Find(const std::string& topic) const;
};

Division MakeDivision(const std::vector<MemberSubscription>& members,
                      const PartitionCounts& topics);

// Returns assignments in which every member has nothing yet.
Assignments NothingAssigned(const Division& division);

}  // namespace cauce
