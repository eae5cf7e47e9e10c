// What tailing costs without an engine: a file to which one writes and from
// which another one reads, by how that one learns that there is more.
//
// For a writer and a reader, in threads or, where the reader's is forked from
// the one that made this, in processes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/tail_run.h"

namespace cauce::bench {

enum class TailNews {
  kCounter,  // in memory that both have: it looks again and again
  kFutex,    // it sleeps on that
  kInotify,  // nothing is shared but the file: it sleeps until the system tells
};

class FloorTail {
 public:
  // The file is made, and removed in the end; messages are of that size.
  static absl::StatusOr<std::unique_ptr<FloorTail>> Create(
      std::string path, size_t message_bytes, TailNews news);
  ~FloorTail();
  FloorTail(const FloorTail&) = delete;
  FloorTail& operator=(const FloorTail&) = delete;

  // A checksum and a write, then its number as news.
  absl::Status Write(std::string_view message);
  // As ReadMessages: a read and the checksum of each.
  absl::Status Read(VisitMessage visit);

 private:
  // In memory that both have, on lines of their own.
  struct Shared {
    alignas(128) std::atomic<uint32_t> count = 0;
    alignas(128) std::atomic<uint32_t> sleeping = 0;
  };
  // In place of a count.
  static constexpr uint32_t kFailed = UINT32_MAX;

  FloorTail(std::string path, size_t message_bytes, TailNews news, int fd,
            Shared* shared);
  void Tell(uint32_t count);
  // How many messages there are, once there are more or the time is over.
  absl::StatusOr<uint32_t> Wait();
  absl::StatusOr<uint32_t> WaitForFile();
  absl::StatusOr<uint32_t> CountInFile() const;

  const std::string path_;
  const TailNews news_;
  const int fd_;
  Shared* const shared_;
  // The writer's.
  std::string written_;
  uint32_t count_ = 0;
  // The reader's.
  std::string read_;
  uint32_t seen_ = 0;
  int inotify_ = -1;
};

}  // namespace cauce::bench
