#include "tools/cli/record_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce::cli {
namespace {

using test::IsOk;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Source : public ::testing::Test {
 protected:
  Source() : engine_(*Engine::Open(":memory:")) {
    EXPECT_THAT(engine_.CreateTopic("t"), IsOk());
    for (int i = 0; i < 6; ++i) {
      const std::string value = std::to_string(i);
      const Record record{.key = "k", .value = value};
      EXPECT_THAT(Topic().Append({&record, 1}), IsOk());
    }
  }

  Partition Topic() { return *engine_.OpenPartition("t", PartitionId{0}); }

  std::vector<std::string> Read() {
    std::vector<std::string> values;
    const absl::Status read =
        source_.ReadAvailable([&](const RecordSource::Item& item) {
          values.emplace_back(*item.record.value);
          return RecordSource::Next::kGoOn;
        });
    EXPECT_THAT(read, IsOk());
    return values;
  }

  Engine engine_;
  RecordSource source_{OnDamage::kStop};
};

TEST_F(Source, ReadsUpToWhereItWasToldTo) {
  source_.Add({Topic(), Offset{1}, Offset{4}});
  EXPECT_THAT(Read(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(Source, SeesDamageWhereAPartitionIsCutShort) {
  source_.Add({Topic(), Offset{0}, Offset{6}, true});
  EXPECT_FALSE(source_.damage_seen());
  EXPECT_THAT(Read(), SizeIs(6));
  EXPECT_TRUE(source_.damage_seen());
}

TEST_F(Source, GoesOnAtTheStartWhereRetentionWasFaster) {
  source_.Add({Topic(), Offset{0}, std::nullopt});
  ASSERT_THAT(Topic().DeleteRecordsBefore(Offset{4}), IsOk());
  EXPECT_THAT(Read(), ElementsAre("4", "5"));
}

TEST_F(Source, EndsWhereAllItWasToReadHasGone) {
  source_.Add({Topic(), Offset{0}, Offset{3}});
  ASSERT_THAT(Topic().DeleteRecordsBefore(Offset{4}), IsOk());
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(Source, TellsOfAnOffsetBehindTheEnd) {
  source_.Add({Topic(), Offset{5}, std::nullopt});
  EXPECT_THAT(Read(), ElementsAre("5"));
  ASSERT_THAT(Topic().TruncateTo(Offset{2}), IsOk());
  EXPECT_THAT(source_.ReadAvailable([](const RecordSource::Item&) {
    return RecordSource::Next::kGoOn;
  }),
              test::HasReason(Reason::kOffsetOutOfRange));
}

TEST_F(Source, LetsGoOfAPartitionOnceItWasRead) {
  for (const int64_t end : {2, 0, 6}) {
    source_.Add({Topic(), Offset{0}, Offset{end}});
  }
  EXPECT_EQ(source_.cursors(), 0u);
  EXPECT_THAT(Read(), SizeIs(8));
  EXPECT_EQ(source_.parts(), 0u);
  EXPECT_EQ(source_.cursors(), 0u);
}

TEST_F(Source, KeepsFewCursorsHoweverManyPartitionsItFollows) {
  constexpr int kPartitions = RecordSource::kCursorsMax + 10;
  ASSERT_THAT(engine_.CreateTopic("many", {.partitions = kPartitions}), IsOk());
  std::vector<Partition> partitions;
  for (int i = 0; i < kPartitions; ++i) {
    partitions.push_back(*engine_.OpenPartition("many", PartitionId{i}));
    source_.Add({*engine_.OpenPartition("many", PartitionId{i}), Offset{0},
                 std::nullopt});
  }
  for (const std::string& value : {std::string("one"), std::string("two")}) {
    for (Partition& partition : partitions) {
      const Record record{.key = "k", .value = value};
      ASSERT_THAT(partition.Append({&record, 1}), IsOk());
    }
    EXPECT_THAT(Read(), AllOf(SizeIs(kPartitions), Each(value)));
    EXPECT_LE(source_.cursors(), RecordSource::kCursorsMax);
    EXPECT_THAT(Read(), IsEmpty());
  }
  // Also of one that none is kept for.
  ASSERT_THAT(partitions.back().TruncateTo(Offset{1}), IsOk());
  EXPECT_THAT(source_.ReadAvailable([](const RecordSource::Item&) {
    return RecordSource::Next::kGoOn;
  }),
              test::HasReason(Reason::kOffsetOutOfRange));
}

}  // namespace
}  // namespace cauce::cli
