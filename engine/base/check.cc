#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cauce {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CAUCE_CHECK failed: %s\n", file, line,
               condition);
  std::abort();
}

}  // namespace cauce
