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
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  RecordSource source_{RecordSource::OnDamage::kStop};
};

TEST_F(Source, ReadsUpToWhereItWasToldTo) {
  source_.Add({Topic(), Offset{1}, Offset{4}});
  EXPECT_THAT(Read(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Read(), IsEmpty());
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

}  // namespace
}  // namespace cauce::cli
