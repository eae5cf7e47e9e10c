#include "engine/coord/division.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace cauce {
namespace {

bool ComesBefore(const MemberSubscription* a, const MemberSubscription* b) {
  if (a->instance_id.has_value() != b->instance_id.has_value())
    return a->instance_id.has_value();
  return std::tie(a->instance_id, a->member_id) <
         std::tie(b->instance_id, b->member_id);
}

}  // namespace

bool WantedTopic::HasSubscriber(size_t member) const {
  return std::ranges::binary_search(subscribers, member);
}

const WantedTopic* Division::Find(const std::string& topic) const {
  const auto found =
      std::ranges::lower_bound(topics, topic, {}, &WantedTopic::name);
  return found != topics.end() && found->name == topic ? &*found : nullptr;
}

Division MakeDivision(const std::vector<MemberSubscription>& members,
                      const PartitionCounts& topics) {
  Division division;
  for (const MemberSubscription& member : members)
    division.members.push_back(&member);
  std::ranges::sort(division.members, ComesBefore);

  std::map<std::string, std::vector<size_t>> subscribers;
  for (size_t i = 0; i < division.members.size(); ++i) {
    for (const std::string& topic : division.members[i]->topics) {
      std::vector<size_t>& of_topic = subscribers[topic];
      // A topic that a member names twice is still wanted once by it.
      if (of_topic.empty() || of_topic.back() != i) of_topic.push_back(i);
    }
  }
  for (auto& [topic, of_topic] : subscribers) {
    const auto count = topics.find(topic);
    if (count == topics.end() || count->second <= 0) continue;
    division.topics.push_back({topic, count->second, std::move(of_topic)});
  }
  return division;
}

Assignments NothingAssigned(const Division& division) {
  Assignments assignments;
  for (const MemberSubscription* member : division.members)
    assignments[member->member_id];
  return assignments;
}

}  // namespace cauce
