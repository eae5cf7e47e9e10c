// Which partition a record with a key goes to, as Kafka's own clients decide
// it: records with one key lie in one partition, in order, whoever wrote them.
//
// Source: Kafka, Utils.murmur2 and BuiltInPartitioner.partitionForKey. Pure:
// any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "cauce/types.h"

namespace cauce {

// Kafka's variant of MurmurHash2, with its seed.
uint32_t Murmur2(std::string_view bytes);

// An empty key is a key; for a record without one the writer chooses. Of no
// partitions, or fewer, it is none: -1, which nothing can be opened by.
PartitionId PartitionForKey(std::string_view key, int32_t partitions);

}  // namespace cauce
