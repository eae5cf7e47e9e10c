#include "engine/log/producer_files.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/cut_files.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

std::string PathOf(const std::string& directory, Offset base,
                   std::string_view suffix) {
  return JoinPath(directory, SegmentFileName(base, suffix));
}

absl::StatusOr<AbortedIndex> ReadListAt(FileSystem& files,
                                        const std::string& path, Offset base) {
  const auto bytes = ReadWholeFile(files, path, AbortedIndex::kBytesMax);
  if (absl::IsNotFound(bytes.status())) return AbortedIndex();
  CAUCE_RETURN_IF_ERROR(bytes.status());
  auto index = AbortedIndex::Decode(base, *bytes);
  if (!index.ok()) return Annotate(index.status(), path);
  return index;
}

}  // namespace

absl::StatusOr<std::vector<Offset>> ListSnapshots(
    FileSystem& files, const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::vector<Offset> all;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!entry.is_directory && file && file->suffix == kSnapshotSuffix) {
      all.push_back(file->base);
    }
  }
  std::ranges::sort(all);
  return all;
}

absl::StatusOr<std::vector<ProducerState>> ReadSnapshot(
    FileSystem& files, const std::string& directory, Offset at) {
  const std::string path = PathOf(directory, at, kSnapshotSuffix);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kSnapshotBytesMax));
  auto producers = DecodeProducers(at, bytes);
  if (!producers.ok()) return Annotate(producers.status(), path);
  return producers;
}

bool IsUnusable(const absl::Status& read) {
  const Reason reason = ReasonOf(read);
  return reason == Reason::kCorruptFile ||
         reason == Reason::kUnsupportedFormat ||
         absl::IsFailedPrecondition(read) || absl::IsPermissionDenied(read);
}

absl::Status WriteSnapshot(FileSystem& files, const std::string& directory,
                           Offset at,
                           const std::vector<ProducerState>& producers) {
  return WriteAndSyncFile(files, PathOf(directory, at, kSnapshotSuffix),
                          EncodeProducers(producers));
}

absl::Status RemoveSnapshot(FileSystem& files, const std::string& directory,
                            Offset at) {
  return RemoveIfThere(files, PathOf(directory, at, kSnapshotSuffix));
}

absl::StatusOr<bool> RemoveSnapshotsBelow(FileSystem& files,
                                          const std::string& directory,
                                          Offset end) {
  CAUCE_ASSIGN_OR_RETURN(const auto all, ListSnapshots(files, directory));
  const auto kept = std::ranges::lower_bound(all, end);
  for (auto at = all.begin(); at != kept; ++at) {
    CAUCE_RETURN_IF_ERROR(RemoveSnapshot(files, directory, *at));
  }
  return kept != all.begin();
}

absl::StatusOr<AbortedIndex> ReadAborted(FileSystem& files,
                                         const std::string& directory,
                                         Offset base) {
  return ReadListAt(files, PathOf(directory, base, kTxnIndexSuffix), base);
}

absl::StatusOr<AbortedIndex> ReadAbortedFront(FileSystem& files,
                                              const std::string& directory,
                                              Offset base) {
  const auto bytes = ReadWholeFile(
      files, PathOf(directory, base, kTxnIndexSuffix), AbortedIndex::kBytesMax);
  const bool has_none = absl::IsNotFound(bytes.status()) ||
                        absl::IsFailedPrecondition(bytes.status()) ||
                        ReasonOf(bytes.status()) == Reason::kCorruptFile;
  if (has_none) return AbortedIndex();
  CAUCE_RETURN_IF_ERROR(bytes.status());
  return AbortedIndex::DecodeFront(base, *bytes);
}

std::optional<Offset> BaseOfKeptAborted(std::string_view name) {
  const std::string_view list =
      name.substr(0, SegmentFileName(Offset{0}, kTxnIndexSuffix).size());
  const auto file = ParseSegmentFileName(list);
  const bool is_kept = file && file->suffix == kTxnIndexSuffix &&
                       name.starts_with(CutFileName(list, 0)) &&
                       !name.ends_with(kUnfinishedCutSuffix);
  if (!is_kept) return std::nullopt;
  return file->base;
}

absl::StatusOr<AbortedIndex> ReadKeptAborted(FileSystem& files,
                                             const std::string& directory,
                                             const std::string& name) {
  const auto base = BaseOfKeptAborted(name);
  if (!base) return AbortedIndex();
  return ReadListAt(files, JoinPath(directory, name), *base);
}

absl::Status WriteAborted(FileSystem& files, const std::string& directory,
                          Offset base, const AbortedIndex& index) {
  const std::string path = PathOf(directory, base, kTxnIndexSuffix);
  return index.empty() ? RemoveIfThere(files, path)
                       : WriteAndSyncFile(files, path, index.Encode());
}

absl::Status RemoveEmptyAborted(FileSystem& files, const std::string& directory,
                                Offset base) {
  const std::string path = PathOf(directory, base, kTxnIndexSuffix);
  const auto info = files.Info(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(info.status());
  return info->bytes == 0 ? RemoveIfThere(files, path) : absl::OkStatus();
}

}  // namespace cauce
