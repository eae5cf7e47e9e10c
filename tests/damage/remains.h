// What an engine left behind when it stopped: every file of a data directory,
// where each batch stands in it, and what was written. To be damaged, laid on a
// disk and opened again.
//
// Topic `orders` has two partitions of three segments; `returns` has one, whose
// first records were deleted by request. Every stop leaves the same batches,
// and each time the same bytes: time stands still and chance counts. Plain
// values; nothing here checks anything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce::test {

enum class Stop {
  kClean,   // the engine was closed
  kKilled,  // its process died, with everything durable and its bounds saved
  kGrown,   // the same, and it was closed once within the last segment,
  kRolled,  // or within the one in front of that
};
inline constexpr Stop kEveryStop[] = {Stop::kClean, Stop::kKilled, Stop::kGrown,
                                      Stop::kRolled};

// By path below the data directory, as in "orders-0/partition.metadata".
using FileTree = std::map<std::string, std::string, std::less<>>;

// Where a batch stands.
struct BatchPlace {
  std::string file;
  size_t position = 0;
  size_t end = 0;
  Offset base;
  Offset next;
  Offset segment_next;  // where its segment ends
};

using Values = std::map<int64_t, std::string>;

class Remains {
 public:
  static const Remains& Of(Stop stop);

  const FileTree& files() const { return files_; }
  // In the order of their offsets.
  const std::vector<BatchPlace>& batches(std::string_view partition) const {
    return batches_.find(partition)->second;
  }
  // By partition: the records that a reader is to see.
  const std::map<std::string, Values, std::less<>>& records() const {
    return records_;
  }

  static constexpr int kBatchesOfAPartition = 9;  // three to a segment
  static constexpr int64_t kBatchRecords = 2;

 private:
  explicit Remains(Stop stop);
  void FindBatches();

  FileTree files_;
  std::map<std::string, std::vector<BatchPlace>, std::less<>> batches_;
  std::map<std::string, Values, std::less<>> records_;
};

// Puts files on a disk, making `directory` and what else they need.
void Lay(const FileTree& tree, FileSystem& files, std::string_view directory);

// Every file below `directory` that can be read.
FileTree Gather(FileSystem& files, std::string_view directory);

// The names of those files of `before` that are not in `after`.
std::vector<std::string> GoneFrom(const FileTree& before,
                                  const FileTree& after);

// Zeros at the end of a file are no records.
std::string_view WithoutZeros(std::string_view bytes);

}  // namespace cauce::test
