#include "engine/log/cut_files.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kCutSuffix = ".cut";

// Bytes are copied and compared in pieces of this size.
constexpr int64_t kPieceBytes = 1 << 20;

// A part of a file: [from, to).
struct Part {
  File& file;
  int64_t from = 0;
  int64_t to = 0;

  int64_t bytes() const { return to - from; }
};

// Reads the piece that begins `at` bytes into the part.
absl::StatusOr<std::string_view> ReadPiece(const Part& part, int64_t at,
                                           std::string& into) {
  into.resize(static_cast<size_t>(std::min(kPieceBytes, part.bytes() - at)));
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         part.file.Read(part.from + at, into));
  return std::string_view(into.data(), read);
}

// The part from `position` to the last byte that is not zero.
absl::StatusOr<Part> WithoutZeros(File& file, int64_t position) {
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  const Part all{file, position, size};
  Part part{file, position, position};
  std::string piece;
  for (int64_t at = 0; at < all.bytes(); at += kPieceBytes) {
    CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                           ReadPiece(all, at, piece));
    const size_t last = bytes.find_last_not_of('\0');
    if (last == std::string_view::npos) continue;
    part.to = position + at + static_cast<int64_t>(last) + 1;
  }
  return part;
}

absl::StatusOr<bool> AreEqual(const Part& one, const Part& other) {
  if (one.bytes() != other.bytes()) return false;
  std::string mine;
  std::string theirs;
  for (int64_t at = 0; at < one.bytes(); at += kPieceBytes) {
    CAUCE_ASSIGN_OR_RETURN(const std::string_view a, ReadPiece(one, at, mine));
    CAUCE_ASSIGN_OR_RETURN(const std::string_view b,
                           ReadPiece(other, at, theirs));
    if (a != b) return false;
  }
  return true;
}

absl::Status CopyAndSync(const Part& part, File& to) {
  // One that a stop left behind may be longer.
  CAUCE_RETURN_IF_ERROR(to.Truncate(0));
  std::string piece;
  for (int64_t at = 0; at < part.bytes(); at += kPieceBytes) {
    CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                           ReadPiece(part, at, piece));
    CAUCE_RETURN_IF_ERROR(to.Write(at, bytes));
  }
  return to.Sync();
}

}  // namespace

CutFiles::CutFiles(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

absl::StatusOr<std::optional<std::string>> CutFiles::KeepBytes(
    const std::string& log, int64_t position, const std::string& place) {
  CAUCE_ASSIGN_OR_RETURN(const auto source, files_.Open(log, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const Part part, WithoutZeros(*source, position));
  if (part.bytes() == 0) return std::nullopt;
  for (int n = 0; n < kCutFilesMax; ++n) {
    const std::string name = NameOf(place, n);
    const auto kept = files_.Open(name, OpenMode::kRead);
    if (absl::IsNotFound(kept.status())) break;
    if (!kept.ok()) continue;  // whatever it is, it is not these bytes
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*kept)->Size());
    CAUCE_ASSIGN_OR_RETURN(const bool equal,
                           AreEqual(part, Part{**kept, 0, size}));
    if (equal) {
      // Its name need not be durable yet.
      CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
      return name;
    }
  }
  const std::string unfinished = place + std::string(kUnfinishedCutSuffix);
  {
    CAUCE_ASSIGN_OR_RETURN(const auto copy,
                           files_.Open(unfinished, OpenMode::kOpenOrCreate));
    if (const absl::Status copied = CopyAndSync(part, *copy); !copied.ok()) {
      // On a full disk a part of it would take the room of the whole. What
      // cannot be removed the next opening removes.
      files_.RemoveFile(unfinished).IgnoreError();
      return copied;
    }
  }
  CAUCE_ASSIGN_OR_RETURN(const std::string name, NextName(place));
  CAUCE_RETURN_IF_ERROR(files_.Rename(unfinished, name));
  CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  return name;
}

absl::StatusOr<std::string> CutFiles::SetAside(const std::string& log) {
  CAUCE_ASSIGN_OR_RETURN(std::string name, NextName(log));
  CAUCE_RETURN_IF_ERROR(files_.Rename(log, name));
  return name;
}

std::string CutFiles::NameOf(const std::string& place, int n) {
  std::string name = place + std::string(kCutSuffix);
  return n == 0 ? name : fmt::format("{}.{}", name, n);
}

absl::StatusOr<std::string> CutFiles::NextName(const std::string& place) const {
  for (int n = 0; n < kCutFilesMax; ++n) {
    const absl::Status there = files_.Info(NameOf(place, n)).status();
    if (absl::IsNotFound(there)) return NameOf(place, n);
  }
  return NameOf(place, kCutFilesMax - 1);
}

}  // namespace cauce
