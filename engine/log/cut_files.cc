#include "engine/log/cut_files.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kCutSuffix = ".cut";

// Bytes are copied and compared in pieces of this size.
constexpr int64_t kPieceBytes = 1 << 20;

// Reads the piece that begins `at` bytes into the part.
absl::StatusOr<std::string_view> ReadPiece(const FilePart& part, int64_t at,
                                           std::string& into) {
  into.resize(static_cast<size_t>(std::min(kPieceBytes, part.bytes() - at)));
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         part.file.Read(part.from + at, into));
  return std::string_view(into.data(), read);
}

// The part from `position` to the last byte that is not zero.
absl::StatusOr<FilePart> WithoutZeros(const File& file, int64_t position) {
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  const FilePart all{file, position, size};
  FilePart part{file, position, position};
  std::string piece;
  for (int64_t at = 0;; at += kPieceBytes) {
    at = std::max(at, file.NextData(position + at) - position);
    if (at >= all.bytes()) break;
    CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                           ReadPiece(all, at, piece));
    const size_t last = bytes.find_last_not_of('\0');
    if (last == std::string_view::npos) continue;
    part.end = position + at + static_cast<int64_t>(last) + 1;
  }
  return part;
}

// Up to where whole batches stand from `position` on. Zeros may be the last
// bytes of such a one.
absl::StatusOr<int64_t> EndOfBatches(const std::shared_ptr<const File>& file,
                                     const std::string& path,
                                     int64_t position) {
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  BatchScanner scanner;
  scanner.Start(file, path, position, size);
  for (;;) {
    // What fails to be read is told by who copies it.
    const auto batch = scanner.Next();
    if (!batch.ok() || !*batch) return scanner.position();
  }
}

// Where what is kept at `path` is copied first: one name for all of a place.
std::string UnfinishedName(const std::string& path) {
  return path.substr(0, path.rfind(kCutSuffix)) +
         std::string(kUnfinishedCutSuffix);
}

}  // namespace

std::string CutFileName(std::string_view place, int n) {
  return n == 0 ? fmt::format("{}{}", place, kCutSuffix)
                : fmt::format("{}{}.{}", place, kCutSuffix, n);
}

absl::StatusOr<bool> HoldsPart(FileSystem& files, const std::string& path,
                               const FilePart& part) {
  const auto kept = files.Open(path, OpenMode::kRead);
  // A link, a directory: whatever it is, it is not these bytes.
  if (!kept.ok()) return false;
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*kept)->Size());
  if (size < part.bytes()) return false;
  const FilePart front{**kept, 0, part.bytes()};
  std::string wanted;
  std::string there;
  for (int64_t at = 0; at < part.bytes(); at += kPieceBytes) {
    CAUCE_ASSIGN_OR_RETURN(const std::string_view a,
                           ReadPiece(part, at, wanted));
    CAUCE_ASSIGN_OR_RETURN(const std::string_view b,
                           ReadPiece(front, at, there));
    if (a != b) return false;
  }
  return true;
}

absl::Status CopyPart(const FilePart& part, File& target, int64_t position) {
  std::string piece;
  for (int64_t at = 0; at < part.bytes(); at += kPieceBytes) {
    CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                           ReadPiece(part, at, piece));
    CAUCE_RETURN_IF_ERROR(target.Write(position + at, bytes));
  }
  return absl::OkStatus();
}

CutFiles::CutFiles(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

absl::StatusOr<std::optional<std::string>> CutFiles::KeepBytes(
    const std::string& log, int64_t position, const std::string& place) {
  CAUCE_ASSIGN_OR_RETURN(auto opened, files_.Open(log, OpenMode::kRead));
  const std::shared_ptr<const File> source = std::move(opened);
  CAUCE_ASSIGN_OR_RETURN(FilePart part, WithoutZeros(*source, position));
  if (part.bytes() == 0) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const int64_t whole_to,
                         EndOfBatches(source, log, position));
  part.end = std::max(part.end, whole_to);
  for (int n = 0; n < kCutFilesMax; ++n) {
    const std::string name = CutFileName(place, n);
    if (absl::IsNotFound(files_.Info(name).status())) break;
    CAUCE_ASSIGN_OR_RETURN(const bool holds, HoldsPart(files_, name, part));
    if (holds) {
      // Its name need not be durable yet.
      CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
      return name;
    }
  }
  CAUCE_ASSIGN_OR_RETURN(const std::string name, NextName(place));
  CAUCE_RETURN_IF_ERROR(Keep(part, name));
  return name;
}

absl::Status CutFiles::KeepPart(const FilePart& part, const std::string& path) {
  const absl::Status there = files_.Info(path).status();
  if (absl::IsNotFound(there)) return Keep(part, path);
  CAUCE_RETURN_IF_ERROR(there);
  // Its name need not be durable yet.
  return files_.SyncDirectory(directory_);
}

absl::StatusOr<std::string> CutFiles::SetAside(const std::string& log) {
  CAUCE_ASSIGN_OR_RETURN(std::string name, NextName(log));
  CAUCE_RETURN_IF_ERROR(files_.Rename(log, name));
  return name;
}

absl::Status CutFiles::Keep(const FilePart& part, const std::string& path) {
  const std::string unfinished = UnfinishedName(path);
  {
    CAUCE_ASSIGN_OR_RETURN(const auto copy,
                           files_.Open(unfinished, OpenMode::kOpenOrCreate));
    // One that a stop left behind may be longer.
    absl::Status copied = copy->Truncate(0);
    if (copied.ok()) copied = CopyPart(part, *copy, 0);
    if (copied.ok()) copied = copy->Sync();
    if (!copied.ok()) {
      // On a full disk a part of it would take the room of the whole. What
      // cannot be removed the next opening removes.
      files_.RemoveFile(unfinished).IgnoreError();
      return copied;
    }
  }
  CAUCE_RETURN_IF_ERROR(files_.Rename(unfinished, path));
  return files_.SyncDirectory(directory_);
}

absl::StatusOr<std::string> CutFiles::NextName(const std::string& place) const {
  for (int n = 0; n < kCutFilesMax; ++n) {
    const std::string name = CutFileName(place, n);
    if (absl::IsNotFound(files_.Info(name).status())) return name;
  }
  return CutFileName(place, kCutFilesMax - 1);
}

}  // namespace cauce
