#include "engine/log/former_names.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace cauce {

FormerNames::FormerNames(const Signs& signs)
    : may_have_gaps_(signs.may_have_gaps),
      listed_(signs.listed.begin(), signs.listed.end()),
      indexes_(signs.indexes.begin(), signs.indexes.end()) {
  const auto is_free = [&](Offset name) {
    return !std::ranges::binary_search(signs.logs, name);
  };
  std::ranges::copy_if(indexes_, std::back_inserter(free_indexes_), is_free);
  for (const KnownSegment& segment : listed_) {
    if (is_free(segment.base)) free_listed_.push_back(segment.base);
  }
}

std::optional<FormerName> FormerNames::Of(Offset named, int64_t bytes,
                                          Offset front) const {
  const bool is_noted = BytesOf(named).has_value();
  const auto listed = NearestListed(named, front);
  if (listed && BytesOf(*listed) == bytes) {
    return FormerName{.name = *listed, .has_anothers = is_noted};
  }
  const bool is_its =
      front > named && std::ranges::binary_search(free_indexes_, front);
  if (!is_its) return std::nullopt;
  const bool is_indexed = std::ranges::binary_search(indexes_, named);
  return FormerName{.name = front, .has_anothers = is_noted || is_indexed};
}

std::optional<int64_t> FormerNames::BytesOf(Offset name) const {
  const auto segment =
      std::ranges::lower_bound(listed_, name, {}, &KnownSegment::base);
  const bool is_listed = segment != listed_.end() && segment->base == name;
  return is_listed ? std::optional(segment->bytes) : std::nullopt;
}

std::optional<Offset> FormerNames::NearestListed(Offset named,
                                                 Offset front) const {
  const auto behind = std::ranges::upper_bound(free_listed_, front);
  if (behind == free_listed_.begin()) return std::nullopt;
  const Offset nearest = *std::prev(behind);
  const bool may_be_its =
      nearest > named && (may_have_gaps_ || nearest == front);
  return may_be_its ? std::optional(nearest) : std::nullopt;
}

}  // namespace cauce
