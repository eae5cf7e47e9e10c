#include "bench/look_ups.h"

#include <fstream>

#include "bench/floor.h"
#include "bench/statistics.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace cauce::bench {

absl::StatusOr<Sample> RunLookUps(
    std::span<const LookUp> look_ups,
    absl::FunctionRef<absl::Status(const LookUp&)> one) {
  CAUCE_CHECK(!look_ups.empty());
  std::vector<double> took(look_ups.size());
  const double begin = MonotonicSeconds();
  double before = begin;
  for (size_t i = 0; i < look_ups.size(); ++i) {
    CAUCE_RETURN_IF_ERROR(one(look_ups[i]));
    const double now = MonotonicSeconds();
    took[i] = now - before;
    before = now;
  }
  Sample sample(before - begin, Quantile(took, 0.99));
  sample.figures = {{kP50, Median(took) * 1e6}};
  return sample;
}

absl::Status WriteLookUps(const std::string& path,
                          std::span<const LookUp> look_ups) {
  std::ofstream file(path, std::ios::binary);
  for (const LookUp& look_up : look_ups) {
    for (const int64_t number : {look_up.wanted, look_up.found}) {
      const uint64_t bytes = __builtin_bswap64(static_cast<uint64_t>(number));
      file.write(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    }
  }
  file.close();
  if (!file.fail()) return absl::OkStatus();
  return absl::UnavailableError(path + ": cannot be written");
}

}  // namespace cauce::bench
