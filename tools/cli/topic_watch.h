// Waits for what another process does to a topic: more records, more
// partitions, or its end. By file events, nothing is polled.
//
// What happens after Open wakes a later Wait, whatever was done in between: so
// read after Open and after every Wait, and nothing is missed. For one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"

namespace cauce::cli {

class TopicWatch {
 public:
  // Borrows the engine, which was opened for reading `dir`.
  static absl::StatusOr<std::unique_ptr<TopicWatch>> Open(
      const Engine& engine, const std::string& dir, const std::string& name);

  // The topic as it was last seen.
  const TopicDescription& topic() const { return topic_; }

  // Waits until something was written, a signal arrived or `timeout` passed.
  // Returns true for what was written, having looked at the topic again.
  // Reason::kUnknownTopic once it was deleted.
  absl::StatusOr<bool> Wait(absl::Duration timeout);

 private:
  TopicWatch(const Engine& engine, std::string dir)
      : engine_(engine), dir_(std::move(dir)) {}

  absl::Status WatchPartitions();
  absl::Status LookAgain();

  const Engine& engine_;
  const std::string dir_;
  TopicDescription topic_;
  // The catalogue's directory alone, and the partitions' too.
  std::unique_ptr<FileWatch> topics_;
  std::unique_ptr<FileWatch> all_;
};

}  // namespace cauce::cli
