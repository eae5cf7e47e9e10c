// `partition.metadata`: what is read is what would be written, but for one
// newline at the end.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/catalog/partition_metadata.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {

void CheckInput(std::string_view input) {
  const auto id = ParsePartitionMetadata("partition.metadata", input);
  ExpectSmallAllocations(64 << 10);
  if (!id.ok()) {
    ExpectReason(id.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(id.status().message().size() < 1000);
    return;
  }
  CAUCE_CHECK(!id->is_zero());
  const std::string text = FormatPartitionMetadata(*id);
  CAUCE_CHECK(text == input || text + "\n" == input);
}

std::vector<std::string> Seeds() {
  return {"", "version: 0\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w",
          "version: 0\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w\n",
          "version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ"};
}

}  // namespace cauce::fuzz
