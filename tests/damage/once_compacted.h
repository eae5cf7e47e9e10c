// A log that was compacted once, and so may have gaps: a fixture that takes a
// segment of it away, in whole or in part, and sees who tells of that. Nothing
// takes the place of a segment that is gone, and no gap tells of it.
//
// For one thread; its checks are those of the test that it is in.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

// How a segment is lost.
enum class Loss {
  kLog,
  kLogAndIndexes,
  kEmptied,
  kCutShort,
  kCutOut,
  kCutOutAndIndexes,
  kDamaged,  // its last batch, and no byte is gone
  kZeroed,   // all of its log, and no byte is gone
  kForeign,  // another log's is in its place
};

struct Lost {
  Loss how;
  Stop stop = Stop::kClean;
  // Whether what the last close has noted is there. Without it only an index
  // tells whose log is not there, or empty.
  bool is_noted = true;
};

// For the name of a test.
std::string NameOf(const Lost& lost);

class OnceCompacted : public ::testing::TestWithParam<Lost> {
 protected:
  static constexpr std::string_view kDirectory = "/data";
  static const TopicPartition kDamaged;

  OnceCompacted();

  void Write(absl::FunctionRef<void(Engine&)> work);
  absl::StatusOr<Engine> Open(Access access);
  Sight Look(Access access);
  // Of all records, by their offsets.
  std::map<int64_t, Timestamp> Times();

  // The segment whose first batch is this one; returns how many records go.
  int64_t Lose(size_t first);
  void TakeMarkAway(bool is_noted);
  // The process dies behind `work`, and with it what it had open.
  void WriteAndDie(absl::FunctionRef<void(Engine&)> work);
  void AppendAndDie(int32_t partition, std::string_view value);
  void PutBack();
  // All of the directory is copied, and goes on as the copy.
  void Copy();

  // That a repair does what was planned, once, and what is then left. It knows
  // how many are lost, or that some are.
  void CheckRepair(std::optional<int64_t> lost);
  // That who reads, or verifies, is told.
  void CheckTold();
  // That nobody is told of anything.
  void CheckWhole();

  static void MakeAgain(Engine& engine);
  // Small ones, each of one record.
  void AppendSegments(Engine& engine);

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  SimClock clock_;
  std::vector<std::string> events_;
  Values left_ = Remains::Of(Stop::kClean).records().at("orders-0");
  FileTree before_;
  std::string stem_;
};

}  // namespace cauce::test
