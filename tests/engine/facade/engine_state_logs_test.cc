#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/facade/engine_core.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using testing::IsEmpty;

constexpr PartitionId kPartition{1};

absl::StatusOr<Engine> Open() {
  return Engine::Open(":memory:", {.offsets_topic_partitions = 3,
                                   .transaction_topic_partitions = 2});
}

absl::StatusOr<std::shared_ptr<StateLog>> OpenLog(const Engine& engine) {
  return EngineCore::Of(engine)->OpenStateLog(kConsumerOffsetsTopic,
                                              EngineCore::IfMissing::kMake);
}

TEST(EngineStateLogs, AreMadeAtTheirFirstUseWithKafkasConfigs) {
  Engine engine = Open().value();
  EXPECT_THAT(engine.ListTopics().value(), IsEmpty());

  const auto log = OpenLog(engine).value();

  const auto topic = engine.DescribeTopic("__consumer_offsets").value();
  EXPECT_TRUE(topic.internal);
  EXPECT_EQ(topic.partitions, 3);
  EXPECT_EQ(log->partitions(), 3);
  EXPECT_EQ(topic.configs.at("cleanup.policy"), "compact");
  EXPECT_EQ(topic.configs.at("segment.bytes"), "104857600");
  EXPECT_EQ(OpenLog(engine).value(), log);
}

TEST(EngineStateLogs, AreNotMadeForWhoOnlyLooks) {
  Engine engine = Open().value();
  EXPECT_THAT(
      EngineCore::Of(engine)->OpenStateLog(kTransactionStateTopic,
                                           EngineCore::IfMissing::kTell),
      HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(engine.ListTopics().value(), IsEmpty());
}

TEST(EngineStateLogs, AreNotWrittenByPrograms) {
  Engine engine = Open().value();
  const auto log = OpenLog(engine).value();
  absl::StatusOr<Offset> told;
  log->Append(kPartition,
              {.records = {{.key = "a", .value = "v"}}, .transaction = {}},
              [&told](const auto& base) { told = base; });
  ASSERT_THAT(told, IsOk());
  Partition partition =
      engine.OpenPartition("__consumer_offsets", kPartition).value();
  const Record record{.key = "k", .value = "v"};
  const auto is_refused = HasReason(Reason::kInvalidTopicName);

  EXPECT_THAT(partition.Append({&record, 1}), is_refused);
  EXPECT_THAT(partition.EndTransaction({.producer_id = {1},
                                        .producer_epoch = 0,
                                        .coordinator_epoch = 0}),
              is_refused);
  EXPECT_THAT(partition.TruncateTo(Offset{0}), is_refused);
  EXPECT_THAT(partition.DeleteRecordsBefore(Offset{1}), is_refused);
  EXPECT_THAT(engine.DeleteTopic("__consumer_offsets"), is_refused);
  EXPECT_THAT(engine.CreateTopic("__transaction_state"), is_refused);
  EXPECT_THAT(engine.CreatePartitions("__consumer_offsets", 60),
              HasReason(Reason::kInvalidPartitions));

  EXPECT_THAT(engine.AlterTopic("__consumer_offsets",
                                {{"cleanup.policy", "compact,delete"}}),
              HasReason(Reason::kInvalidConfig));

  // Who wants to look may, and to change a config as well.
  EXPECT_EQ(partition.high_watermark(), Offset{1});
  EXPECT_THAT(engine.AlterTopic("__consumer_offsets",
                                {{"segment.bytes", "2097152"}}),
              IsOk());
}

}  // namespace
}  // namespace cauce
