#include "engine/catalog/manifest.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kMagic = "cauceseg";
constexpr int16_t kVersion = 2;
// In its parts the fields stand elsewhere, and not in all of them alike.
constexpr int16_t kVersionNotUsed = 1;

// Where the fields of the file stand, and of a partition's row.
constexpr size_t kVersionAt = 8;
constexpr size_t kCrcAt = 10;  // of all that follows it
constexpr size_t kSumsAt = 14;
constexpr size_t kSumBytes = 8;
constexpr size_t kTopicsAt = 38;
constexpr size_t kHeaderBytes = 42;

constexpr size_t kPartitionAt = 0;
constexpr size_t kPositionAt = 4;
constexpr size_t kLengthAt = 8;
constexpr size_t kRecoveryPointAt = 12;
constexpr size_t kLogStartAt = 20;
constexpr size_t kRowBytes = 28;

absl::Status Corrupt(std::string_view path, size_t position,
                     std::string_view what) {
  return MakeError(Reason::kCorruptFile,
                   fmt::format("{}: at position {}: {}", path, position, what));
}

absl::StatusOr<FileSum> SumOf(FileSystem& files, std::string_view path) {
  const auto bytes = ReadWholeFile(files, path, kManifestBytesMax);
  if (absl::IsNotFound(bytes.status())) return FileSum{};
  CAUCE_RETURN_IF_ERROR(bytes.status());
  return FileSum{static_cast<int32_t>(bytes->size()), Crc32c(*bytes)};
}

// An offset that may be absent, and what such a one reads as.
constexpr Offset kAbsent{-1};

std::optional<Offset> OffsetAt(const char* at) {
  const Offset offset{LoadBig<int64_t>(at)};
  return offset == kAbsent ? std::nullopt : std::optional(offset);
}

}  // namespace

absl::StatusOr<BoundsSums> SumBounds(FileSystem& files,
                                     std::string_view directory) {
  BoundsSums sums;
  size_t i = 0;
  for (const std::string_view name :
       {kRecoveryPointFile, kLogStartFile, kLogStartCopyFile}) {
    CAUCE_ASSIGN_OR_RETURN(sums[i++], SumOf(files, JoinPath(directory, name)));
  }
  return sums;
}

int64_t ManifestBytes(const ManifestRows& rows) {
  size_t bytes = kHeaderBytes;
  std::string_view last;
  for (const auto& [name, row] : rows) {
    if (name.topic != last) bytes += 2 + name.topic.size() + 4;
    last = name.topic;
    bytes += kRowBytes + row.part.size();
  }
  return static_cast<int64_t>(bytes);
}

std::optional<std::string> FormatManifest(const ManifestRows& rows,
                                          const BoundsSums& sums) {
  if (ManifestBytes(rows) > kManifestBytesMax) return std::nullopt;
  const auto bytes = static_cast<size_t>(ManifestBytes(rows));
  std::map<std::string_view, int32_t> topics;
  for (const auto& [name, row] : rows) ++topics[name.topic];
  size_t position = bytes;
  for (const auto& [name, row] : rows) position -= row.part.size();

  std::string text(kMagic);
  text.reserve(bytes);
  AppendBig<int16_t>(text, kVersion);
  AppendBig<int32_t>(text, 0);  // the checksum, in the end
  for (const FileSum& sum : sums) {
    AppendBig<int32_t>(text, sum.bytes);
    AppendBig<uint32_t>(text, sum.crc);
  }
  AppendBig<int32_t>(text, static_cast<int32_t>(topics.size()));
  std::string_view last;
  for (const auto& [name, row] : rows) {
    if (name.topic != last) {
      last = name.topic;
      AppendBig<int16_t>(text, static_cast<int16_t>(last.size()));
      text += last;
      AppendBig<int32_t>(text, topics[last]);
    }
    AppendBig<int32_t>(text, name.partition.value);
    AppendBig<int32_t>(text, static_cast<int32_t>(position));
    AppendBig<int32_t>(text, static_cast<int32_t>(row.part.size()));
    AppendBig<int64_t>(text, row.recovery_point.value_or(kAbsent).value);
    AppendBig<int64_t>(text, row.log_start.value_or(kAbsent).value);
    position += row.part.size();
  }
  for (const auto& [name, row] : rows) text += row.part;
  CAUCE_CHECK(text.size() == bytes);
  const std::string_view summed = std::string_view(text).substr(kSumsAt);
  StoreBig<uint32_t>(text.data() + kCrcAt, Crc32c(summed));
  return text;
}

std::optional<uint32_t> ManifestChecksum(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) {
    return std::nullopt;
  }
  const auto crc = LoadBig<uint32_t>(bytes.data() + kCrcAt);
  if (Crc32c(bytes.substr(kSumsAt)) != crc) return std::nullopt;
  return crc;
}

absl::StatusOr<Manifest> Manifest::Parse(std::string_view path,
                                         std::string bytes) {
  if (!ManifestChecksum(bytes)) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: its checksum is wrong, or it does not "
                                 "begin with \"{}\"; it has {} bytes",
                                 path, kMagic, bytes.size()));
  }
  Manifest read;
  read.bytes_ = std::make_shared<const std::string>(std::move(bytes));
  const std::string& all = *read.bytes_;
  const auto version = LoadBig<int16_t>(all.data() + kVersionAt);
  if (version > kVersion) {
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("{}: has version {}, this release knows up to {}; it may "
                    "be removed, and is then made anew",
                    path, version, kVersion));
  }
  if (version == kVersionNotUsed) {
    // Nothing is known of it, as of one that is damaged.
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: has version {}, of an earlier release, "
                                 "and is not used",
                                 path, version));
  }
  if (version < 1) return Corrupt(path, kVersionAt, "the version is below 1");
  for (size_t i = 0; i < read.sums_.size(); ++i) {
    const char* const sum = all.data() + kSumsAt + i * kSumBytes;
    read.sums_[i] = {LoadBig<int32_t>(sum), LoadBig<uint32_t>(sum + 4)};
  }
  const auto topics = LoadBig<int32_t>(all.data() + kTopicsAt);
  if (topics < 0) return Corrupt(path, kTopicsAt, "fewer topics than none");
  size_t at = kHeaderBytes;
  const auto left = [&] { return all.size() - at; };
  for (int32_t i = 0; i < topics; ++i) {
    if (left() < 2) return Corrupt(path, at, "a topic is missing");
    const size_t length = LoadBig<uint16_t>(all.data() + at);
    if (left() < 2 + length + 4) return Corrupt(path, at, "a topic is cut off");
    const std::string_view name(all.data() + at + 2, length);
    const auto count = LoadBig<int32_t>(all.data() + at + 2 + length);
    const bool follows =
        read.topics_.empty() || read.topics_.back().name < name;
    if (!ValidateTopicName(name).ok() || !follows || count < 1) {
      return Corrupt(path, at,
                     "what stands there is no topic that follows the one in "
                     "front of it");
    }
    at += 2 + length + 4;
    if (left() / kRowBytes < static_cast<size_t>(count)) {
      return Corrupt(path, at, "partitions are missing");
    }
    read.topics_.push_back({name, all.data() + at, static_cast<size_t>(count)});
    at += static_cast<size_t>(count) * kRowBytes;
  }
  // The parts follow, one behind the other.
  for (const Topic& topic : read.topics_) {
    int32_t last = -1;
    for (size_t i = 0; i < topic.count; ++i) {
      const char* const row = topic.rows + i * kRowBytes;
      const auto partition = LoadBig<int32_t>(row + kPartitionAt);
      const size_t position = LoadBig<uint32_t>(row + kPositionAt);
      const size_t length = LoadBig<uint32_t>(row + kLengthAt);
      const bool follows =
          partition > last && position == at && length <= left();
      if (!follows || LoadBig<int64_t>(row + kRecoveryPointAt) < -1 ||
          LoadBig<int64_t>(row + kLogStartAt) < -1) {
        return Corrupt(path, static_cast<size_t>(row - all.data()),
                       "a partition does not follow the one in front of it");
      }
      last = partition;
      at += length;
    }
  }
  if (at != all.size()) return Corrupt(path, at, "nothing may follow there");
  return read;
}

std::optional<std::string_view> Manifest::Find(
    const TopicPartition& partition) const {
  const auto topic =
      std::ranges::lower_bound(topics_, partition.topic, {}, &Topic::name);
  if (topic == topics_.end() || topic->name != partition.topic) {
    return std::nullopt;
  }
  size_t low = 0;
  size_t high = topic->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const char* const row = topic->rows + middle * kRowBytes;
    const auto there = LoadBig<int32_t>(row + kPartitionAt);
    if (there == partition.partition.value) return RowAt(row).part;
    (there < partition.partition.value ? low : high) =
        there < partition.partition.value ? middle + 1 : middle;
  }
  return std::nullopt;
}

void Manifest::ForEach(absl::FunctionRef<void(std::string_view, PartitionId,
                                              const ManifestRow&)>
                           see) const {
  for (const Topic& topic : topics_) {
    for (size_t i = 0; i < topic.count; ++i) {
      const char* const row = topic.rows + i * kRowBytes;
      see(topic.name, PartitionId{LoadBig<int32_t>(row + kPartitionAt)},
          RowAt(row));
    }
  }
}

ManifestRows Manifest::rows() const {
  ManifestRows all;
  ForEach([&](std::string_view topic, PartitionId partition,
              const ManifestRow& row) {
    all.emplace_hint(all.end(), TopicPartition{std::string(topic), partition},
                     row);
  });
  return all;
}

ManifestRow Manifest::RowAt(const char* row) const {
  return {.part = std::string_view(*bytes_).substr(
              LoadBig<uint32_t>(row + kPositionAt),
              LoadBig<uint32_t>(row + kLengthAt)),
          .recovery_point = OffsetAt(row + kRecoveryPointAt),
          .log_start = OffsetAt(row + kLogStartAt)};
}

}  // namespace cauce
