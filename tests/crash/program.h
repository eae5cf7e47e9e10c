// A program that uses an engine, one step after the other, on a disk whose
// power may go at any moment; and the promises that the engine made it.
//
// Not thread-safe. The same steps on the same disk make the same calls.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/types.h"
#include "tests/crash/promises.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

enum class Step {
  kAppend,         // two records, acknowledged when durable
  kAppendWritten,  // two records, acknowledged when written
  kAppendLarge,    // one record of several sectors, when written
  kAppendOs,       // to a topic with cauce.flush=os
  kFlush,
  kTruncate,
  kDeleteRecords,
  kUpkeep,  // time passes; retention finds something to delete
  kCreateTopic,
  kDeleteTopic,
  kAlterTopic,
  kGrowTopic,
  kReopen,
  // To a topic that is compacted, and that two producers write to.
  kSend,  // one record, acknowledged when durable
  kSendInTransaction,  // one record, when written
  kCommit,
  kAbort,
  kCompact,
};
// Those of the topics above; they are as the numbers up to this one.
inline constexpr int kSteps = static_cast<int>(Step::kReopen) + 1;
// Those of the one that is compacted.
inline constexpr std::array kTableSteps = {
    Step::kSend,    Step::kSendInTransaction, Step::kCommit, Step::kAbort,
    Step::kCompact, Step::kUpkeep,            Step::kReopen};
std::string_view StepName(Step step);

// Which topics a program finds.
enum class Topics {
  kPlain,  // those of the first steps,
  kTable,  // or the one that is compacted
};

class Program {
 public:
  // All are borrowed; `promises` is what holds of the disk, and is kept true.
  Program(FaultyDisk& disk, SimClock& clock, Promises& promises);
  ~Program();

  absl::Status Open();
  absl::Status Close();
  // Returns what the engine said. Where that is an error, what the step was to
  // change is promised in neither way, and later steps may go on: an engine
  // that could not be closed is opened again, a topic made if it is not there.
  absl::Status Run(Step step);
  Engine& engine() { return *engine_; }

  static constexpr std::string_view kDirectory = "/data";
  static constexpr int64_t kIndexIntervalBytes = 100;  // of every topic
  // Makes what every program finds: topics with some full segments.
  absl::Status SetUp(Topics topics);

  // How often the engine told its event sink of something wrong so far.
  int warnings() const { return warnings_; }

 private:
  class CountingRandom final : public Random {
   public:
    explicit CountingRandom(uint64_t first) : next_(first) {}
    uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

   private:
    uint64_t next_;
  };

  // What a close that goes well makes durable: every log but those that could
  // not be recovered, which it leaves as they are. One is excused where the
  // opening named it in a warning and the disk still fails, or has no room: no
  // other refusal keeps a log that was acknowledged from being recovered.
  std::vector<PartitionPromise*> Recovered();
  bool IsUnrecovered(const TopicPartition& partition);
  // The topic's first partition; nothing where there is no such topic.
  absl::StatusOr<std::optional<Partition>> Find(std::string_view topic);
  absl::Status Append(std::string_view topic, int records, size_t bytes,
                      Ack ack);
  absl::Status SetUpPlain();
  absl::Status SetUpTable();
  absl::Status RunOnTable(Step step);
  absl::Status Flush();
  absl::Status Truncate();
  absl::Status DeleteRecords();
  absl::Status Upkeep();
  absl::Status CreateTopic(std::string_view name);
  absl::Status DeleteTopic(std::string_view name);
  absl::Status AlterTopic();
  absl::Status GrowTopic();

  FaultyDisk& disk_;
  SimClock& clock_;
  Promises& promises_;
  int warnings_ = 0;
  // What the engine warned of while it was opened.
  std::vector<std::string> told_;
  // No two programs on one disk give the same ids.
  CountingRandom random_;
  int64_t values_ = 0;
  std::optional<Engine> engine_;
};

}  // namespace cauce::test
