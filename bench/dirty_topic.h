// A compacted topic that nobody has compacted yet, closed: keys drawn at random
// have been written again and again, or each once. Who changes it gets a copy
// of its own.
//
// The directory goes with it. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cauce::bench {

struct DirtyTopicSpec {
  int64_t bytes = 0;  // at least so many
  // Of a value, drawn evenly.
  size_t value_bytes_min = 0;
  size_t value_bytes_max = 0;
  // To draw from. Absent: as many as there are records, each once, in no order.
  std::optional<int64_t> keys;
  uint32_t seed = 1;
  std::string topic = "bench";
};

class DirtyTopic {
 public:
  static constexpr size_t kKeyBytes = 8;

  static absl::StatusOr<std::unique_ptr<DirtyTopic>> Create(
      const std::string& directory, const DirtyTopicSpec& spec);
  ~DirtyTopic();

  // Its directory again, at `path`. Logs are the same files by other names,
  // since nothing changes a sealed one, but the newest, to which is appended.
  absl::Status CopyTo(const std::string& path) const;
  // The same with the partition's first segment alone.
  absl::Status CopyBeginningTo(const std::string& path) const;

  const std::string& topic() const { return topic_; }
  // The partition's within the directory, as in "/bench-0".
  std::string folder() const;

  // The logs, oldest first.
  std::vector<std::string> LogPaths() const;
  int64_t bytes() const { return bytes_; }
  int64_t records() const { return records_; }
  int64_t distinct_keys() const { return distinct_keys_; }
  int64_t segment_bytes() const { return segment_bytes_; }

 private:
  DirtyTopic(std::string directory, std::string topic, int64_t segment_bytes);
  absl::Status Write(const DirtyTopicSpec& spec);
  absl::Status CopyTo(const std::string& path, size_t segments) const;

  const std::string directory_;
  const std::string topic_;
  const int64_t segment_bytes_;
  int64_t bytes_ = 0;
  int64_t records_ = 0;
  int64_t distinct_keys_ = 0;
};

}  // namespace cauce::bench
