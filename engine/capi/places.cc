#include "engine/capi/places.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cauce/errors.h"

namespace cauce::capi {

cauce_place_t PlaceOf(const TopicPartition& partition, Arena& arena) {
  cauce_place_t place = CAUCE_PLACE_INIT;
  place.topic = arena.Text(partition.topic);
  place.partition = partition.partition.value;
  return place;
}

cauce_place_t PlaceOf(const TopicPartition& partition,
                      const OffsetAndMetadata& offset, Arena& arena) {
  cauce_place_t place = PlaceOf(partition, arena);
  place.offset = offset.offset.value;
  place.leader_epoch = offset.leader_epoch.value;
  place.metadata = arena.Text(offset.metadata);
  std::ranges::copy(offset.topic_id.bytes, place.topic_id);
  return place;
}

void Explain(const absl::Status& status, cauce_place_t& place, Arena& arena) {
  if (status.ok()) return;
  place.reason = ReasonNumberOf(status);
  place.message = arena.Text(MessageOf(status));
}

absl::Status GivePartitions(const std::vector<TopicPartition>& partitions,
                            cauce_places_t** to) {
  Places places;
  for (const TopicPartition& each : partitions)
    places.Add(PlaceOf(each, places.arena()));
  return std::move(places).Give(to);
}

absl::Status GiveOffsets(const OffsetsToCommit& offsets, cauce_places_t** to) {
  Places places;
  for (const auto& [partition, offset] : offsets)
    places.Add(PlaceOf(partition, offset, places.arena()));
  return std::move(places).Give(to);
}

absl::Status GiveStatuses(const std::map<TopicPartition, absl::Status>& answers,
                          cauce_places_t** to) {
  Places places;
  for (const auto& [partition, status] : answers) {
    cauce_place_t place = PlaceOf(partition, places.arena());
    Explain(status, place, places.arena());
    places.Add(place);
  }
  return std::move(places).Give(to);
}

}  // namespace cauce::capi

cauce_reason_t cauce_places_free(cauce_places_t* places) {
  return cauce::capi::FreeOwned(places, cauce::capi::Kind::kPlaces);
}
