#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "cauce/record_batch.h"
#include "cauce/stores.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_table.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::Pair;

// A row as engine/FORMAT.md has it: its key in the table, and its value.
std::pair<std::string, std::string> RowOf(StoreKind kind, std::string log_key,
                                          Timestamp row_time) {
  RowMaker maker(RowLayout(kind, 60'000, 120'000));
  const StateChange row = maker.Make({.key = log_key,
                                      .value = "v",
                                      .time = {0x0102030405},
                                      .row_time = row_time});
  return {std::string(row.key), std::string(row.value.value())};
}

TEST(StoreTable, RowsHaveTheseBytesForEver) {
  const auto bytes = [](const char* text, size_t size) {
    return std::string(text, size);
  };
  EXPECT_THAT(RowOf(StoreKind::kKeyValue, "k", kNoTimestamp), Pair("k", "v"));
  EXPECT_THAT(RowOf(StoreKind::kTimestamped, "k", kNoTimestamp),
              Pair("k", bytes("\0\0\0\1\2\3\4\5v", 9)));
  // In segment 2, behind it the changelog's key: start 120 001, number 3.
  EXPECT_THAT(
      RowOf(StoreKind::kWindow, WindowRowKey("k", {120'001}, 3), {120'001}),
      Pair(bytes("\0\0\0\0\0\0\0\2k\0\0\0\0\0\1\xd4\xc1\0\0\0\3", 21), "v"));
  // The same of the end, 120 001; then the start, 1.
  EXPECT_THAT(RowOf(StoreKind::kSession,
                    SessionRowKey({"k", {1}, {120'001}}), {120'001}),
              Pair(bytes("\0\0\0\0\0\0\0\2k\0\0\0\0\0\1\xd4\xc1"
                         "\0\0\0\0\0\0\0\1",
                         25),
                   "v"));
}

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
