// An engine in memory whose calls of the file system are counted, with a clock
// that stands still. It can be killed: nothing that it does at its end reaches
// the disk. What it leaves is verified, as after a kill. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce::test {

class CountedEngine : public ::testing::Test {
 protected:
  ~CountedEngine() override {
    Kill();
    ExpectVerified(*memory_, "/data", left_);
  }
  // What the test leaves behind on purpose.
  void Leaves(Left left) { left_ = left; }

  absl::Status Open() {
    auto engine = Engine::Open(
        "/data", {.file_system = &files_,
                  .clock = &clock_,
                  .events = [this](Severity, std::string_view line) {
                    events_.emplace_back(line);
                  }});
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    return absl::OkStatus();
  }
  // Nothing that the process does at its end reaches the disk.
  void Kill() {
    files_.FailAfter(0);
    engine_.reset();
    files_.Mend();
    events_.clear();
  }
  void Append(int32_t partition, int times = 1) {
    auto to = engine_->OpenPartition("orders", PartitionId{partition});
    ASSERT_THAT(to, IsOk());
    const Record record{
        .key = "k", .value = "v", .timestamp = Timestamp::From(clock_.Now())};
    for (int i = 0; i < times; ++i) {
      ASSERT_THAT(to->Append({&record, 1}), IsOk());
    }
  }
  int Syncs() const {
    return files_.Count(FileCall::kSync, "") +
           files_.Count(FileCall::kSyncDirectory, "");
  }
  int Opens() const { return files_.Count(FileCall::kOpen, ""); }

  SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  FailingFileSystem files_{*memory_};
  std::vector<std::string> events_;
  std::optional<Engine> engine_;
  Left left_ = Left::kKilled;
};

}  // namespace cauce::test
