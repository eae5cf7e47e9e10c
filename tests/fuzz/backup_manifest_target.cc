// `cauce.backup`: as it is, and with a checksum that is right. What is read is
// written back as something that reads the same, and leads to no file but a
// partition's.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/backup/backup_manifest.h"
#include "engine/base/check.h"
#include "engine/catalog/checked_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr std::string_view kHead =
    "cauce.backup 1\n"
    "topic orders 2 8PHy8_T19vf4-fr7_P3-_w compacted\n"
    "taken 1700000000000\n";

// What it is in front of its last line.
std::string_view WithoutLastLine(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const size_t end = text.rfind('\n');
  return end == std::string_view::npos ? "" : text.substr(0, end + 1);
}

void CheckManifest(std::string_view bytes) {
  const auto read = BackupManifest::Parse("cauce.backup", bytes);
  ExpectSmallAllocations((64 << 10) + 32 * bytes.size());
  if (!read.ok()) {
    ExpectReason(read.status(),
                 {Reason::kCorruptFile, Reason::kUnsupportedFormat});
    CAUCE_CHECK(read.status().message().size() < 2000);
    return;
  }
  const auto again = BackupManifest::Parse("cauce.backup", read->Format());
  CAUCE_CHECK(again.ok());
  CAUCE_CHECK(*again == *read);
  CAUCE_CHECK(ValidateTopicName(read->topic.name).ok());
  CAUCE_CHECK(read->Summary().bytes >= 0);
  for (const BackupPartition& partition : read->partitions) {
    CAUCE_CHECK(partition.log.base <= partition.log.next);
    for (const BackupFile& file : partition.files)
      CAUCE_CHECK(file.name.find('/') == std::string::npos);
  }
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckManifest(input);
  CheckManifest(WithChecksum(std::string(WithoutLastLine(input))));
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  for (const std::string_view rest :
       {"partition 0 0 0 whole\npartition 1 0 0 whole\n",
        "config retention.ms=-1\n"
        "partition 0 3 9 damaged\n"
        "file 00000000000000000003.log 700 0123abcd\n"
        "file 00000000000000000009.snapshot 10 00000000\n"
        "file leader-epoch-checkpoint 8 00000007\n"
        "transaction 7 2 5\n"
        "partition 1 0 0 whole\n"
        "offset 1 0 - 670a00 -\n"
        "offset 0 4 2 68 6e6f746564\n"}) {
    seeds.push_back(WithChecksum(std::string(kHead) + std::string(rest)));
  }
  return seeds;
}

}  // namespace cauce::fuzz
