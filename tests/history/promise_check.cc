// How often groups have worked on what they were given, by what they promise.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "tests/history/history_check.h"

namespace cauce::test {
namespace {

using GroupPartition = std::pair<std::string, TopicPartition>;

class Work {
 public:
  Work(const HistoryIndex& index, Anomalies& found)
      : index_(index), found_(found) {}

  void Read(size_t at, const Event& event) {
    if (const auto* const worked = std::get_if<Worked>(&event)) {
      Do(at, *worked);
    } else if (const auto* const seen = std::get_if<OffsetsSeen>(&event)) {
      See(at, *seen);
    }
  }

 private:
  Promise PromiseOf(const std::string& group) const {
    const auto promise = index_.promises.find(group);
    return promise == index_.promises.end() ? Promise::kNone : promise->second;
  }

  void Do(size_t at, const Worked& worked) {
    const MemberMade* const member = index_.FindMember(worked.consumer);
    if (member == nullptr) return;
    const auto [before, is_new] =
        done_[{member->group, worked.from}].try_emplace(worked.offset, at);
    if (is_new || member->promise != Promise::kAtMostOnce) return;
    found_.push_back({AnomalyKind::kWorkedTwice, {before->second, at}});
  }

  // Of what its consumers have committed by themselves all is done.
  void See(size_t at, const OffsetsSeen& seen) {
    if (PromiseOf(seen.group) != Promise::kAtLeastOnce) return;
    for (const auto& [partition, committed] : seen.offsets) {
      const GroupPartition whose(seen.group, partition);
      const auto places =
          index_.places.find({partition, Isolation::kReadCommitted});
      if (places == index_.places.end()) continue;
      Offset& from = looked_at_[whose];
      const auto& done = done_[whose];
      auto place = places->second.lower_bound(from);
      const Offset deleted = index_.DeletedBelow(partition, at);
      for (; place != places->second.end() && place->first < committed;
           ++place) {
        if (!done.contains(place->first) && place->first >= deleted) {
          found_.push_back(
              {AnomalyKind::kUnworkedCommit, {at, place->second}});
        }
      }
      from = std::max(from, committed);
    }
  }

  const HistoryIndex& index_;
  Anomalies& found_;
  std::map<GroupPartition, std::map<Offset, size_t>> done_;
  std::map<GroupPartition, Offset> looked_at_;  // all below was judged
};

}  // namespace

void CheckPromises(const HistoryIndex& index, Anomalies& found) {
  Work work(index, found);
  for (size_t at = 0; at < index.history.size(); ++at)
    work.Read(at, index.history[at]);
}

}  // namespace cauce::test
