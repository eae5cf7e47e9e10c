// What an engine and its logs work with: the files of the directory by way of
// a pool, the clock and the executor, the memory that is shared, and the
// checkpoints in which the logs note their bounds.
//
// Made once, at the opening. All of it is shared: a log that is still being let
// go of may outlive the engine. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "engine/facade/bounds_checkpoint.h"
#include "engine/facade/first_dirty_checkpoint.h"
#include "engine/facade/known_logs.h"
#include "engine/log/log_environment.h"

namespace cauce {

struct EngineEnvironment {
  std::string directory;  // where the name that was given leads
  std::shared_ptr<const LogEnvironment> logs;
  std::shared_ptr<BoundsCheckpoint> bounds;
  std::shared_ptr<FirstDirtyCheckpoint> first_dirty;
  std::shared_ptr<KnownLogs> known;
};

// Reads and writes nothing. Errors of FileSystem::Resolve.
absl::StatusOr<EngineEnvironment> MakeEnvironment(std::string_view directory,
                                                  const EngineOptions& options);

}  // namespace cauce
