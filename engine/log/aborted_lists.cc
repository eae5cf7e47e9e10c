#include "engine/log/aborted_lists.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {

AbortedLists::AbortedLists(const LogEnvironment& environment,
                           const TopicPartition& name,
                           const std::string& directory,
                           PublishedSegments& segments)
    : environment_(environment),
      name_(name),
      directory_(directory),
      segments_(segments) {}

void AbortedLists::Add(const AbortedTransaction& aborted) {
  // Made whole with the rest, from the log.
  if (owes()) return;
  const Offset base = segments_.Get()->active()->base();
  const absl::Status appended = Append(base, aborted);
  if (appended.ok()) return;
  Owe(base);
  Tell(Annotate(appended,
                "the list of aborted transactions is made anew from the log "
                "before the recovery point moves"));
}

absl::Status AbortedLists::Append(Offset base,
                                  const AbortedTransaction& aborted) {
  FileSystem& files = *environment_.files;
  bool is_new = false;
  if (!bytes_ || base_ != base) {
    CAUCE_ASSIGN_OR_RETURN(const AbortedIndex known,
                           ReadAborted(files, directory_, base));
    if (!known.empty() && known.entries().back().last >= aborted.last) {
      return MakeError(
          Reason::kCorruptFile,
          fmt::format("{}: tells of an offset behind the log's end",
                      PathOf(base)));
    }
    bytes_ = static_cast<int64_t>(known.bytes());
    file_ = std::make_shared<PooledFile>(*environment_.pool, PathOf(base),
                                         OpenMode::kOpenOrCreate);
    base_ = base;
    is_new = known.empty();
  }
  AbortedIndex entry;
  entry.Add(aborted);
  CAUCE_ASSIGN_OR_RETURN(const auto file, file_->Acquire());
  file_->Pin();
  const absl::Status written = file->Write(*bytes_, entry.Encode());
  if (!written.ok()) {
    file_->Unpin();
    return written;
  }
  *bytes_ += static_cast<int64_t>(entry.bytes());
  if (is_new) segments_.NoteNames();
  // Once for all that is unsynced of it.
  if (!NoteUnsynced()) file_->Unpin();
  return absl::OkStatus();
}

bool AbortedLists::NoteUnsynced() {
  MutexLock lock(mutex_);
  has_unsynced_ = true;
  const bool is_known = std::ranges::find(unsynced_, file_, &Unsynced::file) !=
                        unsynced_.end();
  if (!is_known) unsynced_.push_back({base_, file_});
  return !is_known;
}

void AbortedLists::CutAt(Offset base, Offset end) {
  LookAgain();
  const absl::Status cut = Cut(base, end);
  if (cut.ok()) return;
  Owe(base);
  Tell(cut);
}

absl::Status AbortedLists::Cut(Offset base, Offset end) {
  CAUCE_ASSIGN_OR_RETURN(AbortedIndex list,
                         ReadAborted(*environment_.files, directory_, base));
  const size_t before = list.bytes();
  list.CutAt(end);
  if (list.bytes() == before) return absl::OkStatus();
  return WriteAborted(*environment_.files, directory_, base, list);
}

void AbortedLists::Sync() {
  if (!has_unsynced_.exchange(false)) return;
  std::vector<Unsynced> unsynced;
  {
    MutexLock lock(mutex_);
    unsynced = std::exchange(unsynced_, {});
  }
  for (Unsynced& each : unsynced) {
    const auto file = each.file->Acquire();
    const absl::Status synced = file.ok() ? (*file)->Sync() : file.status();
    // Where the pool had to sync and close it, and its segment has gone since.
    const bool has_gone = absl::IsNotFound(file.status());
    if (synced.ok() || has_gone) {
      each.file->Unpin();
      continue;
    }
    {
      MutexLock lock(mutex_);
      unsynced_.push_back(std::move(each));
    }
    // A second sync would say nothing: it is written anew.
    sync_failed_ = true;
    Tell(synced);
  }
}

void AbortedLists::Owe(Offset from) {
  owed_from_ = std::min(owed_from_.value_or(from), from);
  LookAgain();
  owed_ = true;
}

std::optional<Offset> AbortedLists::owed_from() {
  if (sync_failed_) {
    std::vector<Unsynced> unsynced;
    {
      MutexLock lock(mutex_);
      unsynced = std::exchange(unsynced_, {});
    }
    for (const Unsynced& each : unsynced) Owe(each.base);
    sync_failed_ = false;
  }
  return owed_from_;
}

absl::Status AbortedLists::WriteFrom(Offset from, const ByBase& lists) {
  const auto set = segments_.Get();
  for (const auto& segment : set->segments()) {
    const Offset base = segment->base();
    if (base < from) continue;
    const auto found = lists.find(base);
    CAUCE_RETURN_IF_ERROR(
        WriteAborted(*environment_.files, directory_, base,
                     found == lists.end() ? AbortedIndex() : found->second));
  }
  segments_.NoteNames();
  owed_from_ = std::nullopt;
  owed_ = false;
  return absl::OkStatus();
}

std::string AbortedLists::PathOf(Offset base) const {
  return JoinPath(directory_, SegmentFileName(base, kTxnIndexSuffix));
}

void AbortedLists::Tell(const absl::Status& status) const {
  if (!environment_.events) return;
  environment_.events(
      Severity::kWarning,
      fmt::format("{}: {}", name_.ToString(), MessageOf(status)));
}

}  // namespace cauce
