// Remains (remains.h) on a disk in memory, with something damaged: what the
// suites of damage open, and what is left of it afterwards.
//
// It checks nothing. For one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "tests/damage/remains.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

// How a case is called that is run over what each stop leaves.
std::string CaseName(std::string_view name, Stop stop);

class DamagedDirectory {
 public:
  static constexpr std::string_view kDirectory = "/data";

  // `damage` changes what the stop left.
  DamagedDirectory(Stop stop, const std::function<void(FileTree&)>& damage);

  // Forgets what an engine before has told.
  absl::StatusOr<Engine> Open(Access access);
  const std::vector<std::string>& events() const { return events_; }

  static std::string PathOf(std::string_view name);
  // What was laid there, and what is there now.
  const FileTree& laid() const { return laid_; }
  FileTree Gather() { return test::Gather(*files_, kDirectory); }
  std::vector<Finding> VerifyAll();
  // What a repair of all of it does, and comes to.
  absl::StatusOr<RepairSummary> Repair();

 private:
  const FileTree laid_;
  const std::unique_ptr<FileSystem> files_;
  SimClock clock_;
  std::vector<std::string> events_;
};

}  // namespace cauce::test
