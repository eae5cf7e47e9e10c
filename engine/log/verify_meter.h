// Counts how far looking through a directory has come, and tells who wants to
// know.
//
// Where nobody does, nothing is listed for it. For one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "cauce/file_system.h"
#include "cauce/inspect.h"

namespace cauce {

class VerifyMeter {
 public:
  using Told = std::function<void(const VerifyProgress&)>;

  // `told` may be empty. It and `summary`, which is told with the rest, are
  // borrowed. All bytes are passed `rounds` times, and count so often.
  VerifyMeter(const Told& told, const VerifySummary& summary,
              int64_t rounds = 1)
      : told_(told), summary_(summary), rounds_(rounds) {}

  // What there is to do in these partitions' directories; one that is gone by
  // now, or cannot be listed, has nothing.
  void Measure(FileSystem& files, std::span<const std::string> directories);

  // So many bytes of a segment's log are done.
  void Pass(int64_t bytes);
  // A partition is done, of which this many segments were counted by now.
  void PassPartition();

 private:
  static constexpr int64_t kPassesBetween = 64;  // some for each batch

  void Tell();

  const Told& told_;
  const VerifySummary& summary_;
  const int64_t rounds_;
  int64_t passes_ = 0;
  VerifyProgress progress_;
};

}  // namespace cauce
