// Files that somebody cuts while an engine has them open. Nothing is mapped
// into memory, so there is no page to be missing: who reads there gets an
// error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr int64_t kRecords = 40;

std::string ValueAt(int64_t offset) { return fmt::format("value {}", offset); }

TEST(ShrinkingFile, IsAnErrorToWhoeverReadsAndNothingElse) {
  // To nothing, into a batch, and to the end of one.
  for (const uintmax_t left : {0, 40, 300}) {
    SCOPED_TRACE(left);
    const test::TempDir disk;
    auto engine = Engine::Open(disk / "data");
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->CreateTopic(
                    "orders", {.configs = {{"internal.segment.bytes", "1000"},
                                           {"index.interval.bytes", "1"}}}),
                IsOk());
    for (int64_t i = 0; i < kRecords; ++i) {
      ASSERT_THAT(test::AppendOne(*engine, kOrders, ValueAt(i)), IsOk());
    }
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    Cursor inside = orders->Read(Offset{0}, {.read_bytes = 4096});
    RecordView record;
    ASSERT_THAT(inside.Next(&record), IsOkAndHolds(true));

    // Logs and indexes, sealed and active.
    for (const auto& file :
         std::filesystem::directory_iterator(disk / "data/orders-0")) {
      const std::string name = file.path().filename();
      const bool is_log = name.ends_with(".log");
      if (!is_log && !name.ends_with("index")) continue;
      if (file.file_size() > left) std::filesystem::resize_file(file, left);
    }

    // From its buffer, perhaps, then no further without a word.
    int64_t last = 0;
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) {
      more = inside.Next(&record);
      if (!more.ok() || !*more) break;
      EXPECT_EQ(record.value, ValueAt(record.offset.value));
      last = record.offset.value;
    }
    EXPECT_FALSE(more.ok());
    EXPECT_LT(last, kRecords - 1);
    const auto sight = test::ReadOver(*engine, kOrders);
    for (const auto& [offset, value] : sight.records) {
      EXPECT_EQ(value, ValueAt(offset));
    }
    EXPECT_LT(sight.records.size(), size_t{kRecords});
    EXPECT_THAT(sight.told, Not(IsEmpty()));
    EXPECT_THAT(sight.told, Each(HasSubstr("orders-0 at offset ")));
    EXPECT_THAT(sight.ended, IsOk());
    EXPECT_TRUE(orders->FindByTime(Timestamp{0}).ok() ||
                IsDamage(orders->FindByTime(Timestamp{0}).status()));

    // What is written from now on is there, and no offset comes twice.
    EXPECT_THAT(test::AppendOne(*engine, kOrders, ValueAt(kRecords)),
                IsOkAndHolds(Offset{kRecords}));
    EXPECT_EQ(test::ReadOver(*engine, kOrders).records.count(kRecords), 1u);
    EXPECT_THAT(engine->Close(), IsOk());
    engine = Engine::Open(disk / "data");
    ASSERT_THAT(engine, IsOk());
    const auto added = test::AppendOne(*engine, kOrders, "after");
    ASSERT_THAT(added, IsOk());
    EXPECT_GT(*added, Offset{kRecords});
  }
}

}  // namespace
}  // namespace cauce
