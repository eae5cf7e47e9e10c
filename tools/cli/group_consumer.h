// The work of `consume --group`: reads a topic as a member of a group, from
// where the group is up to the end, and commits what was printed.
//
// It is committed once it was handed on, and is on the disk where standard
// output is a file: whatever ends it, nothing is passed over, and what was
// printed last may be printed again. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/read.h"
#include "tools/cli/format.h"
#include "tools/cli/output.h"
#include "tools/cli/print_pattern.h"
#include "tools/cli/progress.h"

namespace cauce::cli {

struct GroupReading {
  std::string group;
  Format format = Format::kText;
  // Stop after so many.
  std::optional<int64_t> count;
  // Tell of damage and read on behind it.
  bool skip_damage = false;
  Isolation isolation = Isolation::kReadUncommitted;
  // Where the group has committed nothing.
  ResetTo reset = ResetTo::kEarliest;
  bool commits = true;
  int64_t free_bytes_min = EngineOptions().free_bytes_min;
};

class GroupConsumer {
 public:
  GroupConsumer(const GroupReading& options, PrintPattern pattern);

  // Prints what the group has not read of the topic; returns the exit code.
  int Run(const std::string& dir, const std::string& topic);

 private:
  absl::Status Read(const std::string& dir);
  // Until no transaction decides where the group is, or a signal has come.
  absl::Status WaitForTransactions(const TopicDescription& topic);
  // Whether records were lost that the group has not read.
  absl::Status LookForMissing(const TopicDescription& topic);
  absl::Status ReadAll();
  // Whether all that there is was read; else waits a little.
  absl::StatusOr<bool> IsAtEnd();
  // Says once that it waits for others, where there are any.
  void TellWhomItWaitsFor();
  absl::Status Take(std::span<const ConsumerRecord> records);
  absl::Status PassDamage(const absl::Status& damage);
  // What was printed so far.
  absl::Status HandOnAndCommit();
  absl::Status SyncOutput() const;
  void Print(const ConsumerRecord& record);

  const GroupReading options_;
  const PrintPattern pattern_;
  std::string topic_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<cauce::Consumer> consumer_;
  Output out_;
  Progress progress_;
  OffsetsToCommit printed_;  // up to where
  absl::Duration commit_at_;
  int64_t taken_ = 0;
  int64_t bytes_ = 0;
  bool done_ = false;
  bool waits_told_ = false;
  bool damage_seen_ = false;  // or what is missing
  // The last damage for which no offset moved.
  std::string not_passed_;
};

}  // namespace cauce::cli
