// A changelog of so many records that a store takes them by a loader, and not
// by writes as it does with a few. For one thread, as its engine's own.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"

namespace cauce::test {

// Makes the topic and gives it `records`, with values of some `value_bytes`:
// every key again and again, and every 97th record takes its key away. Returns
// what a store is to hold.
inline std::map<std::string, std::string> FillChangelog(Engine& engine,
                                                        std::string_view topic,
                                                        int records,
                                                        size_t value_bytes) {
  constexpr int kKeys = 5000;
  constexpr int kBatch = 1000;
  std::map<std::string, std::string> rows;
  EXPECT_TRUE(
      engine.CreateTopic(topic, {.configs = {{"cleanup.policy", "compact"}}})
          .ok());
  auto log = engine.OpenPartition(topic, PartitionId{0}).value();
  BatchBuilder builder({}, 1 << 20);
  for (int i = 0; i < records; ++i) {
    // Not in their order.
    const std::string key = fmt::format("{}", i * 7919 % kKeys);
    std::string value = fmt::format("{}", i);
    value.resize(value_bytes, '.');
    Record record{.key = key, .value = value};
    if (i % 97 == 0) {
      record.value.reset();
      rows.erase(key);
    } else {
      rows[key] = value;
    }
    EXPECT_TRUE(builder.Add(record));
    if (i % kBatch != kBatch - 1 && i + 1 != records) continue;
    EXPECT_TRUE(log.Append(builder.Finish().value()).ok());
  }
  return rows;
}

}  // namespace cauce::test
