#include "engine/log/log_starts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_directory.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A writer renames one after the other: who reads in between sees the same
// with the next look, unless the writer stopped right there.
constexpr int kReadsMax = 3;

absl::StatusOr<OffsetCheckpoint> ReadOriginal(FileSystem& files,
                                              const std::string& directory) {
  const std::string path = JoinPath(directory, kLogStartFile);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kCheckpointBytesMax));
  // Who has no entries to save says that too, in so many words.
  if (bytes.empty()) {
    return absl::NotFoundError(fmt::format("{}: is empty", path));
  }
  return ParseOffsetCheckpoint(path, bytes);
}

absl::StatusOr<OffsetCheckpoint> ReadCopy(FileSystem& files,
                                          const std::string& directory) {
  const std::string path = JoinPath(directory, kLogStartCopyFile);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kCheckpointBytesMax));
  return ParseLogStartCopy(path, bytes);
}

// Where the oldest segment of a partition begins; nothing where none can be
// seen, which is no evidence of anything.
std::optional<Offset> FirstBase(FileSystem& files, const std::string& directory,
                                const TopicPartition& partition) {
  const auto bases = ListSegmentBases(
      {.files = &files,
       .directory = JoinPath(directory, partition.ToString())});
  if (!bases.ok() || bases->empty()) return std::nullopt;
  return bases->front();
}

bool Says(const absl::StatusOr<OffsetCheckpoint>& file,
          const OffsetCheckpoint& starts) {
  return file.ok() ? *file == starts
                   : absl::IsNotFound(file.status()) && starts.empty();
}

bool IsDamaged(const absl::Status& status) {
  return ReasonOf(status) == Reason::kCorruptFile;
}

// The starts that only the copy knows, among `starts`: a broker leaves out a
// log that begins where its first segment does.
void AddUnnamed(FileSystem& files, const std::string& directory,
                const OffsetCheckpoint& copy, OffsetCheckpoint& starts) {
  for (const auto& [partition, start] : copy) {
    if (starts.contains(partition)) continue;
    const auto first = FirstBase(files, directory, partition);
    if (!first || *first <= start) starts.emplace(partition, start);
  }
}

LogStarts ReadOnce(FileSystem& files, const std::string& directory) {
  const auto original = ReadOriginal(files, directory);
  const auto copy = ReadCopy(files, directory);
  LogStarts read{.original = original.status(), .copy = copy.status()};
  if (original.ok()) {
    read.starts = *original;
  } else if (copy.ok()) {
    read.starts = *copy;
  }
  if (original.ok() && copy.ok()) {
    for (auto& [partition, start] : read.starts) {
      const auto known = copy->find(partition);
      if (known == copy->end() || known->second == start) continue;
      StartDifference difference{partition, start, known->second};
      const auto [low, high] = std::minmax({start, known->second});
      const auto first = FirstBase(files, directory, partition);
      difference.taken = first == high ? high : low;
      start = difference.taken;
      read.differences.push_back(std::move(difference));
    }
    AddUnnamed(files, directory, *copy, read.starts);
  }
  read.is_settled = Says(original, read.starts) && Says(copy, read.starts);
  return read;
}

}  // namespace

std::string StartDifference::Describe() const {
  const Offset high = std::max(original, copy);
  const bool is_high = taken == high;
  return fmt::format(
      "{} starts at offset {} as {} says, and at {} as {} does: it is taken "
      "to start at {}, {}",
      partition.ToString(), original.value, kLogStartFile, copy.value,
      kLogStartCopyFile, taken.value,
      is_high ? std::string("where its oldest segment begins")
              : fmt::format("since records that were deleted are below both; "
                            "if those before {} are to go, delete them once "
                            "more",
                            high.value));
}

bool LogStarts::is_lost() const {
  return (IsDamaged(original) && !copy.ok()) ||
         (IsDamaged(copy) && !original.ok());
}

absl::Status LogStarts::Unread() const {
  for (const absl::Status& status : {original, copy}) {
    if (!status.ok() && !absl::IsNotFound(status) && !IsDamaged(status)) {
      return status;
    }
  }
  return absl::OkStatus();
}

LogStarts ReadLogStarts(FileSystem& files, const std::string& directory) {
  LogStarts read = ReadOnce(files, directory);
  for (int i = 1; i < kReadsMax && !read.differences.empty(); ++i) {
    read = ReadOnce(files, directory);
  }
  return read;
}

absl::Status WriteLogStarts(FileSystem& files, const std::string& directory,
                            const OffsetCheckpoint& starts) {
  const std::string copy = FormatLogStartCopy(starts);
  if (copy.size() > kCheckpointBytesMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "{}: would be {} bytes long, limit is {}; delete topics or use another "
        "directory for some",
        JoinPath(directory, kLogStartCopyFile), copy.size(),
        kCheckpointBytesMax));
  }
  const std::string original = FormatOffsetCheckpoint(starts);
  const WantedFile wanted[] = {{kLogStartFile, original},
                               {kLogStartCopyFile, copy}};
  return ReplaceFiles(files, directory, wanted);
}

}  // namespace cauce
