// The threads of a command that writes: as many as there are cores while a
// directory is opened, since after a kill all its partitions are recovered
// then, and a single one for what is to be done in the background after that.
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
  // How many there are while a directory is opened, with the one that opens.
  static int Count();

  OpeningThreads();

  void Schedule(Task task) override;
  void ScheduleAfter(absl::Duration delay, Task task) override;

  // The directory is open: all threads but one go. Of what was scheduled before
  // only help is dropped that came too late. By the thread that has opened it,
  // and before any other uses the engine.
  void Opened();

 private:
  std::unique_ptr<Executor> crew_;
  const std::unique_ptr<Executor> one_;
  std::atomic<bool> opened_ = false;
};

}  // namespace cauce::cli
