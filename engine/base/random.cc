#include <sys/random.h>

#include <cerrno>
#include <cstdint>

#include "cauce/env.h"
#include "engine/base/check.h"

namespace cauce {
namespace {

// Asks the kernel every time: a third of a microsecond, no state to lock, and
// two processes never share a sequence because one forked from the other.
class RealRandom final : public Random {
 public:
  uint64_t Next() override {
    uint64_t value = 0;
    ssize_t got = -1;
    do {
      got = getrandom(&value, sizeof value, 0);
    } while (got < 0 && errno == EINTR);
    // Up to 256 bytes always come whole.
    CAUCE_CHECK(got == static_cast<ssize_t>(sizeof value));
    return value;
  }
};

}  // namespace

Random* SystemRandom() {
  // Never destroyed: threads may still ask while the process ends.
  static Random* const random = new RealRandom;
  return random;
}

}  // namespace cauce
