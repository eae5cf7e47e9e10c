// A partition's directory, for suites about recovery: put segments there as a
// process leaves them that died, recover, and look at what came of it. For one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/recovery.h"
#include "engine/log/segment.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/test_disk.h"

namespace cauce::test {

inline constexpr Timestamp kNow{1'700'000'000'000};

class RecoveryFixture : public ::testing::TestWithParam<DiskKind> {
 protected:
  // Puts a segment of `count` batches of two records at `base` on the disk, as
  // a writer leaves it that never closed: without indexes.
  std::string WriteSegment(int64_t base, int count, int32_t epoch = 0) {
    std::string bytes;
    for (int64_t i = 0; i < count; ++i) {
      bytes += BatchAt(base + 2 * i, epoch);
    }
    disk_.Write(Log(base), bytes);
    return bytes;
  }

  static std::string BatchAt(int64_t base, int32_t epoch = 0) {
    return Batch({"one", "two"}, {kNow.ms + base})
        .At(Offset{base}, LeaderEpoch{epoch})
        .bytes();
  }
  static std::string Log(int64_t base) {
    return SegmentFileName(Offset{base}, kLogSuffix);
  }

  absl::StatusOr<RecoveredLog> Recover(RecoveryHints hints = {}) {
    events_.clear();
    hints.now = kNow;
    hints.events = [this](Severity, std::string_view line) {
      events_.emplace_back(line);
    };
    SegmentPlace place = disk_.Place();
    place.may_have_gaps = may_have_gaps_;
    return RecoverLog(place, hints);
  }

  // The base offsets of the batches that can be read.
  static std::vector<int64_t> BatchesOf(const RecoveredLog& log) {
    std::vector<int64_t> bases;
    auto all = log.sealed;
    all.push_back(log.writer->segment());
    for (const auto& segment : all) {
      BatchScanner scanner;
      auto batch = segment->Seek(scanner, Offset{0});
      while (batch.ok() && *batch) {
        bases.push_back((*batch)->base_offset().value);
        batch = scanner.Next();
      }
    }
    return bases;
  }

  static std::vector<int64_t> EveryOther(int64_t base, int64_t next) {
    std::vector<int64_t> all;
    for (; base < next; base += 2) all.push_back(base);
    return all;
  }

  static Offset EndOf(const RecoveredLog& log) {
    return log.writer->segment()->next();
  }

  // What the directory holds, by name.
  std::vector<std::pair<std::string, std::string>> Contents() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& name : disk_.Names()) {
      all.emplace_back(name, disk_.Read(name).value_or("(a directory)"));
    }
    return all;
  }

  TestDisk disk_{GetParam()};
  bool may_have_gaps_ = true;
  std::vector<std::string> events_;
};

}  // namespace cauce::test
