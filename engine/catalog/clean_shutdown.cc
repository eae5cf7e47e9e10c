#include "engine/catalog/clean_shutdown.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// As a broker writes it that has no epoch.
constexpr std::string_view kMark = R"({"version":0,"brokerEpoch":-1})";
// What a broker has written there is short as well.
constexpr int64_t kMarkBytesMax = 4096;

// The line behind that; brokers pass over what follows the braces.
std::string NameOf(uint32_t checksum) {
  return fmt::format("\n{} {:08x}\n", kManifestFile, checksum);
}

// What the mark says of a manifest.
struct Named {
  std::optional<uint32_t> checksum;
  bool is_damaged = false;  // it names none, and is not as a broker writes it
};

// Whether it is empty, or one pair of braces.
bool IsBrokers(std::string_view mark) {
  const size_t last = mark.find_last_not_of(" \n\r\t");
  if (last == std::string_view::npos) return true;
  return mark.front() == '{' && mark.find('}') == last;
}

// The checksum that `mark` names; nothing where it has no such line, or half of
// one.
std::optional<uint32_t> ChecksumIn(std::string_view mark) {
  if (!mark.starts_with(kMark)) return std::nullopt;
  const std::string_view line = mark.substr(kMark.size());
  const std::string any = NameOf(0);
  if (line.size() != any.size()) return std::nullopt;
  const char* const digits = line.data() + any.size() - 9;
  uint32_t checksum = 0;
  std::from_chars(digits, digits + 8, checksum, 16);
  return line == NameOf(checksum) ? std::optional(checksum) : std::nullopt;
}

// NotFound where there is no mark.
absl::StatusOr<Named> ReadNamed(FileSystem& files, const std::string& path) {
  const auto mark = ReadWholeFile(files, path, kMarkBytesMax);
  if (ReasonOf(mark.status()) == Reason::kCorruptFile) {
    return Named{.is_damaged = true};
  }
  CAUCE_RETURN_IF_ERROR(mark.status());
  const auto checksum = ChecksumIn(*mark);
  return Named{checksum, !checksum && !IsBrokers(*mark)};
}

}  // namespace

absl::StatusOr<bool> HasCleanShutdown(FileSystem& files,
                                      std::string_view directory) {
  const std::string path = JoinPath(directory, kCleanShutdownFile);
  const absl::StatusOr<FileInfo> info = files.Info(path);
  if (absl::IsNotFound(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  if (info->is_directory) {
    CAUCE_RETURN_IF_ERROR(CheckNothingInPlaceOf(files, path));
  }
  return true;
}

absl::StatusOr<std::optional<CleanStop>> LookAtCleanStop(
    FileSystem& files, std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(const bool is_there,
                         HasCleanShutdown(files, directory));
  if (!is_there) return std::nullopt;
  CleanStop stop;
  // However young they are: of two that get one time the checksum tells.
  stop.files = LookAtStamps(files, directory,
                            {kCleanShutdownFile, kManifestFile},
                            absl::InfiniteFuture());
  const auto named = ReadNamed(files, JoinPath(directory, kCleanShutdownFile));
  // Gone since.
  if (absl::IsNotFound(named.status())) return std::nullopt;
  if (absl::IsResourceExhausted(named.status())) return named.status();
  // The mark counts also where it may not be read.
  if (named.ok()) stop.manifest = named->checksum;
  return stop;
}

absl::Status WriteCleanShutdown(FileSystem& files, std::string_view directory,
                                std::string_view manifest) {
  std::string mark(kMark);
  if (manifest.empty()) {
    return ReplaceFile(files, directory, kCleanShutdownFile, mark);
  }
  const std::optional<uint32_t> checksum = ManifestChecksum(manifest);
  CAUCE_CHECK(checksum.has_value());
  mark += NameOf(*checksum);
  const WantedFile wanted[] = {{kManifestFile, manifest},
                               {kCleanShutdownFile, mark}};
  return ReplaceFiles(files, directory, wanted);
}

absl::StatusOr<Manifest> ReadNamedManifest(FileSystem& files,
                                           std::string_view directory) {
  const std::string mark_path = JoinPath(directory, kCleanShutdownFile);
  CAUCE_ASSIGN_OR_RETURN(const Named named, ReadNamed(files, mark_path));
  const std::string path = JoinPath(directory, kManifestFile);
  if (named.is_damaged && files.Info(path).ok()) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: does not count, since {}, which should name it, is "
                    "damaged",
                    path, mark_path));
  }
  if (!named.checksum) {
    return absl::NotFoundError(
        fmt::format("{}: names no {}", mark_path, kManifestFile));
  }
  CAUCE_ASSIGN_OR_RETURN(std::string bytes,
                         ReadWholeFile(files, path, kManifestBytesMax));
  const std::optional<uint32_t> checksum = ManifestChecksum(bytes);
  if (checksum && checksum != named.checksum) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: its checksum is {:08x}, and {} names {:08x}", path,
                    *checksum, mark_path, *named.checksum));
  }
  return Manifest::Parse(path, std::move(bytes));
}

absl::StatusOr<Manifest> ReadLeftManifest(FileSystem& files,
                                          std::string_view directory) {
  const std::string path = JoinPath(directory, kManifestFile);
  CAUCE_ASSIGN_OR_RETURN(std::string bytes,
                         ReadWholeFile(files, path, kManifestBytesMax));
  return Manifest::Parse(path, std::move(bytes));
}

bool IsFinalManifest(const absl::Status& read) {
  const Reason why = ReasonOf(read);
  // A link or a pipe in its place is none.
  return read.ok() || absl::IsNotFound(read) ||
         absl::IsFailedPrecondition(read) || why == Reason::kCorruptFile ||
         why == Reason::kUnsupportedFormat;
}

absl::StatusOr<UnnamedManifest> FindUnnamedManifest(
    FileSystem& files, std::string_view directory) {
  const auto named = ReadNamed(files, JoinPath(directory, kCleanShutdownFile));
  if (absl::IsNotFound(named.status())) return UnnamedManifest::kNone;
  CAUCE_RETURN_IF_ERROR(named.status());
  const std::string path = JoinPath(directory, kManifestFile);
  const auto info = files.Info(path);
  // What is no file of ours, as a link, nobody reads.
  const bool is_none = absl::IsNotFound(info.status()) ||
                       absl::IsFailedPrecondition(info.status());
  if (is_none) return UnnamedManifest::kNone;
  CAUCE_RETURN_IF_ERROR(info.status());
  if (info->is_directory) return UnnamedManifest::kNone;
  if (named->is_damaged) return UnnamedManifest::kDoubtful;
  if (!named->checksum) return UnnamedManifest::kOutdated;
  const auto bytes = ReadWholeFile(files, path, kManifestBytesMax);
  const auto checksum = bytes.ok() ? ManifestChecksum(*bytes) : std::nullopt;
  const bool is_another = checksum && checksum != named->checksum;
  return is_another ? UnnamedManifest::kDoubtful : UnnamedManifest::kNone;
}

absl::Status RemoveCleanShutdown(FileSystem& files,
                                 std::string_view directory) {
  CAUCE_RETURN_IF_ERROR(
      RemoveIfThere(files, JoinPath(directory, kCleanShutdownFile)));
  return files.SyncDirectory(directory);
}

}  // namespace cauce
