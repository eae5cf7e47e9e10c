// The threads of a command that writes: several while a directory is opened,
// since after a kill all its partitions are recovered then, and a single one
// for what is to be done in the background after that.
//
// Borrowed by the engine, which it outlives. Thread-safe, but for Opened.
#pragma once

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::cli {

class OpeningThreads final : public Executor {
 public:
  // How many there are while a directory is opened, with the one that opens, on
  // a machine of so many cores; 0 where nobody knows how many it has.
  static int CountFor(unsigned cores);

  // Fewer where the system lets the process have no more.
  OpeningThreads();

  // These; null where there is not one, so that an engine works without.
  Executor* executor();

  void Schedule(Task task) override;
  void ScheduleAfter(absl::Duration delay, Task task) override;

  // The directory is open: all threads but one go. Of what was scheduled before
  // only help is dropped that came too late. By the thread that has opened it,
  // and before any other uses the engine.
  void Opened();

 private:
  // The first to be started; null where it cannot be.
  const std::unique_ptr<Executor> one_;
  std::unique_ptr<Executor> crew_;  // null where nobody helps
  std::atomic<bool> opened_ = false;
};

}  // namespace cauce::cli
