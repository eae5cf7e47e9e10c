#include "tests/fuzz/fuzz_target.h"

#include <algorithm>
#include <cstdio>

#include "engine/base/check.h"
#include "tests/fuzz/allocations.h"

namespace cauce::fuzz {

void ExpectSmallAllocations(size_t bytes_max) {
  if (LargestAllocation() <= bytes_max) return;
  std::fprintf(stderr, "an allocation of %zu bytes, at most %zu are right\n",
               LargestAllocation(), bytes_max);
  CAUCE_CHECK(LargestAllocation() <= bytes_max);
}

void ExpectReason(const absl::Status& status,
                  std::initializer_list<Reason> reasons) {
  const bool is_right =
      std::ranges::find(reasons, ReasonOf(status)) != reasons.end();
  if (!is_right) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  CAUCE_CHECK(is_right);
}

}  // namespace cauce::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cauce::fuzz::ForgetLargestAllocation();
  cauce::fuzz::CheckInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
