// A topic's configs, one `name=value` a line: what is taken has one form, which
// means the same and is its own form.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "engine/base/check.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {
namespace {

TopicConfigOverrides OverridesOf(std::string_view text) {
  TopicConfigOverrides overrides;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = std::min(line.find('='), line.size());
    overrides[std::string(line.substr(0, equals))] =
        line.substr(std::min(equals + 1, line.size()));
  }
  return overrides;
}

}  // namespace

void CheckInput(std::string_view input) {
  // A name that is unknown is compared with every known one, and callers are
  // no strangers: a few lines show what many do.
  constexpr size_t kInputBytesMax = 400;
  const TopicConfigOverrides overrides =
      OverridesOf(input.substr(0, kInputBytesMax));
  const auto config = ParseTopicConfig(overrides);
  const auto normal = NormalizeTopicConfig(overrides);
  CAUCE_CHECK(config.ok() == normal.ok());
  const auto shown = DescribeTopicConfig(overrides);
  CAUCE_CHECK(shown.size() >= TopicConfigKeys().size());
  ExpectSmallAllocations((64 << 10) + 512 * input.size());
  if (!config.ok()) {
    CAUCE_CHECK(config.status() == normal.status());
    CAUCE_CHECK(ReasonOf(config.status()) == Reason::kInvalidConfig);
    for (const char c : config.status().message()) {
      CAUCE_CHECK(c >= ' ' && c <= '~');
    }
    return;
  }
  CAUCE_CHECK(config->segment_bytes > 0);
  CAUCE_CHECK(config->index_interval_bytes >= 0);
  CAUCE_CHECK(config->max_message_bytes >= 0);
  const auto same = ParseTopicConfig(*normal);
  CAUCE_CHECK(same.ok());
  CAUCE_CHECK(*same == *config);
  const auto again = NormalizeTopicConfig(*normal);
  CAUCE_CHECK(again.ok());
  CAUCE_CHECK(*again == *normal);
}

std::vector<std::string> Seeds() {
  // Every key with its default, alone and all together.
  std::vector<std::string> seeds = {
      "", "retention.ms=-1\nsegment.bytes= +2000000 "};
  std::string all;
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    const std::string line =
        std::string(key.name) + "=" + std::string(key.default_text) + "\n";
    seeds.push_back(line);
    all += line;
  }
  seeds.push_back(all);
  seeds.push_back(
      "cleanup.policy=compact, delete\ncompression.type=zstd\n"
      "min.cleanable.dirty.ratio=1e-3\nflush.ms=1\n");
  return seeds;
}

}  // namespace cauce::fuzz
