// A list of aborted transactions: what is read is written back to the byte, and
// a search finds what a look at every entry finds.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/log/aborted_index.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr Offset kBase{4};

void CheckSearch(const AbortedIndex& index, Offset from, Offset up_to) {
  std::vector<AbortedTransaction> found;
  const bool complete = index.Search(from, up_to, found);
  std::vector<AbortedTransaction> wanted;
  bool stopped = false;
  for (const AbortedTransaction& each : index.entries()) {
    if (stopped || each.last < from) continue;
    if (each.first < up_to) wanted.push_back(each);
    stopped = each.last_stable >= up_to;
  }
  CAUCE_CHECK(found == wanted);
  CAUCE_CHECK(complete == stopped);
}

}  // namespace

void CheckInput(std::string_view input) {
  auto read = AbortedIndex::Decode(kBase, input);
  ExpectSmallAllocations((64 << 10) + 4 * input.size());
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 1000);
    return;
  }
  CAUCE_CHECK(read->Encode() == input);
  if (read->empty()) return;
  const AbortedTransaction middle = read->entries()[read->entries().size() / 2];
  CheckSearch(*read, middle.first, middle.last);
  CheckSearch(*read, middle.last, middle.last_stable);
  CheckSearch(*read, Offset{0}, Offset{INT64_MAX});
  read->CutAt(middle.last);
  for (const AbortedTransaction& each : read->entries()) {
    CAUCE_CHECK(each.last < middle.last);
  }
}

std::vector<std::string> Seeds() {
  AbortedIndex one;
  one.Add({{7}, {100}, {104}, {105}});
  AbortedIndex three;
  three.Add({{2}, {3}, {6}, {1}});
  three.Add({{1}, {1}, {9}, {10}});
  three.Add({{3}, {14}, {20}, {12}});
  return {"", one.Encode(), three.Encode()};
}

}  // namespace cauce::fuzz
