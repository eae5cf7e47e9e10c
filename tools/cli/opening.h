// How a verb opens the directory it works on, and finds a topic in it. What the
// engine has to warn of becomes a note. For the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/types.h"
#include "tools/cli/opening_threads.h"

namespace cauce::cli {

// Makes notes of what an engine has to warn of.
void TellWarnings(Severity severity, std::string_view line);

// Why `dir` could not be opened, and what to do about it.
absl::Status WhyNotOpened(const std::string& dir,
                          const absl::Status& failure);

// `events` is told what the engine has to tell.
absl::StatusOr<Engine> OpenForReading(const std::string& dir,
                                      EventSink events = TellWarnings);
struct WritingOptions {
  // May be null: then everything is done by who calls.
  OpeningThreads* threads = nullptr;
  // Whether a directory that is missing, or none of ours, becomes one.
  bool create_if_missing = false;
  int64_t free_bytes_min = EngineOptions().free_bytes_min;
};
absl::StatusOr<Engine> OpenForWriting(const std::string& dir,
                                      const WritingOptions& options = {});

// A client without threads: all is done in its callers' calls.
absl::StatusOr<std::unique_ptr<Client>> OpenClient(
    const std::string& dir, Access access,
    int64_t free_bytes_min = EngineOptions().free_bytes_min);

// What administers the directory; the client goes behind it.
struct OpenedAdmin {
  std::unique_ptr<Client> client;
  std::unique_ptr<Admin> admin;
};
absl::StatusOr<OpenedAdmin> OpenAdmin(const std::string& dir, Access access);

// The topic; the error for an unknown one says which there are.
absl::StatusOr<TopicDescription> FindTopic(const Engine& engine,
                                           const std::string& dir,
                                           const std::string& name);
// The same, wherever the log is.
absl::StatusOr<TopicDescription> FindTopic(Admin& admin, const std::string& dir,
                                           const std::string& name);
// `topic` as it is now. Reason::kUnknownTopic once it is deleted, a new one of
// its name or not.
absl::StatusOr<TopicDescription> LookAgain(const Engine& engine,
                                           const TopicDescription& topic);
// Why reading `topic` failed with `status`: files that are gone say less than
// that the topic went.
absl::Status ReadFailure(const Engine& engine, const TopicDescription& topic,
                         const absl::Status& status);
// The partition of a topic that exists.
absl::StatusOr<Partition> FindPartition(const Engine& engine,
                                        const TopicDescription& topic,
                                        PartitionId partition);

}  // namespace cauce::cli
