// A checkpoint of offsets by partition: what is read is written back the same,
// and what is not right is refused with a short word.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {

void CheckInput(std::string_view input) {
  const auto read = ParseOffsetCheckpoint("checkpoint", input);
  ExpectSmallAllocations((64 << 10) + 8 * input.size());
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  for (const auto& [partition, offset] : *read) {
    CAUCE_CHECK(ValidateTopicName(partition.topic).ok());
    CAUCE_CHECK(partition.partition >= PartitionId{0});
    CAUCE_CHECK(offset >= Offset{0});
  }
  if (input.empty()) return;
  // The same lines, perhaps in another order.
  const std::string text = FormatOffsetCheckpoint(*read);
  CAUCE_CHECK(std::ranges::is_permutation(text, input));
  const auto again = ParseOffsetCheckpoint("checkpoint", text);
  CAUCE_CHECK(again.ok() && *again == *read);
}

std::vector<std::string> Seeds() {
  return {
      "",
      "0\n0\n",
      "0\n1\norders 0 4711\n",
      "0\n3\norders 0 4711\norders 1 0\na.b_c-d 99999 9223372036854775807\n",
      "0\n2\n__consumer_offsets 49 12\n__consumer_offsets 5 3\n",
      "1\n1\norders 0 4711 7\n"};
}

}  // namespace cauce::fuzz
