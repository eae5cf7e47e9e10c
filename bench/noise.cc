#include "bench/noise.h"

#include <memory>

#include "bench/floor.h"
#include "bench/payload.h"
#include "engine/base/crc32c.h"

namespace cauce::bench {
namespace {

// About 10 ms at 60 GB/s and at 10 GB/s.
constexpr int kCrcTimes = 600;
constexpr int64_t kWriteBytes = 100 << 20;

}  // namespace

std::vector<Probe> NoiseProbes(const std::string& directory) {
  const auto bytes = std::make_shared<const std::string>(1 << 20, 'x');
  const auto payload = std::make_shared<const Payload>(1024, 64 << 10, 1);
  Probe crc{"crc 1 MiB", [bytes]() -> absl::StatusOr<double> {
              const double begin = MonotonicSeconds();
              uint32_t sum = 0;
              for (int i = 0; i < kCrcTimes; ++i) {
                sum = Crc32cExtend(sum, *bytes);
              }
              return MonotonicSeconds() - begin;
            }};
  FloorAppend work;
  work.path = directory + "/probe";
  work.batches = payload->BatchesFor(kWriteBytes);
  work.file = FloorFile::kRecycled;
  work.gather = FloorGather::kBatch;
  Probe write{"pwrite 64 KiB",
              [work, payload] { return RunFloorAppend(work, *payload); }};
  return {std::move(crc), std::move(write)};
}

}  // namespace cauce::bench
