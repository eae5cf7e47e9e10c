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
    base_ = base;
    is_new = known.empty();
  }
  AbortedIndex entry;
  entry.Add(aborted);
  CAUCE_ASSIGN_OR_RETURN(const auto file,
                         files.Open(PathOf(base), OpenMode::kOpenOrCreate));
  CAUCE_RETURN_IF_ERROR(file->Write(*bytes_, entry.Encode()));
  *bytes_ += static_cast<int64_t>(entry.bytes());
  if (is_new) segments_.NoteNames();
  MutexLock lock(mutex_);
  if (std::ranges::find(unsynced_, base) == unsynced_.end()) {
    unsynced_.push_back(base);
  }
  has_unsynced_ = true;
  return absl::OkStatus();
}

void AbortedLists::CutAt(Offset base, Offset end) {
  bytes_ = std::nullopt;
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
  std::vector<Offset> bases;
  {
    MutexLock lock(mutex_);
    bases = std::exchange(unsynced_, {});
  }
  for (const Offset base : bases) {
    const auto file =
        environment_.files->Open(PathOf(base), OpenMode::kReadWrite);
    // Its segment was deleted or cut off.
    if (absl::IsNotFound(file.status())) continue;
    const absl::Status synced = file.ok() ? (*file)->Sync() : file.status();
    if (synced.ok()) continue;
    {
      MutexLock lock(mutex_);
      unsynced_.push_back(base);
    }
    // A second sync would say nothing: it is written anew.
    sync_failed_ = true;
    Tell(synced);
  }
}

void AbortedLists::Owe(Offset from) {
  owed_from_ = std::min(owed_from_.value_or(from), from);
  bytes_ = std::nullopt;
  owed_ = true;
}

std::optional<Offset> AbortedLists::owed_from() {
  if (sync_failed_) {
    std::vector<Offset> bases;
    {
      MutexLock lock(mutex_);
      bases = std::exchange(unsynced_, {});
    }
    for (const Offset base : bases) Owe(base);
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
