#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "engine/state/changelog_reader.h"
#include "engine/state/store_mark.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

class ChangelogReader : public ::testing::Test {
 protected:
  ChangelogReader() : engine_(Engine::Open(":memory:").value()) {
    EXPECT_THAT(engine_.CreateTopic("t"), IsOk());
    log_.emplace(engine_.OpenPartition("t", PartitionId{0}).value());
    const Record records[] = {{.key = "a", .value = "1"},
                              {.key = "b", .value = std::nullopt},
                              {.key = "c", .value = ""}};
    EXPECT_THAT(log_->Append(records), IsOk());
  }

  Engine engine_;
  std::optional<Partition> log_;
  const RowLayout layout_{StoreKind::kKeyValue, 0, 0};
  const std::function<Gaps()> take_ = [] { return Gaps::kTaken; };
  const std::function<Gaps()> refuse_ = [] { return Gaps::kRefused; };
};

TEST_F(ChangelogReader, ReadsWhatLiesBetweenTwoOffsets) {
  std::vector<std::string> keys;
  EXPECT_THAT(ReadChangelog(*log_, layout_, {1}, {3}, refuse_,
                            [&](const ChangelogRecord& record) {
                              keys.emplace_back(record.key);
                              return absl::OkStatus();
                            }),
              IsOk());
  EXPECT_THAT(keys, ElementsAre("b", "c"));
  EXPECT_THAT(ReadChangelog(*log_, layout_, {0}, {2}, take_,
                            [&](const ChangelogRecord&) {
                              return absl::CancelledError("enough");
                            }),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ChangelogReader, TellsOfAGapWhereThatCounts) {
  const auto take = [](const ChangelogRecord&) { return absl::OkStatus(); };
  EXPECT_THAT(ReadChangelog(*log_, layout_, {0}, {4}, take_, take),
              IsOk());
  EXPECT_THAT(ReadChangelog(*log_, layout_, {0}, {4}, refuse_, take),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(ChangelogReader, RefusesARecordWithoutAKey) {
  const Record record{.value = "1"};
  ASSERT_THAT(log_->Append({&record, 1}), IsOk());

  EXPECT_THAT(
      ReadChangelog(*log_, layout_, {0}, {4}, take_,
                    [](const ChangelogRecord&) { return absl::OkStatus(); }),
      HasReason(Reason::kInvalidRecord));
}

TEST_F(ChangelogReader, ChecksumIsThatOfTheRecord) {
  EXPECT_THAT(ChecksumAt(*log_, {1}),
              Optional(RecordChecksum("b", std::nullopt)));
  EXPECT_EQ(ChecksumAt(*log_, {3}), std::nullopt);
}

}  // namespace
}  // namespace cauce::test
