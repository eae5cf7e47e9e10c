// Waits for what another process does to a topic: more records, more
// partitions, or its end. By file events, nothing is polled.
//
// What happens after Open makes the descriptor readable until the next Look: so
// read after Open and after every Look, and nothing is missed. For one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

  // What poll finds readable once something was written since the last look.
  int descriptor() const { return all_->descriptor(); }

  // Takes note of what was written: looks at the topic again where something
  // was. Reason::kUnknownTopic once it was deleted.
  absl::Status Look();

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
