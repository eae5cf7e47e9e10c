// Whether `cauce log verify` has something to say about what a test leaves
// behind. Nothing is mended or written. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "fmt/format.h"

namespace cauce::test {

// What a test leaves behind.
enum class Left {
  kWhole,    // as after a clean stop: nothing to find
  kKilled,   // as a writer that died leaves it: notes, never damage
  kDamaged,  // the test damaged files on purpose: not looked at
};

// A failure for everything found in the data directory `directory` that does
// not belong to `left`. A directory that was never made, or in which nothing
// was made but its lock, what was to be renamed and partitions without any
// file, has nothing to find.
inline void ExpectVerified(FileSystem& files, std::string_view directory,
                           Left left) {
  if (left == Left::kDamaged) return;
  const auto entries = files.List(directory);
  if (absl::IsNotFound(entries.status())) return;
  ASSERT_TRUE(entries.ok()) << entries.status();
  const bool is_begun =
      std::ranges::any_of(*entries, [&](const DirectoryEntry& entry) {
        if (entry.is_directory) {
          const auto inside =
              files.List(fmt::format("{}/{}", directory, entry.name));
          return !inside.ok() || !inside->empty();
        }
        return entry.name != ".lock" && !entry.name.ends_with(".tmp");
      });
  if (!is_begun) return;
  const auto verified =
      VerifyDirectory(files, directory, {}, [left](const Finding& finding) {
        if (left == Left::kKilled && finding.gravity == Gravity::kNote) return;
        ADD_FAILURE() << "left behind: " << finding.file << ": "
                      << finding.what;
      });
  EXPECT_TRUE(verified.ok()) << verified.status();
}

}  // namespace cauce::test
