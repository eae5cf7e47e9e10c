// Topics of a Kafka broker that were deleted and made again since they were
// taken in: then nothing that is remembered of the old one is true of the new.
//
// The list of topics only remembers the id of a topic that is imported; its
// directories say it. One whose directories all say the same other id was made
// again. Where they do not agree, or either id is another topic's as well,
// directories were exchanged, and nobody can tell whose they are: no such topic
// counts. Reads only; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

// Those of `catalog`, by name, with as many partitions as their directories
// speak of. `there` are partitions whose directories are in `directory`. Of a
// topic that is as it was it reads one file.
std::vector<FoundTopic> FindMadeAgain(FileSystem& files,
                                      std::string_view directory,
                                      const TopicCatalog& catalog,
                                      std::span<const TopicPartition> there);

}  // namespace cauce
