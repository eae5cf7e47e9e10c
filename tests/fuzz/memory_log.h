// One partition's log over files in memory: opened, read, closed or left to
// die, any number of times, without a test framework around it. As an engine
// does, it notes what is known of the log at each close, and what is found
// missing at each opening, and saves that: what was not saved a kill forgets.
// The notes lie elsewhere, where nobody who verifies sees them. Any call that
// cannot fail here stops the process when it does. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/facade/known_logs.h"
#include "engine/io/file_pool.h"
#include "engine/log/log.h"
#include "tests/fuzz/file_tree.h"
#include "tests/testing/sim_clock.h"

namespace cauce::fuzz {

inline constexpr size_t kReadDecompressedMax = 1 << 20;

// All that can be read of a log, damage passed by.
struct Contents {
  struct Record {
    Offset offset;
    Timestamp timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    friend bool operator==(const Record&, const Record&) = default;
  };

  Offset start;
  Offset end;
  std::vector<std::string> batches;  // as they are stored
  std::vector<Record> records;       // of those whose records can be decoded
  std::vector<Record> markers;       // of transactions, which no record is
  int damages = 0;                   // places that were passed by
  int undecoded = 0;                 // batches, of those above

  friend bool operator==(const Contents&, const Contents&) = default;
};

class MemoryLog {
 public:
  explicit MemoryLog(const TopicConfig& config);
  ~MemoryLog();
  MemoryLog(const MemoryLog&) = delete;
  MemoryLog& operator=(const MemoryLog&) = delete;

  FileSystem& files() { return *files_; }
  FileTree Tree() { return ReadTree(*files_, kDirectory); }
  void Write(const FileTree& tree) { WriteTree(*files_, kDirectory, tree); }

  // What the next log is told of the last one's end.
  void set_bounds(const LogBounds& bounds) { bounds_ = bounds; }
  const LogBounds& bounds() const { return bounds_; }
  void set_clean_stop(bool clean) { clean_stop_ = clean; }

  absl::Status Open();
  absl::StatusOr<std::shared_ptr<Log>> OpenReadOnly();
  const std::shared_ptr<Log>& log() { return log_; }
  // As the end of the process, and as that of the engine.
  void Kill();
  void Close();

  // How often a log said that records which were durable are damaged.
  int damages_told() const { return damages_told_; }

  // Looks at the directory as `cauce log verify` does, and at each file as
  // `cauce log dump` does; returns what was found.
  VerifySummary Verify();

  static constexpr std::string_view kData = "/data";
  static constexpr std::string_view kDirectory = "/data/orders-0";

 private:
  absl::StatusOr<std::shared_ptr<Log>> OpenLog(bool read_only);
  void NoteMissing();
  void NoteKnown();
  // Of the log that is open, with the directory it is in.
  std::optional<KnownLog> Known();

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_;
  const std::shared_ptr<FilePool> pool_;
  const TopicConfig config_;
  const std::unique_ptr<FileSystem> notes_;
  std::optional<KnownLogs> known_;
  LogBounds bounds_;
  std::vector<EpochStart> epochs_;
  bool clean_stop_ = false;
  int damages_told_ = 0;
  std::shared_ptr<Log> log_;
};

// Reads all batches, and then all records, which must tell the same. Offsets
// grow, and every walk comes to an end.
Contents ReadContents(const std::shared_ptr<Log>& log);

}  // namespace cauce::fuzz
