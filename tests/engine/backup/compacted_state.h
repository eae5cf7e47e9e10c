// A topic "state" whose compaction makes several segments of many, to be
// stopped in the midst of it. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

inline constexpr std::string_view kState = "/data/state-0";

// Segments of a few records each, of which the first pass of a compaction makes
// at least four of several.
inline void MakeState(FileSystem& files) {
  auto source = OpenAt(files, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "state", {.configs = {{"cleanup.policy", "compact"},
                                        {"file.delete.delay.ms", "0"},
                                        {"internal.segment.bytes", "400"}}}),
              IsOk());
  for (int i = 0; i < 80; ++i) {
    const int key = i % 4 == 0 ? i : i % 3;
    Append(*source, "state", 0, fmt::format("k{}", key), fmt::format("{}", i));
  }
  ASSERT_THAT(source->Close(), IsOk());
}

// Which may fail: opened by hand, since a cut may end even that.
inline absl::Status CompactState(FileSystem& files) {
  ClientOptions options;
  options.threads = 0;
  options.engine.file_system = &files;
  options.engine.free_bytes_min = 0;
  const auto client = Client::Open("dir:/data", options);
  if (!client.ok()) return client.status();
  auto state = (*client)->engine()->OpenPartition("state", PartitionId{0});
  if (!state.ok()) return state.status();
  absl::Status compacted = state->Compact().status();
  compacted.Update((*client)->Close());
  return compacted;
}

inline std::vector<std::string> LogsOf(FileSystem& files) {
  return NamesIn(files, std::string(kState), ".log");
}

inline std::vector<std::string> SwapsOf(FileSystem& files) {
  return NamesIn(files, std::string(kState), ".log.swap");
}

// Compacts until the first segment that was made of others is to get its name:
// all of those have lost theirs by then.
inline void StopInFrontOfLastRename(FileSystem& files) {
  FailingFileSystem writers(files);
  writers.Fail(FileCall::kRename, ".log.swap",
               MakeError(Reason::kDiskFailed, "the power went"));
  EXPECT_FALSE(CompactState(writers).ok());
}

}  // namespace cauce::test
