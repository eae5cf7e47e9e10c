// The manifest of a directory's segments: what is read is written back the
// same, every part lies within, and what is not right is refused with a short
// word. The bytes are a file, as they are and with a checksum that is right,
// and one partition's part.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr size_t kCrcAt = 10;
constexpr size_t kSummedFrom = 14;

void CheckRefusal(const absl::Status& status) {
  ExpectReason(status, {Reason::kCorruptFile, Reason::kUnsupportedFormat});
  CAUCE_CHECK(status.message().size() < 1000);
}

void CheckPart(std::string_view part) {
  const auto log = DecodeKnownLog(part);
  if (!log.ok()) return CheckRefusal(log.status());
  CAUCE_CHECK(!log->segments.empty());
  CAUCE_CHECK(EncodeKnownLog(*log) == part);
}

void CheckFile(const std::string& bytes) {
  const auto manifest = Manifest::Parse("manifest", bytes);
  // Of an older version.
  if (absl::IsNotFound(manifest.status())) return;
  if (!manifest.ok()) return CheckRefusal(manifest.status());
  const ManifestRows rows = manifest->rows();
  for (const auto& [partition, row] : rows) {
    CAUCE_CHECK(manifest->Find(partition) == row.part);
    CAUCE_CHECK(row.recovery_point.value_or(Offset{0}) >= Offset{0});
    CAUCE_CHECK(row.log_start.value_or(Offset{0}) >= Offset{0});
    CheckPart(row.part);
  }
  CAUCE_CHECK(FormatManifest(rows, manifest->sums()) == bytes);
  CAUCE_CHECK(ManifestChecksum(bytes).has_value());
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckPart(input);
  std::string bytes(input);
  CheckFile(bytes);
  if (bytes.size() >= kSummedFrom) {
    StoreBig<uint32_t>(bytes.data() + kCrcAt,
                       Crc32c(std::string_view(bytes).substr(kSummedFrom)));
    CheckFile(bytes);
  }
  ExpectSmallAllocations((64 << 10) + 16 * input.size());
}

std::vector<std::string> Seeds() {
  KnownLog small;
  small.segments = {{Offset{0}, 100}};
  small.end = Offset{7};
  KnownLog large = small;
  large.directory = {.id = 77, .changed_ns = 1'700'000'000'123'456'789};
  large.segments = {{Offset{0}, 1 << 30}, {Offset{9}, 0}, {Offset{300}, 61}};
  large.end = Offset{301};
  large.snapshot = Offset{300};
  large.epochs = {{LeaderEpoch{0}, Offset{0}}, {LeaderEpoch{5}, Offset{8}}};
  large.missing = {{Offset{10}, Offset{20}}};
  const std::string parts[] = {*EncodeKnownLog(small), *EncodeKnownLog(large)};
  const BoundsSums sums = {{{10, 0x01020304}, {-1, 0}, {0, 0}}};
  return {
      *FormatManifest({}, sums),
      *FormatManifest({{{"orders", PartitionId{0}}, {.part = parts[0]}}}, sums),
      *FormatManifest({{{"a.b_c-d", PartitionId{0}}, {.part = parts[1]}},
                       {{"orders", PartitionId{0}},
                        {parts[0], Offset{7}, Offset{3}}},
                       {{"orders", PartitionId{9999}},
                        {parts[1], std::nullopt, Offset{0}}}},
                      sums),
      parts[0],
      parts[1]};
}

}  // namespace cauce::fuzz
