#include "engine/log/index_files.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/sync_error.h"

namespace cauce {

IndexFiles::IndexFiles(FileSystem& files, std::string offsets_path,
                       std::string times_path)
    : files_(files),
      offsets_{.path = std::move(offsets_path)},
      times_{.path = std::move(times_path)} {}

absl::Status IndexFiles::Write(const SegmentIndex& index) {
  return WriteUpTo(index, index.offsets().size(), index.times().size());
}

absl::Status IndexFiles::WriteLive(const SegmentIndex& index) {
  // Before those of times: the entry by time beside one by offset is added
  // first.
  const size_t offsets = index.offsets().size();
  if (offsets <= offsets_.written) return absl::OkStatus();
  return WriteUpTo(index, offsets, index.times().size());
}

absl::Status IndexFiles::WriteAnew(const SegmentIndex& index) {
  offsets_.is_known = times_.is_known = false;
  return Write(index);
}

absl::Status IndexFiles::WriteTimes(const SegmentIndex& index) {
  CAUCE_ASSIGN_OR_RETURN(
      const bool changed,
      WriteTimesUpTo(index, index.offsets().size(), index.times().size()));
  times_.is_known = true;
  times_owe_sync_ = times_owe_sync_ || changed;
  return absl::OkStatus();
}

absl::Status IndexFiles::WriteOffsets(const SegmentIndex& index) {
  if (!times_.is_known) return absl::OkStatus();
  times_owe_sync_ = false;
  return WriteOffsetsUpTo(index, index.offsets().size());
}

absl::Status IndexFiles::WriteUpTo(const SegmentIndex& index, size_t offsets,
                                   size_t times) {
  // The sync that was to come has not, or has failed: who comes here instead
  // takes nothing for durable.
  if (std::exchange(times_owe_sync_, false)) times_.is_known = false;
  CAUCE_ASSIGN_OR_RETURN(const bool changed,
                         WriteTimesUpTo(index, offsets, times));
  if (changed && times > 0) {
    CAUCE_ASSIGN_OR_RETURN(const auto file,
                           files_.Open(times_.path, OpenMode::kReadWrite));
    CAUCE_RETURN_IF_ERROR(file->Sync());
  }
  times_.is_known = true;
  return WriteOffsetsUpTo(index, offsets);
}

absl::StatusOr<bool> IndexFiles::WriteTimesUpTo(const SegmentIndex& index,
                                                size_t offsets, size_t times) {
  return WriteOne(times_, index.times(), index.base(), times,
                  [&] { return DiscardTimes(offsets); });
}

absl::Status IndexFiles::WriteOffsetsUpTo(const SegmentIndex& index,
                                          size_t offsets) {
  const auto discard = [&] { return TakeAway(offsets_.path).status(); };
  CAUCE_RETURN_IF_ERROR(
      WriteOne(offsets_, index.offsets(), index.base(), offsets, discard)
          .status());
  offsets_.is_known = true;
  return absl::OkStatus();
}

template <class Entry>
absl::StatusOr<bool> IndexFiles::WriteOne(Target<Entry>& target,
                                          const SparseIndex<Entry>& entries,
                                          Offset base, size_t count,
                                          absl::FunctionRef<absl::Status()>
                                              discard) {
  if (target.is_known && count <= target.written) return false;
  // Until it was written whole nobody knows what is there.
  size_t from = target.written;
  if (!std::exchange(target.is_known, false)) {
    from = 0;
    CAUCE_ASSIGN_OR_RETURN(const bool is_beginning,
                           IsBeginning(target.path, entries, base, count));
    if (!is_beginning) CAUCE_RETURN_IF_ERROR(discard());
  }
  CAUCE_ASSIGN_OR_RETURN(const auto file,
                         files_.Open(target.path, OpenMode::kOpenOrCreate));
  // Also what is there already: a page of it may be clean, and not on the disk.
  CAUCE_RETURN_IF_ERROR(file->Write(static_cast<int64_t>(from * Entry::kBytes),
                                    entries.Encode(base, from, count)));
  target.written = count;
  return true;
}

template <class Entry>
absl::StatusOr<bool> IndexFiles::IsBeginning(const std::string& path,
                                             const SparseIndex<Entry>& entries,
                                             Offset base, size_t count) {
  const auto file = files_.Open(path, OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return false;
  CAUCE_RETURN_IF_ERROR(file.status());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*file)->Size());
  const auto there = static_cast<size_t>(size) / Entry::kBytes;
  if (size % static_cast<int64_t>(Entry::kBytes) != 0 || there > count) {
    return false;
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, (*file)->Read(0, bytes));
  return read == bytes.size() && bytes == entries.Encode(base, 0, there);
}

absl::Status IndexFiles::DiscardTimes(size_t offsets) {
  offsets_.is_known = false;
  offsets_.written = 0;
  CAUCE_ASSIGN_OR_RETURN(const auto had_offsets, TakeAway(offsets_.path));
  CAUCE_ASSIGN_OR_RETURN(const auto had_times, TakeAway(times_.path));
  // Neither is to come back beside the other as it will be made. Where there is
  // no entry by offset nobody goes by the times either.
  const bool mixes = had_offsets.value_or(0) > 0 || (had_times && offsets > 0);
  if (!mixes) return absl::OkStatus();
  return files_.SyncDirectory(
      times_.path.substr(0, times_.path.rfind('/')));
}

absl::Status IndexFiles::Sync() {
  const auto file = files_.Open(offsets_.path, OpenMode::kReadWrite);
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  if (IsNotOpened(file.status())) return SyncNotBegun(file.status());
  CAUCE_RETURN_IF_ERROR(file.status());
  return (*file)->Sync();
}

absl::Status IndexFiles::Remove() {
  // The other way round than they are written.
  offsets_.is_known = times_.is_known = false;
  offsets_.written = times_.written = 0;
  CAUCE_RETURN_IF_ERROR(TakeAway(offsets_.path).status());
  return TakeAway(times_.path).status();
}

absl::StatusOr<std::optional<int64_t>> IndexFiles::TakeAway(
    const std::string& path) {
  const auto there = files_.Info(path);
  if (absl::IsNotFound(there.status())) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(there.status());
  const absl::Status removed = files_.RemoveFile(path);
  if (absl::IsNotFound(removed)) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(removed);
  return there->bytes;
}

}  // namespace cauce
