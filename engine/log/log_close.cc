// How a Log ends: by itself, or together with many others.
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/log.h"

namespace cauce {

absl::Status Log::Close(const absl::Status& cause) {
  if (!End(cause)) return absl::OkStatus();
  return EndClose(read_only_ ? absl::OkStatus() : SyncForClose(), cause);
}

bool Log::End(const absl::Status& cause) {
  if (!ended_.Set(cause)) return false;
  // What found the log open is over once we have had its locks.
  MutexLock looking(refresh_mutex_);
  MutexLock ends(ends_mutex_);
  MutexLock lock(writer_mutex_);
  // Readers may go on in segments that they hold. Those that left the log
  // before write nothing either.
  const auto set = segments();
  for (const auto& segment : set->segments()) segment->StopRepairs();
  return true;
}

absl::Status Log::SyncForClose() {
  absl::Status closed = committer_.Flush();
  MutexLock ends(ends_mutex_);
  MutexLock lock(writer_mutex_);
  // A cut that failed halfway has fenced a log that has nothing to flush.
  closed.Update(committer_.status());
  return closed.ok() ? SealForClose() : closed;
}

absl::Status Log::SealForClose() {
  CAUCE_RETURN_IF_ERROR(SaveBeside());
  // Segments that were rolled, by an append that then failed, hold nothing
  // that was not durable, but their indexes may not be.
  CAUCE_RETURN_IF_ERROR(segments_.Sync());
  if (!writer_->has_changed()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(writer_->Seal());
  CAUCE_RETURN_IF_ERROR(writer_->segment()->Sync());
  return SyncSealed();
}

absl::Status Log::SyncSealed() {
  CAUCE_RETURN_IF_ERROR(writer_->segment()->SyncIndexFiles());
  return environment_->files->SyncDirectory(directory_);
}

absl::Status Log::SaveBeside() {
  CAUCE_RETURN_IF_ERROR(epochs_.SaveForClose());
  if (writer_->has_changed() || producers_.owes()) {
    producers_.SaveForClose(range());
  }
  return absl::OkStatus();
}

absl::Status Log::EndClose(absl::Status closed, const absl::Status& cause) {
  // After a cut that failed halfway the next opening decides what goes.
  if (closed.ok() && !read_only_) {
    MutexLock ends(ends_mutex_);
    closed = retired_.UnlinkAll();
  }
  committer_.Fail(cause);
  committer_.Deliver();
  return Annotate(closed, name_.ToString());
}

// ---- Together with others

bool Log::OwesSync() const {
  if (read_only_) return false;
  MutexLock lock(writer_mutex_);
  return writer_ != nullptr && writer_->has_changed();
}

bool Log::OwesIndexAlone() const {
  if (read_only_) return false;
  MutexLock lock(writer_mutex_);
  return writer_ != nullptr && writer_->lacks_seal_alone();
}

std::vector<absl::Status> Log::CloseTogether(
    std::span<const std::shared_ptr<Log>> logs, WholeSync& whole,
    const absl::Status& cause) {
  std::vector<absl::StatusOr<bool>> begun;
  for (const auto& log : logs) begun.push_back(log->WriteForClose(cause));
  const auto had_ended = [&](size_t i) { return begun[i].ok() && !*begun[i]; };
  // What one that fails has not brought to the disk may be anybody's, another
  // process's too: each finds out by syncs of its own files.
  const absl::Status synced = whole.Sync();
  std::vector<absl::Status> closed(logs.size());
  for (size_t i = 0; i < logs.size(); ++i) {
    if (had_ended(i)) continue;
    closed[i] = synced.ok() ? logs[i]->TakeWholeSync(begun[i].status())
                            : logs[i]->SyncForClose();
  }
  const absl::Status rest_synced =
      synced.ok() ? whole.Sync() : absl::OkStatus();
  for (size_t i = 0; i < logs.size(); ++i) {
    if (had_ended(i)) continue;
    if (closed[i].ok() && !rest_synced.ok()) {
      closed[i] = logs[i]->SyncRestForClose();
    }
    closed[i] = logs[i]->EndClose(std::move(closed[i]), cause);
  }
  return closed;
}

absl::StatusOr<bool> Log::WriteForClose(const absl::Status& cause) {
  if (!End(cause)) return false;
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(committer_.status());
  if (writer_->has_changed()) {
    CAUCE_RETURN_IF_ERROR(writer_->CompleteLogAndTimes());
  }
  return true;
}

absl::Status Log::TakeWholeSync(const absl::Status& begun) {
  CAUCE_RETURN_IF_ERROR(FenceUnless(segments_.TakeWholeSync()));
  // There is nothing left to sync: who waits for it is told.
  CAUCE_RETURN_IF_ERROR(committer_.Flush());
  CAUCE_RETURN_IF_ERROR(begun);
  return WriteRestForClose();
}

absl::Status Log::WriteRestForClose() {
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(committer_.status());
  // Not before: they tell of records that have to be there.
  CAUCE_RETURN_IF_ERROR(SaveBeside());
  if (!writer_->has_changed()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(writer_->CompleteOffsets());
  writer_->LetGo();
  return absl::OkStatus();
}

absl::Status Log::SyncRestForClose() {
  MutexLock lock(writer_mutex_);
  return writer_->has_changed() ? SyncSealed() : absl::OkStatus();
}

}  // namespace cauce
