// What an engine shows of a directory to a reader who passes by damage, and
// what it says meanwhile. Helpers for one thread; they check nothing but that
// a reader comes to an end.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "tests/damage/remains.h"

namespace cauce::test {

// What a reader gets of a partition, from its start to its end.
struct Sight {
  Values records;
  std::vector<std::string> told;  // damage, in the order of the offsets
  absl::Status ended;             // why nothing more could be read
};

Sight ReadOver(const Partition& partition);
// With the error of opening the partition where there is one.
Sight ReadOver(const Engine& engine, const TopicPartition& partition);

// All that `cauce log verify` finds.
std::vector<Finding> VerifyAll(FileSystem& files, std::string_view directory);

// Appends one record and returns where it is.
absl::StatusOr<Offset> AppendOne(const Engine& engine,
                                 const TopicPartition& partition,
                                 std::string_view value);

}  // namespace cauce::test
