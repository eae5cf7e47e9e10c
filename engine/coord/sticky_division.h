// A division of partitions in the making: who has which, made even and sticky
// step by step.
//
// Every step either makes the loads of two members more alike or gives a
// partition back to its former owner at no cost in that, so it comes to an end:
// the sum of the squares of the loads never grows, and where it stays as it is
// the number of partitions at home grows. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/coord/division.h"
#include "engine/coord/partition_claims.h"

namespace cauce {

class StickyDivision {
 public:
  // Everything that is claimed starts where it is claimed, if that member
  // still subscribes to it, and the rest belongs to nobody. `division` must
  // outlive this.
  explicit StickyDivision(const Division& division);

  // Gives what belongs to nobody to whoever has least.
  void FillUp();

  // Moves partitions until nobody has two more than one who could take one.
  void Balance();

  // Gives partitions back to their former owners where that leaves the loads
  // as even between the two. Returns whether any was.
  bool GiveBack();

  Assignments ToAssignments() const;

 private:
  struct Place {
    size_t topic;
    int32_t partition;
  };

  // Only those give that have more than `load`.
  void BalanceAbove(int64_t load);
  bool BalanceTopic(size_t topic, int64_t load);
  // The partition of `topic` that `giver` misses least.
  Place PickFor(size_t topic, size_t giver, size_t taker) const;
  bool GiveBackOne(Place place, std::vector<std::vector<Place>>& held);
  bool IsAtHome(Place place) const { return OwnerOf(place) == HomeOf(place); }
  size_t OwnerOf(Place at) const { return owners_[at.topic][at.partition]; }
  size_t HomeOf(Place at) const { return homes_[at.topic][at.partition]; }
  void Move(Place place, size_t to);

  const Division& division_;
  PartitionClaims homes_;   // whose it was, and may stay
  PartitionClaims owners_;  // whose it is; kUnclaimed for nobody's
  std::vector<int64_t> loads_;
};

}  // namespace cauce
