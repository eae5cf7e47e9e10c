#include "engine/facade/engine_environment.h"

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/facade/clock_jump.h"
#include "engine/facade/last_close.h"
#include "engine/facade/topic_gaps.h"
#include "engine/io/free_space.h"
#include "engine/io/pooled_file_system.h"
#include "engine/log/tail_memory.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Also the path of the one directory of an engine in memory: errors name what
// its user has opened.
constexpr std::string_view kMemory = ":memory:";

// Returns the directory's path.
absl::StatusOr<std::string> SetFiles(std::string_view directory,
                                     const EngineOptions& options,
                                     LogEnvironment& environment) {
  std::string path(directory);
  FileSystem* files = options.file_system;
  if (directory == kMemory) {
    environment.owned_files = NewMemoryFileSystem();
    files = environment.owned_files.get();
    environment.is_volatile = true;
  } else {
    if (files == nullptr) files = PosixFileSystem();
    // The user's own name for the directory may be a link; in it none is
    // followed.
    CAUCE_ASSIGN_OR_RETURN(path, files->Resolve(path));
  }
  environment.pool = std::make_shared<FilePool>(*files, options.open_files_max);
  environment.pooled_files =
      std::make_unique<PooledFileSystem>(*files, environment.pool);
  environment.files = environment.pooled_files.get();
  return path;
}

void SetClock(const EngineOptions& options, LogEnvironment& environment) {
  environment.clock = options.clock != nullptr ? options.clock : SystemClock();
  environment.now_at_most = [clock = environment.clock,
                             began = ReadClock(*environment.clock)] {
    return WithoutClockJump(began, ReadClock(*clock));
  };
}

void NoteWhatIsDirty(const std::shared_ptr<FirstDirtyCheckpoint>& first_dirty,
                     LogEnvironment& environment) {
  environment.note_first_dirty = [first_dirty](const TopicPartition& partition,
                                               Offset to) {
    first_dirty->Set(partition, to);
  };
  environment.lower_first_dirty = [first_dirty](const TopicPartition& partition,
                                                Offset to) {
    first_dirty->Set(partition, to);
    return first_dirty->Save();
  };
}

// What a writer saves, and when.
void NoteBounds(const std::shared_ptr<BoundsCheckpoint>& bounds,
                const std::shared_ptr<KnownLogs>& known,
                const EngineOptions& options,
                const std::shared_ptr<LogEnvironment>& environment) {
  environment->save_bounds = [bounds, known](const TopicPartition& partition,
                                             const LogBounds& to) {
    // What a cut ends is not to be missed, by who reads beside it neither.
    CAUCE_RETURN_IF_ERROR(known->CutAt(partition, to.recovery_point));
    return bounds->Save(partition, to);
  };
  environment->note_cut = [known](const TopicPartition& partition, Offset end) {
    return known->CutTo(partition, end);
  };
  environment->note_bounds = [bounds](const TopicPartition& partition,
                                      const LogBounds& to) {
    bounds->Set(partition, to);
  };
  const auto save_later = [bounds, executor = options.executor,
                           weak = std::weak_ptr(environment)] {
    if (executor == nullptr) return;
    const auto wait = bounds->TakeWait();
    if (!wait) return;
    executor->ScheduleAfter(*wait, [weak] {
      if (const auto still = weak.lock()) still->save_noted();
    });
  };
  environment->note_work = [bounds, save_later](const RecoveryWork& work) {
    const bool is_due = bounds->NoteWork(work);
    if (!is_due) save_later();
    return is_due;
  };
  environment->save_noted = [bounds, save_later, events = options.events] {
    const absl::Status saved = bounds->SaveWork();
    // The next checkpoint tries again; a stop before that only costs time.
    const bool failed = !saved.ok() && ReasonOf(saved) != Reason::kClosed;
    if (failed && events) events(Severity::kWarning, MessageOf(saved));
    save_later();
  };
}

// What who only reads looks at, since another process writes it.
void LookBesideAWriter(const std::string& path,
                       const std::shared_ptr<BoundsCheckpoint>& bounds,
                       LogEnvironment& environment) {
  environment.load_bounds =
      [bounds, clock = environment.clock, events = environment.events](
          const TopicPartition& partition) -> absl::StatusOr<LogBounds> {
    CAUCE_RETURN_IF_ERROR(bounds->LoadIfChanged(clock->Now(), events));
    return bounds->Of(partition);
  };
  environment.is_closed = [path, files = environment.files] {
    // One that cannot be looked at says nothing.
    return HasCleanShutdown(*files, path).value_or(false);
  };
  environment.known_now =
      [close = std::make_shared<LastClose>(*environment.files, path),
       clock = environment.clock](const TopicPartition& partition) {
        return close->Find(partition, clock->Now());
      };
  environment.has_gaps =
      [gaps = std::make_shared<TopicGaps>(*environment.files, path),
       clock = environment.clock](const std::string& topic) {
        return gaps->MayHave(topic, clock->Now());
      };
}

}  // namespace

absl::StatusOr<EngineEnvironment> MakeEnvironment(
    std::string_view directory, const EngineOptions& options) {
  const auto environment = std::make_shared<LogEnvironment>();
  CAUCE_ASSIGN_OR_RETURN(const std::string path,
                         SetFiles(directory, options, *environment));
  SetClock(options, *environment);
  environment->random =
      options.random != nullptr ? options.random : SystemRandom();
  environment->executor = options.executor;
  environment->events = options.events;
  environment->producer_expiration = options.producer_expiration;
  environment->space = std::make_unique<FreeSpace>(
      *environment->files, path, options.free_bytes_min, *environment->clock,
      options.events);
  environment->tails =
      std::make_unique<TailMemory>(static_cast<size_t>(options.tail_bytes_max));
  const auto bounds = std::make_shared<BoundsCheckpoint>(
      *environment->files, path, *environment->clock);
  const auto first_dirty =
      std::make_shared<FirstDirtyCheckpoint>(*environment->files, path);
  NoteWhatIsDirty(first_dirty, *environment);
  const auto known = std::make_shared<KnownLogs>(*environment->files, path);
  NoteBounds(bounds, known, options, environment);
  if (options.access == Access::kReadOnly) {
    LookBesideAWriter(path, bounds, *environment);
  }
  environment->save_epochs = [path, files = environment->files](
                                 const TopicPartition& partition,
                                 std::span<const EpochStart> starts) {
    return WriteEpochCheckpoint(
        *files, fmt::format("{}/{}", path, partition.ToString()), starts);
  };
  return EngineEnvironment{.directory = path,
                           .logs = environment,
                           .bounds = bounds,
                           .first_dirty = first_dirty,
                           .known = known};
}

}  // namespace cauce
