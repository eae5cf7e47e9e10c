// A partition's leader epochs: what is read is written back to the byte, and
// the history that is made of it grows.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/epoch_history.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

void CheckGrows(const EpochHistory& history) {
  const EpochStart* before = nullptr;
  for (const EpochStart& start : history.starts()) {
    if (before != nullptr) {
      CAUCE_CHECK(before->epoch < start.epoch);
      CAUCE_CHECK(before->start < start.start);
    }
    before = &start;
  }
}

}  // namespace

void CheckInput(std::string_view input) {
  const auto read = ParseEpochCheckpoint("checkpoint", input);
  ExpectSmallAllocations((64 << 10) + 32 * input.size());
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  if (!input.empty()) CAUCE_CHECK(FormatEpochCheckpoint(*read) == input);

  EpochHistory history(*read);
  CheckGrows(history);
  if (read->empty()) return;
  const EpochStart middle = (*read)[read->size() / 2];
  history.Assign(LeaderEpoch{middle.epoch.value}, middle.start);
  CheckGrows(history);
  history.TruncateFromStart(middle.start);
  CheckGrows(history);
  history.TruncateFromEnd(middle.start);
  CheckGrows(history);
}

std::vector<std::string> Seeds() {
  return {"",
          "0\n0\n",
          "0\n1\n0 0\n",
          "0\n3\n0 0\n4 17\n5 9223372036854775807\n",
          "0\n3\n5 0\n4 17\n5 3\n",
          "1\n1\n0 0 0\n"};
}

}  // namespace cauce::fuzz
