#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/record_batch.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

TEST(StoreTable, ManyRecordsAreLoaded) {
  StoreRig rig;
  ASSERT_THAT(rig.engine->CreateTopic(
                  "s-changelog", {.configs = {{"cleanup.policy", "compact"}}}),
              IsOk());
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  BatchBuilder builder({}, 1 << 20);
  Rows expected;
  for (int i = 0; i < 150'000; ++i) {
    const std::string key = fmt::format("{}", i % 1000);
    const std::string value = fmt::format("{}", i);
    const bool gone = i % 1000 == 7;
    Record record{.key = key, .value = value};
    if (gone) record.value = std::nullopt;
    if (gone) {
      expected.erase(key);
    } else {
      expected[key] = value;
    }
    ASSERT_TRUE(builder.Add(record));
    if (i % 10'000 == 9'999) {
      ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
    }
  }

  EXPECT_EQ(AllOf(rig), expected);
  EXPECT_EQ(rig.engine->DescribeTopic("s-changelog")
                .value()
                .configs.at("cauce.store"),
            "key-value");
}

}  // namespace
}  // namespace cauce::test
