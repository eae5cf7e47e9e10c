// Lists of places, as C programs get them: partitions, offsets, and what became
// of what was asked for each.
//
// For one thread until it is handed out.
#pragma once

#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cauce.h"
#include "cauce/consumer.h"
#include "cauce/types.h"
#include "engine/capi/owned.h"

namespace cauce::capi {

class Places : public OwnedList<cauce_places_t> {
 public:
  explicit Places(Kind kind = Kind::kPlaces) : OwnedList(kind) {}
};

// Views of what `arena` keeps.
cauce_place_t PlaceOf(const TopicPartition& partition, Arena& arena);
cauce_place_t PlaceOf(const TopicPartition& partition,
                      const OffsetAndMetadata& offset, Arena& arena);
// Notes why there is no more to say of a place.
void Explain(const absl::Status& status, cauce_place_t& place, Arena& arena);

absl::Status GivePartitions(const std::vector<TopicPartition>& partitions,
                            cauce_places_t** to);
absl::Status GiveOffsets(const OffsetsToCommit& offsets, cauce_places_t** to);
// One for each, with its reason.
absl::Status GiveStatuses(const std::map<TopicPartition, absl::Status>& answers,
                          cauce_places_t** to);

// Of each pair of a map of StatusOr: where it is OK `fill` tells the rest.
template <typename Answers, typename Fill>
absl::Status GiveAnswers(const Answers& answers, Fill fill,
                         cauce_places_t** to) {
  Places places;
  for (const auto& [partition, answer] : answers) {
    cauce_place_t place = PlaceOf(partition, places.arena());
    if (answer.ok()) {
      fill(*answer, place);
    } else {
      Explain(answer.status(), place, places.arena());
    }
    places.Add(place);
  }
  return std::move(places).Give(to);
}

}  // namespace cauce::capi
