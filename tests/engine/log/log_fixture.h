// A log over a disk in memory or a real one, for suites about logs. As
// thread-safe as what it holds, but for opening and ending.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/log/log.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"

namespace cauce::test {

inline constexpr AppendOptions kWritten{.ack = Ack::kWritten};

class LogFixture : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Open() { ASSERT_THAT(rig_.Open(), IsOk()); }

  Log& log() { return rig_.log(); }
  TopicConfig& config() { return rig_.config(); }

  // Appends a batch with the clock's time and returns its first offset.
  Offset Append(std::initializer_list<std::string_view> values,
                const AppendOptions& options = {}) {
    const auto result = log().Append(Batch(values, rig_.now()).view(), options);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }

  absl::StatusOr<std::vector<std::string>> Values(Offset from = {0}) {
    return ReadValues(rig_.shared_log(), from);
  }

  int Syncs() { return rig_.disk().files().Count(FileCall::kSync, ".log"); }

  // Segments of a few small batches each.
  void UseSmallSegments() { config().segment_bytes = 300; }

  std::vector<std::string> Logs() { return rig_.disk().Names(".log"); }

  LogRig rig_{GetParam()};
};

}  // namespace cauce::test
