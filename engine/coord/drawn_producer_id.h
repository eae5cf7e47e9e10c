// A producer id that nobody has. Kafka's brokers take theirs from blocks that
// are remembered; here they are drawn by chance, so that no file has to
// remember them, and a directory that is copied gives none twice. Of 2^62
// numbers: that two producers get the same is less likely than that the disk
// takes one for another. Pure but for chance.
#pragma once

#include <cstdint>

#include "cauce/env.h"
#include "cauce/types.h"

namespace cauce {

inline ProducerId DrawProducerId(Random& random) {
  return {static_cast<int64_t>(random.Next() >> 2)};
}

}  // namespace cauce
