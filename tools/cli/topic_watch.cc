#include "tools/cli/topic_watch.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tools/cli/opening.h"

namespace cauce::cli {

absl::StatusOr<std::unique_ptr<TopicWatch>> TopicWatch::Open(
    const Engine& engine, const std::string& dir, const std::string& name) {
  auto watch = std::unique_ptr<TopicWatch>(new TopicWatch(engine, dir));
  auto topics = PosixFileSystem()->Watch({&watch->dir_, 1});
  if (!topics.ok()) return topics.status();
  watch->topics_ = *std::move(topics);
  auto topic = FindTopic(engine, dir, name);
  if (!topic.ok()) return topic.status();
  watch->topic_ = *std::move(topic);
  absl::Status watched = watch->WatchPartitions();
  if (watched.ok()) watched = watch->LookAgain();
  if (!watched.ok()) return watched;
  return watch;
}

absl::Status TopicWatch::Look() {
  const auto changed = all_->Wait(absl::ZeroDuration());
  if (!changed.ok()) return changed.status();
  return *changed ? LookAgain() : absl::OkStatus();
}

// Until the catalogue stands still: what changed it before a new watch of the
// partitions began would not end the next wait for them.
absl::Status TopicWatch::LookAgain() {
  for (;;) {
    const auto changed = topics_->Wait(absl::ZeroDuration());
    if (!changed.ok()) return changed.status();
    if (!*changed) return absl::OkStatus();
    const auto now = cli::LookAgain(engine_, topic_);
    if (!now.ok()) return now.status();
    if (now->partitions == topic_.partitions) continue;
    topic_ = *now;
    if (absl::Status watched = WatchPartitions(); !watched.ok()) return watched;
  }
}

absl::Status TopicWatch::WatchPartitions() {
  std::vector<std::string> directories = {dir_};
  for (int32_t i = 0; i < topic_.partitions; ++i) {
    std::string path = fmt::format("{}/{}-{}", dir_, topic_.name, i);
    // One that is missing keeps the others from nothing; who opens it is told.
    const auto info = PosixFileSystem()->Info(path);
    if (absl::IsNotFound(info.status())) continue;
    directories.push_back(std::move(path));
  }
  auto watch = PosixFileSystem()->Watch(directories);
  if (watch.ok()) {
    all_ = *std::move(watch);
    return absl::OkStatus();
  }
  return ReadFailure(engine_, topic_, watch.status());
}

}  // namespace cauce::cli
