#include "engine/client/client_core.h"

#include <string>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {

ClientCore::~ClientCore() {
  // A forked child has none of the threads that would be waited for here, and
  // perhaps their locks.
  if (PosixFileSystem()->forks() != forks) (void)threads.release();
}

absl::StatusOr<std::shared_ptr<ClientCore>> OpenClientCore(
    std::string_view directory, const ClientOptions& options) {
  auto core = std::make_shared<ClientCore>();
  core->forks = PosixFileSystem()->forks();
  core->directory = directory;
  core->options = options.engine;
  EngineOptions& engine = core->options;
  if (engine.clock == nullptr) engine.clock = SystemClock();
  if (engine.random == nullptr) engine.random = SystemRandom();
  // A directory in memory comes with a file system of its own.
  if (engine.file_system == nullptr && directory != ":memory:") {
    engine.file_system = PosixFileSystem();
  }
  if (engine.executor == nullptr && options.threads > 0) {
    core->threads = NewThreadPool(options.threads);
    if (core->threads == nullptr) {
      return absl::ResourceExhaustedError(
          fmt::format("{}: the system lets this process start no thread; with "
                      "ClientOptions::threads = 0 the client needs none",
                      directory));
    }
    engine.executor = core->threads.get();
  }
  CAUCE_ASSIGN_OR_RETURN(core->engine, Engine::Open(directory, engine));
  if (engine.executor == nullptr) {
    // What fails here is told to who asks for a transaction.
    EngineCore::Of(*core->engine)->GoOnWithTransactions().IgnoreError();
  }
  return core;
}

}  // namespace cauce
