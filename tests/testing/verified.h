// Whether `cauce log verify` has something to say about what a test leaves
// behind. Nothing is mended or written. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"

namespace cauce::test {

// What a test leaves behind.
enum class Left {
  kWhole,    // as after a clean stop: nothing to find
  kKilled,   // as a writer that died leaves it: notes, never damage
  kDamaged,  // the test damaged files on purpose: not looked at
};

// A failure for everything found in the data directory `directory` that does
// not belong to `left`. A directory that was never made has nothing to find.
inline void ExpectVerified(FileSystem& files, std::string_view directory,
                           Left left) {
  if (left == Left::kDamaged ||
      absl::IsNotFound(files.Info(directory).status())) {
    return;
  }
  const auto verified =
      VerifyDirectory(files, directory, {}, [left](const Finding& finding) {
        if (left == Left::kKilled && finding.gravity == Gravity::kNote) return;
        ADD_FAILURE() << "left behind: " << finding.file << ": "
                      << finding.what;
      });
  EXPECT_TRUE(verified.ok()) << verified.status();
}

}  // namespace cauce::test
