// Names: of topics, of their partitions' directories, of segments' files, and
// topic ids. What is taken is safe as a part of a path and written back the
// same; nothing of it can break a line of a message.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/catalog/nearest_name.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/quoted.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/log/segment_name.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

constexpr size_t kFileNameMax = 255;

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void CheckTopicName(std::string_view name) {
  const absl::Status valid = ValidateTopicName(name);
  CAUCE_CHECK(TopicNamesCollide(name, name));
  TopicCatalog catalog;
  const absl::Status added =
      catalog.Add({.name = std::string(name), .id = TopicId{.bytes = {1}}});
  if (!valid.ok()) {
    CAUCE_CHECK(ReasonOf(valid) == Reason::kInvalidTopicName);
    CAUCE_CHECK(IsPrintable(MessageOf(valid)));
    CAUCE_CHECK(MessageOf(valid).size() < 600);
    CAUCE_CHECK(!added.ok());
    return;
  }
  CAUCE_CHECK(!name.empty() && name.size() <= kTopicNameBytesMax);
  CAUCE_CHECK(name != "." && name != "..");
  CAUCE_CHECK(name.find('/') == std::string_view::npos);
  CAUCE_CHECK(name.find('\0') == std::string_view::npos);
  CAUCE_CHECK(IsPrintable(name));
  CAUCE_CHECK(added.ok() || name == kClusterMetadata);
  const TopicPartition partition{std::string(name),
                                 PartitionId{kTopicPartitionsMax - 1}};
  CAUCE_CHECK(partition.ToString().size() <= kFileNameMax);
  CAUCE_CHECK(ParseTopicPartition(partition.ToString()) == partition);
  const std::string deleted = DeletedDirectoryName(partition, TopicId{});
  CAUCE_CHECK(deleted.size() <= kFileNameMax);
  CAUCE_CHECK(IsDeletedDirectoryName(deleted));
  CAUCE_CHECK(!ParseTopicPartition(deleted).has_value());
}

}  // namespace

void CheckInput(std::string_view input) {
  CheckTopicName(input);
  if (const auto partition = ParseTopicPartition(input)) {
    CAUCE_CHECK(partition->ToString() == input);
    CAUCE_CHECK(ValidateTopicName(partition->topic).ok());
    CAUCE_CHECK(!IsDeletedDirectoryName(input));
  }
  if (const auto id = ParseTopicId(input)) {
    CAUCE_CHECK(TopicIdText(*id) == input);
  }
  if (const auto file = ParseSegmentFileName(input)) {
    CAUCE_CHECK(file->base >= Offset{0});
    CAUCE_CHECK(SegmentFileName(file->base, file->suffix) == input);
  }
  const std::string quoted = Quoted(input);
  CAUCE_CHECK(IsPrintable(quoted));
  CAUCE_CHECK(quoted.size() < 400);
  const std::vector<std::string_view> names = {"orders", "retention.ms", ""};
  const std::string_view nearest = NearestName(input, names);
  CAUCE_CHECK(nearest.empty() ||
              std::ranges::find(names, nearest) != names.end());
  // Whatever stands in a directory is left there unless it is named deleted.
  const OpenPlan plan = PlanOpen(
      TopicCatalog(),
      std::vector<DirectoryEntry>{{std::string(input), /*is_directory=*/true}});
  CAUCE_CHECK(plan.remove.empty() || IsDeletedDirectoryName(input));
  ExpectSmallAllocations((64 << 10) + 16 * input.size());
}

std::vector<std::string> Seeds() {
  return {"",
          "orders",
          ".",
          "..",
          "../etc/passwd",
          "a/b",
          std::string("nul\0", 4),
          "__cluster_metadata",
          "orders-3",
          "orders-00",
          "a.b_c-d-2147483647",
          "orders-3.0123456789abcdef0123456789abcdef-delete",
          "orders-3.0123456789abcdef0123456789abcdef-future",
          std::string(249, 'x'),
          std::string(250, 'x'),
          std::string(249, 'x') + "-99999",
          "8PHy8_T19vf4-fr7_P3-_w",
          "00000000000000000042.log",
          "09223372036854775807.timeindex.deleted",
          "retenton.ms",
          "caf\xc3\xa9"};
}

}  // namespace cauce::fuzz
