#include "engine/coord/sticky_division.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/base/check.h"

namespace cauce {
namespace {

// Topics that fewest members can take come first: the others even out what
// those made uneven.
std::vector<size_t> TopicsByChoice(const Division& division) {
  std::vector<size_t> order(division.topics.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&division](size_t topic) {
    return std::pair(division.topics[topic].subscribers.size(), topic);
  });
  return order;
}

}  // namespace

StickyDivision::StickyDivision(const Division& division)
    : division_(division),
      homes_(ClaimsOf(division)),
      loads_(division.members.size(), 0) {
  for (size_t topic = 0; topic < homes_.size(); ++topic) {
    for (size_t& home : homes_[topic]) {
      if (!division_.topics[topic].HasSubscriber(home)) home = kUnclaimed;
      if (home != kUnclaimed) ++loads_[home];
    }
  }
  owners_ = homes_;
}

void StickyDivision::FillUp() {
  for (const size_t topic : TopicsByChoice(division_)) {
    const std::vector<size_t>& takers = division_.topics[topic].subscribers;
    const auto load_of = [this](size_t member) { return loads_[member]; };
    for (int32_t i = 0; i < division_.topics[topic].partitions; ++i) {
      if (owners_[topic][i] == kUnclaimed)
        Move({topic, i}, *std::ranges::min_element(takers, {}, load_of));
    }
  }
}

void StickyDivision::Balance() {
  // First those give that have more than anybody's share. Who merely has more
  // than a neighbour may then keep it.
  const int64_t total = std::accumulate(loads_.begin(), loads_.end(), 0L);
  const auto members = static_cast<int64_t>(loads_.size());
  if (members > 0) BalanceAbove((total + members - 1) / members);
  BalanceAbove(0);
}

void StickyDivision::BalanceAbove(int64_t load) {
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t topic = 0; topic < division_.topics.size(); ++topic)
      moved |= BalanceTopic(topic, load);
  }
}

bool StickyDivision::BalanceTopic(size_t topic, int64_t load) {
  const std::vector<size_t>& takers = division_.topics[topic].subscribers;
  const auto load_of = [this](size_t member) { return loads_[member]; };
  std::vector<int32_t> held(loads_.size(), 0);
  for (const size_t owner : owners_[topic]) ++held[owner];
  for (bool moved = false;; moved = true) {
    size_t giver = kUnclaimed;
    for (const size_t member : takers) {
      const bool has_more =
          giver == kUnclaimed || loads_[member] > loads_[giver];
      if (held[member] > 0 && has_more) giver = member;
    }
    const size_t taker = *std::ranges::min_element(takers, {}, load_of);
    if (loads_[giver] <= load || loads_[giver] - loads_[taker] < 2)
      return moved;
    Move(PickFor(topic, giver, taker), taker);
    --held[giver];
    ++held[taker];
  }
}

StickyDivision::Place StickyDivision::PickFor(size_t topic, size_t giver,
                                              size_t taker) const {
  std::optional<Place> picked;
  int picked_rank = -1;
  for (int32_t i = division_.topics[topic].partitions - 1; i >= 0; --i) {
    const Place place{topic, i};
    if (OwnerOf(place) != giver) continue;
    const int rank = HomeOf(place) == taker ? 2 : HomeOf(place) != giver;
    if (rank > picked_rank) {
      picked = place;
      picked_rank = rank;
    }
    if (rank == 2) break;
  }
  CAUCE_CHECK(picked.has_value());
  return *picked;
}

bool StickyDivision::GiveBack() {
  std::vector<std::vector<Place>> held(loads_.size());
  std::vector<Place> away;
  for (size_t topic = 0; topic < owners_.size(); ++topic) {
    for (int32_t i = 0; i < division_.topics[topic].partitions; ++i) {
      const Place place{topic, i};
      held[OwnerOf(place)].push_back(place);
      if (HomeOf(place) != kUnclaimed && !IsAtHome(place))
        away.push_back(place);
    }
  }
  bool gave = false;
  for (const Place& place : away) gave |= GiveBackOne(place, held);
  return gave;
}

bool StickyDivision::GiveBackOne(Place place,
                                 std::vector<std::vector<Place>>& held) {
  const size_t home = HomeOf(place);
  const size_t owner = OwnerOf(place);
  if (home == owner) return false;
  if (loads_[home] >= loads_[owner]) {
    // It would have one too many, unless it gives one that it never had.
    const auto stranger =
        std::ranges::find_if(held[home], [&](const Place& other) {
          return OwnerOf(other) == home && !IsAtHome(other) &&
                 division_.topics[other.topic].HasSubscriber(owner);
        });
    if (stranger == held[home].end()) return false;
    held[owner].push_back(*stranger);
    Move(*stranger, owner);
  }
  held[home].push_back(place);
  Move(place, home);
  return true;
}

void StickyDivision::Move(Place place, size_t to) {
  size_t& owner = owners_[place.topic][place.partition];
  if (owner != kUnclaimed) --loads_[owner];
  owner = to;
  ++loads_[to];
}

Assignments StickyDivision::ToAssignments() const {
  Assignments assignments = NothingAssigned(division_);
  for (size_t topic = 0; topic < owners_.size(); ++topic) {
    for (int32_t i = 0; i < division_.topics[topic].partitions; ++i) {
      const MemberSubscription& owner = *division_.members[owners_[topic][i]];
      assignments[owner.member_id].push_back(
          {division_.topics[topic].name, PartitionId{i}});
    }
  }
  return assignments;
}

}  // namespace cauce
