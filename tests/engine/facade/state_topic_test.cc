#include "engine/facade/state_topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/repair.h"
#include "cauce/topic_name.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kDirectory[] = "/data";
constexpr PartitionId kPartition{1};

StateBatch BatchOf(std::vector<std::string> keys) {
  StateBatch batch;
  for (std::string& key : keys)
    batch.records.push_back({.key = std::move(key), .value = "value"});
  return batch;
}

class StateTopicOn : public ::testing::Test {
 protected:
  absl::StatusOr<Engine> Open() {
    return Engine::Open(kDirectory, {.file_system = disk_.get(),
                                     .clock = &clock_,
                                     .offsets_topic_partitions = 3,
                                     .transaction_topic_partitions = 2});
  }

  static absl::StatusOr<std::shared_ptr<StateLog>> OpenLog(
      const Engine& engine) {
    return EngineCore::Of(engine)->OpenStateLog(kConsumerOffsetsTopic,
                                                EngineCore::IfMissing::kMake);
  }

  // "offset:key" of each record, with "!" where it is a tombstone and "~" in a
  // transaction, and "offset:end" of each marker; or why not.
  static std::vector<std::string> Replayed(StateLog& log) {
    std::vector<std::string> replayed;
    const absl::Status status =
        log.Replay(kPartition, [&](const StateEntry& entry) {
          std::string what = "end";
          if (const auto* read =
                  std::get_if<StateEntry::Record>(&entry.what)) {
            what = read->record.key;
            if (!read->record.value) what += "!";
            if (read->transaction) what += "~";
          }
          replayed.push_back(fmt::format("{}:{}", entry.offset.value, what));
          return absl::OkStatus();
        });
    if (!status.ok()) replayed.push_back(status.ToString());
    return replayed;
  }

  // Of an append, which is over when it returns where there is no executor.
  static absl::StatusOr<Offset> Append(StateLog& log, StateBatch batch) {
    absl::StatusOr<Offset> told = absl::UnknownError("nothing was told");
    log.Append(kPartition, std::move(batch),
               [&told](const auto& base) { told = base; });
    return told;
  }

  test::SimClock clock_;
  std::unique_ptr<FaultyDisk> disk_ = std::make_unique<FaultyDisk>(clock_);
};

TEST_F(StateTopicOn, GivesBackWhatWasAppendedToAnEngineThatOpensItAgain) {
  {
    Engine engine = Open().value();
    const auto log = OpenLog(engine).value();
    ASSERT_THAT(Append(*log, BatchOf({"a", "b"})), IsOk());
    StateBatch batch;
    batch.records.push_back({.key = "a", .value = std::nullopt});
    EXPECT_EQ(Append(*log, batch).value(), Offset{2});
    EXPECT_THAT(Replayed(*log), ElementsAre("0:a", "1:b", "2:a!"));
    ASSERT_THAT(engine.Close(), IsOk());
  }

  Engine engine = Open().value();
  EXPECT_THAT(Replayed(*OpenLog(engine).value()),
              ElementsAre("0:a", "1:b", "2:a!"));
}

TEST_F(StateTopicOn, KeepsWhatIsOfATransactionAndItsEnd) {
  Engine engine = Open().value();
  const auto log = OpenLog(engine).value();
  StateBatch batch = BatchOf({"a"});
  batch.transaction = ProducerInstance{{1000}, 5};
  ASSERT_THAT(Append(*log, batch), IsOk());
  ASSERT_THAT(Append(*log, batch), IsOk());
  absl::StatusOr<Offset> ended = absl::UnknownError("nothing was told");
  log->End(kPartition,
           {.producer_id = {1000},
            .producer_epoch = 6,
            .coordinator_epoch = 0,
            .outcome = TransactionOutcome::kCommit},
           [&ended](const auto& base) { ended = base; });
  EXPECT_THAT(ended, IsOk());
  ASSERT_THAT(Append(*log, BatchOf({"b"})), IsOk());

  EXPECT_THAT(Replayed(*log), ElementsAre("0:a~", "1:a~", "2:end", "3:b"));
  // An older instance of the producer is refused, as anywhere.
  EXPECT_THAT(Append(*log, batch), HasReason(Reason::kInvalidProducerEpoch));
}

TEST_F(StateTopicOn, AnswersThatItsEngineWasClosed) {
  std::shared_ptr<StateLog> log;
  {
    Engine engine = Open().value();
    log = OpenLog(engine).value();
    ASSERT_THAT(Append(*log, BatchOf({"a"})), IsOk());
  }

  EXPECT_THAT(Append(*log, BatchOf({"b"})), HasReason(Reason::kClosed));
  EXPECT_THAT(log->Replay({2}, [](const auto&) { return absl::OkStatus(); }),
              HasReason(Reason::kClosed));
}

TEST_F(StateTopicOn, TellsOfDamageAndBelievesNothing) {
  {
    Engine engine = Open().value();
    const auto log = OpenLog(engine).value();
    for (const char* key : {"a", "b", "c"})
      ASSERT_THAT(Append(*log, BatchOf({key})), IsOk());
    ASSERT_THAT(engine.Close(), IsOk());
  }
  // In the value of the second one.
  disk_->FlipBit("/data/__consumer_offsets-1/00000000000000000000.log",
                 (76 + 70) * 8);

  Engine engine = Open().value();
  const auto log = OpenLog(engine).value();
  const absl::Status replayed =
      log->Replay(kPartition, [](const auto&) { return absl::OkStatus(); });
  EXPECT_THAT(replayed, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(MessageOf(replayed)),
              HasSubstr("cauce log repair --dir /data"));
}

TEST_F(StateTopicOn, IsReadAgainOnceARepairHasMendedIt) {
  {
    Engine engine = Open().value();
    const auto log = OpenLog(engine).value();
    for (const char* key : {"a", "b", "c"})
      ASSERT_THAT(Append(*log, BatchOf({key})), IsOk());
    ASSERT_THAT(engine.Close(), IsOk());
  }
  disk_->FlipBit("/data/__consumer_offsets-1/00000000000000000000.log",
                 (76 + 70) * 8);

  const auto repaired = RepairDirectory(*disk_, kDirectory, RepairOptions());
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->offsets_lost, 1);

  Engine engine = Open().value();
  EXPECT_THAT(Replayed(*OpenLog(engine).value()), ElementsAre("0:a", "2:c"));
}

TEST_F(StateTopicOn, KeepsWhatItAcknowledgedWhereverThePowerIsCut) {
  const std::vector<std::string> keys = {"a", "b", "c"};
  // Appends until the power goes; returns how many were acknowledged.
  const auto run = [&] {
    size_t acknowledged = 0;
    auto engine = Open();
    if (!engine.ok()) return acknowledged;
    const auto log = OpenLog(*engine);
    if (!log.ok()) return acknowledged;
    for (const std::string& key : keys) {
      if (!Append(**log, BatchOf({key})).ok()) break;
      ++acknowledged;
    }
    return acknowledged;
  };
  bool is_cut = true;
  for (int64_t cut = 0; is_cut; ++cut) {
    for (const auto answer :
         {AlikeButOne::Answer::kFirst, AlikeButOne::Answer::kLast}) {
      SCOPED_TRACE(fmt::format("cut before change {}, {}", cut,
                               answer == AlikeButOne::Answer::kFirst
                                   ? "all that is unsynced is lost"
                                   : "all of it is kept"));
      disk_ = std::make_unique<FaultyDisk>(clock_);
      disk_->CutBefore(cut);
      const size_t acknowledged = run();
      is_cut = disk_->is_cut();
      if (is_cut) {
        AlikeButOne choices(answer);
        disk_->Restart(choices);
      } else {
        disk_->CutBefore(INT64_MAX);
      }

      Engine engine = Open().value();
      const auto replayed = Replayed(*OpenLog(engine).value());

      ASSERT_GE(replayed.size(), acknowledged);
      ASSERT_LE(replayed.size(), keys.size());
      for (size_t i = 0; i < replayed.size(); ++i)
        ASSERT_EQ(replayed[i], fmt::format("{}:{}", i, keys[i]));
    }
  }
}

}  // namespace
}  // namespace cauce
