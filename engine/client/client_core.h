// What a client and all that it has handed out share: the engine, and the
// threads it works with where the client has started some.
//
// Held by what a program holds, never by a task of these threads: the last to
// let go of it closes the engine and then waits for them. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/client.h"
#include "cauce/engine.h"
#include "cauce/env.h"

namespace cauce {

struct ClientCore {
  ~ClientCore();

  // Before the engine, which they are to outlive.
  std::unique_ptr<Executor> threads;
  std::optional<Engine> engine;
  std::string directory;
  // With every seam that is there; without threads there is no executor.
  EngineOptions options;
  int forks = 0;  // when it was made
};

// As Client::Open of a directory's name, or ":memory:".
absl::StatusOr<std::shared_ptr<ClientCore>> OpenClientCore(
    std::string_view directory, const ClientOptions& options);

}  // namespace cauce
