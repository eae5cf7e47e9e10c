#include "engine/catalog/partition_metadata.h"

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/quoted.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Two short lines; a file of more is something else.
constexpr int64_t kBytesMax = 4096;

constexpr std::string_view kVersionKey = "version: ";
constexpr std::string_view kIdKey = "topic_id: ";

}  // namespace

absl::StatusOr<TopicId> ParsePartitionMetadata(std::string_view path,
                                               std::string_view bytes) {
  const auto corrupt = [&] {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: is {}, must be the lines \"version: 0\" "
                                 "and \"topic_id: \" with an id",
                                 path, Quoted(bytes)));
  };
  std::string_view rest = bytes;
  // Kafka ends the second line without a newline; an editor may add one.
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return corrupt();
  const std::string_view first = rest.substr(0, end);
  const std::string_view second = rest.substr(end + 1);
  if (!first.starts_with(kVersionKey)) return corrupt();
  const auto version = ParseDecimal<int32_t>(first.substr(kVersionKey.size()));
  if (!version) return corrupt();
  if (*version != 0) {
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("{}: has version {}, only 0 is known; open the directory "
                    "with the release that wrote it, or, where none did, move "
                    "the file away",
                    path, *version));
  }
  if (!second.starts_with(kIdKey)) return corrupt();
  const auto id = ParseTopicId(second.substr(kIdKey.size()));
  if (!id || id->is_zero()) return corrupt();
  return *id;
}

std::string FormatPartitionMetadata(const TopicId& id) {
  CAUCE_CHECK(!id.is_zero());
  return fmt::format("{}0\n{}{}", kVersionKey, kIdKey, TopicIdText(id));
}

absl::StatusOr<TopicId> ReadPartitionMetadata(
    FileSystem& files, std::string_view partition_directory) {
  const std::string path =
      JoinPath(partition_directory, kPartitionMetadataFile);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kBytesMax));
  return ParsePartitionMetadata(path, bytes);
}

absl::Status WritePartitionMetadata(FileSystem& files,
                                    std::string_view partition_directory,
                                    const TopicId& id) {
  return ReplaceFile(files, partition_directory, kPartitionMetadataFile,
                     FormatPartitionMetadata(id));
}

}  // namespace cauce
