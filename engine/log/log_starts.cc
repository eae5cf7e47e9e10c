#include "engine/log/log_starts.h"

#include <algorithm>
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

// Where a log begins of which two whole files say this, or leave it out: at
// least one of them names it.
std::optional<Offset> StartOf(std::optional<Offset> original,
                              std::optional<Offset> copy,
                              std::optional<Offset> first) {
  if (!original || !copy) return first;
  const auto [low, high] = std::minmax(*original, *copy);
  return std::clamp(first.value_or(low), low, high);
}

std::optional<Offset> Find(const OffsetCheckpoint& starts,
                           const TopicPartition& partition) {
  const auto found = starts.find(partition);
  if (found == starts.end()) return std::nullopt;
  return found->second;
}

// Of a partition of which the two do not say the same in so many words.
void Decide(FileSystem& files, const std::string& directory,
            StartDifference said, LogStarts& read) {
  said.first = FirstBase(files, directory, said.partition);
  said.taken = StartOf(said.original, said.copy, said.first);
  if (said.taken) read.starts[said.partition] = *said.taken;
  // To leave it out says that it starts there.
  const bool is_same = said.first && said.original.value_or(*said.first) ==
                                         said.copy.value_or(*said.first);
  if (!is_same) read.differences.push_back(std::move(said));
}

// The starts of two whole files, and where they differ.
void Join(FileSystem& files, const std::string& directory,
          const OffsetCheckpoint& original, const OffsetCheckpoint& copy,
          LogStarts& read) {
  OffsetCheckpoint named = original;
  named.insert(copy.begin(), copy.end());
  for (const auto& [partition, start] : named) {
    StartDifference said{.partition = partition,
                         .original = Find(original, partition),
                         .copy = Find(copy, partition)};
    if (said.original == said.copy) {
      read.starts.emplace_hint(read.starts.end(), partition, start);
    } else {
      Decide(files, directory, std::move(said), read);
    }
  }
}

LogStarts ReadOnce(FileSystem& files, const std::string& directory) {
  const auto original = ReadOriginal(files, directory);
  const auto copy = ReadCopy(files, directory);
  LogStarts read{.original = original.status(), .copy = copy.status()};
  if (original.ok() && copy.ok() && *original == *copy) {
    read.starts = *original;
  } else if (original.ok() && copy.ok()) {
    Join(files, directory, *original, *copy, read);
  } else if (original.ok()) {
    read.starts = *original;
  } else if (copy.ok()) {
    read.starts = *copy;
  }
  read.is_settled = Says(original, read.starts) && Says(copy, read.starts);
  return read;
}

std::string WhyTaken(const StartDifference& difference) {
  if (difference.taken == difference.first) {
    return "where its oldest segment begins";
  }
  if (difference.first > difference.taken) {
    return fmt::format("since its oldest segment begins behind that, at {}",
                       difference.first->value);
  }
  return "since a deletion is done once both say so";
}

}  // namespace

std::string StartDifference::Describe() const {
  const Offset high =
      std::max(original.value_or(Offset{0}), copy.value_or(Offset{0}));
  std::string told = fmt::format("{} starts ", partition.ToString());
  if (original && copy) {
    told += fmt::format("at offset {} as {} says, and at {} as {} does",
                        original->value, kLogStartFile, copy->value,
                        kLogStartCopyFile);
  } else {
    told +=
        fmt::format("at offset {} as {} says, and {} leaves it out", high.value,
                    original ? kLogStartFile : kLogStartCopyFile,
                    original ? kLogStartCopyFile : kLogStartFile);
  }
  if (!taken) {
    return told +
           ": none of its segments is seen, so it is taken to start "
           "with whatever is found of it";
  }
  told += fmt::format(": it is taken to start at {}, {}", taken->value,
                      WhyTaken(*this));
  if (*taken >= high) return told;
  return told + fmt::format(
                    "; records that were deleted may show again: if those "
                    "before {} are to go, delete them once more",
                    high.value);
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
