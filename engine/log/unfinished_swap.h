// Ends what a stop has left of segments that were taking others' place.
//
// A log that is called `.swap` is whole and durable, and covers all offsets of
// the segments that it takes the place of: those go, and it gets its own name.
// One beside which there are `.cleaned` files was not complete yet and goes
// itself; so does, but is kept as `.cut`, one that cannot be what it says: it
// is damaged while what it stands for is there, under its own name or, which it
// then gets back, as `.deleted`; or it reaches past the last segment, which
// compaction never touches. Where it is damaged and all there is no `.deleted`
// log goes for it: those are kept as `.cut`. Source: Apache Kafka, LogLoader.
// Nothing of a broker's is removed before its topic gets configs: what gives
// way becomes `.deleted`, and what was not complete stays. Running it again
// finds the same. For who has the partition to himself.
#pragma once

#include "absl/status/status.h"
#include "cauce/env.h"
#include "engine/log/segment.h"

namespace cauce {

// What becomes of files that are done with.
enum class GivesWay { kGoes, kStays };

// `place` is that of any segment. Afterwards no file there ends in `.swap` or
// `.cleaned`, but for those that stay.
absl::Status EndUnfinishedSwaps(const SegmentPlace& place,
                                const EventSink& events,
                                GivesWay gives_way = GivesWay::kGoes);

}  // namespace cauce
