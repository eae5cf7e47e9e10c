#include "engine/log/offset_claim.h"

#include <tuple>

namespace cauce {
namespace {

// The smallest of these has the most that speaks for it. Names within it speak
// against it once: several are often of one mistake. So one that is met on both
// sides is not given up for a file that somebody put into it.
auto WeightOf(const OffsetClaim& claim) {
  const bool is_contradicted = claim.name == OffsetClaim::Name::kContradicts;
  const int agrees = claim.name == OffsetClaim::Name::kAgrees ? 1 : 0;
  const int against = claim.names_within > 0 ? 1 : 0;
  return std::tuple(is_contradicted, !claim.is_listed,
                    against - agrees - claim.sides_met, -claim.links,
                    claim.from_name);
}

}  // namespace

bool Outweighs(const OffsetClaim& claim, const OffsetClaim& other) {
  return WeightOf(claim) < WeightOf(other);
}

}  // namespace cauce
