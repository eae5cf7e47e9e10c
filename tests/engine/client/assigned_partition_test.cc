#include "engine/client/assigned_partition.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class AssignedPartitionTest : public ::testing::Test {
 protected:
  AssignedPartitionTest() {
    auto engine = Engine::Open("/data", {.file_system = &files_});
    EXPECT_THAT(engine, IsOk());
    engine_.emplace(*std::move(engine));
    EXPECT_THAT(engine_->CreateTopic(
                    "t", {.configs = {{"internal.segment.bytes", "1000"}}}),
                IsOk());
  }
  void Append(const std::string& value) {
    auto to = engine_->OpenPartition("t", PartitionId{0});
    ASSERT_THAT(to, IsOk());
    const Record record{.value = value, .timestamp = {1000}};
    ASSERT_THAT(to->Append({&record, 1}), IsOk());
  }

  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  std::optional<Engine> engine_;
  std::shared_ptr<WakeSignal> signal_ = std::make_shared<WakeSignal>(nullptr);
  AssignedPartition partition_{{"t", PartitionId{0}},
                               {.reset = ResetTo::kEarliest},
                               signal_};
  std::vector<ConsumerRecord> records_;
};

TEST_F(AssignedPartitionTest, LooksOnlyWhereSomethingHasMoved) {
  ASSERT_THAT(partition_.Take(*engine_, 10, records_), IsOk());
  partition_.MayHaveMore();  // nobody had looked
  ASSERT_THAT(partition_.Take(*engine_, 10, records_), IsOk());
  EXPECT_FALSE(partition_.MayHaveMore());

  Append("a");
  EXPECT_TRUE(partition_.MayHaveMore());
}

TEST_F(AssignedPartitionTest, AddsBehindWhatIsThere) {
  Append("a");
  records_.resize(3);
  ASSERT_THAT(partition_.Take(*engine_, 3, records_), IsOk());
  EXPECT_EQ(records_.size(), 3u);
  ASSERT_THAT(partition_.Take(*engine_, 4, records_), IsOk());
  ASSERT_EQ(records_.size(), 4u);
  EXPECT_EQ(*records_[3].partition, partition_.name());
}

TEST_F(AssignedPartitionTest, GoesOnBehindDamageWhenItIsToldTo) {
  for (int i = 0; i < 40; ++i) Append(std::string(100, 'v'));
  files_.Fail(FileCall::kRead, ".log",
              MakeError(Reason::kCorruptBatch, "a flipped bit"), 0, 1);
  EXPECT_THAT(partition_.Take(*engine_, 10, records_),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(partition_.Position(*engine_), IsOkAndHolds(Offset{0}));
  ASSERT_THAT(partition_.SkipDamage(), IsOk());
  ASSERT_THAT(partition_.Take(*engine_, 10, records_), IsOk());
  EXPECT_FALSE(records_.empty());
}

TEST_F(AssignedPartitionTest, AnswersWhereItsLogHasNoPlaceToReadFrom) {
  Append("a");
  files_.Fail(FileCall::kRead, ".log",
              MakeError(Reason::kOffsetOutOfRange, "nothing is to be read"));
  EXPECT_THAT(partition_.Take(*engine_, 10, records_),
              HasReason(Reason::kOffsetOutOfRange));
  files_.Mend();
  ASSERT_THAT(partition_.Take(*engine_, 10, records_), IsOk());
  EXPECT_EQ(records_.size(), 1u);
}

TEST_F(AssignedPartitionTest, TellsOnceOfEachPositionThatItLoses) {
  std::vector<std::string> told;
  AssignedPartition partition({"t", PartitionId{0}},
                              {.reset = ResetTo::kEarliest}, signal_,
                              [&told](Severity, std::string_view line) {
                                told.emplace_back(line);
                              });
  Append("a");
  ASSERT_THAT(partition.Take(*engine_, 10, records_), IsOk());
  EXPECT_EQ(told.size(), 0u) << "the first position is none that is lost";
  ASSERT_THAT(partition.Seek(Offset{7}), IsOk());
  ASSERT_THAT(partition.Take(*engine_, 10, records_), IsOk());
  EXPECT_EQ(told.size(), 1u);

  ASSERT_THAT(
      engine_->OpenPartition("t", PartitionId{0})->DeleteRecordsBefore({1}),
      IsOk());
  ASSERT_THAT(partition.Seek(Offset{0}), IsOk());
  ASSERT_THAT(partition.Take(*engine_, 10, records_), IsOk());
  ASSERT_THAT(partition.Take(*engine_, 10, records_), IsOk());
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(AssignedPartitionTest, KeepsAPositionThatWasSoughtBeforeItWasOpened) {
  Append("a");
  Append("b");
  ASSERT_THAT(partition_.Seek(Offset{1}), IsOk());
  ASSERT_THAT(partition_.Take(*engine_, 10, records_), IsOk());
  ASSERT_EQ(records_.size(), 1u);
  EXPECT_EQ(records_[0].offset, Offset{1});
}

}  // namespace
}  // namespace cauce
