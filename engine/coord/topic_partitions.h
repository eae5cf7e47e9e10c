// Some partitions of one topic, as Kafka's records group them by topic. Plain
// data, in the order in which it was written.
#pragma once

#include <string>
#include <vector>

#include "cauce/types.h"
#include "engine/base/wire.h"

namespace cauce {

struct TopicPartitions {
  std::string topic;
  std::vector<PartitionId> partitions;

  friend bool operator==(const TopicPartitions&,
                         const TopicPartitions&) = default;
};

template <class Codec, WirePart<TopicPartitions> Part>
void Describe(Codec& c, Part& part, int) {
  c.String(part.topic);
  c.Array(part.partitions, [](auto& c, auto& id) { c.Int32(id.value); });
  c.Tags();
}

}  // namespace cauce
