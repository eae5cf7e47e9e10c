#include "engine/backup/backup_manifest.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/text_lines.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr TextFormat kFormat{kBackupFile, 1};
// An offset's leader epoch that nobody knows, and text without a byte.
constexpr std::string_view kNone = "-";

constexpr std::string_view kOrigins[] = {"given", "imported", "adopted",
                                         "compacted"};

std::string_view OriginOf(const TopicEntry& topic) {
  if (topic.imported) return kOrigins[1];
  if (topic.adopted) return kOrigins[2];
  return topic.compacted ? kOrigins[3] : kOrigins[0];
}

// What may hold any bytes stands there in hexadecimal.
std::string HexText(std::string_view bytes) {
  if (bytes.empty()) return std::string(kNone);
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes)
    text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

std::optional<int> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return std::nullopt;
}

std::optional<std::string> ParseHex(std::string_view text) {
  if (text == kNone) return "";
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const auto high = HexDigit(text[i]);
    const auto low = HexDigit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high * 16 + *low);
  }
  return bytes;
}

std::optional<uint32_t> ParseChecksum(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  for (const char digit : text)
    if (!HexDigit(digit)) return std::nullopt;
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t end = text.find(' ');
    words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

// Reads the text of a manifest whose checksum was found right.
class ManifestReader {
 public:
  ManifestReader(std::string_view path, std::string_view text)
      : lines_(path, text) {}

  absl::StatusOr<BackupManifest> Read() {
    lines_.Next();  // the version was looked at
    if (!TakeTopic(lines_.Next())) {
      return lines_.Corrupt(
          "\"topic NAME PARTITIONS ID given|imported|adopted|compacted\"");
    }
    const auto taken = NumberAfter<int64_t>("taken ", lines_.Next());
    if (!taken) return lines_.Corrupt("\"taken MILLISECONDS\"");
    manifest_.taken = {*taken};
    while (!lines_.at_end()) {
      if (TakeLine(lines_.Next())) continue;
      return lines_.Corrupt(
          "a config, partition, file, damage, transaction or offset, each "
          "where it belongs, once");
    }
    const size_t wanted = static_cast<size_t>(manifest_.topic.partitions);
    if (manifest_.partitions.size() == wanted) {
      const auto bare = std::ranges::find_if(manifest_.partitions, LacksLogs);
      if (bare == manifest_.partitions.end()) return std::move(manifest_);
      lines_.Next();
      return lines_.Corrupt(fmt::format(
          "a log of partition {}, which is whole and has offsets {} to {}",
          bare - manifest_.partitions.begin(), bare->log.base.value,
          bare->log.next.value));
    }
    lines_.Next();
    return lines_.Corrupt(fmt::format("the last of {} partitions, not of {}",
                                      wanted, manifest_.partitions.size()));
  }

 private:
  // None that was written so could be restored but as nothing.
  static bool LacksLogs(const BackupPartition& partition) {
    return !partition.damaged && partition.log.count() > 0 &&
           std::ranges::none_of(partition.files, [](const BackupFile& file) {
             return file.name.ends_with(kLogSuffix);
           });
  }

  bool TakeTopic(std::optional<std::string_view> line) {
    const auto text = TextAfter("topic ", line);
    if (!text) return false;
    const auto words = Words(*text);
    if (words.size() != 4 || !ValidateTopicName(words[0]).ok()) return false;
    const auto partitions = ParseDecimal<int32_t>(words[1]);
    const auto id = ParseTopicId(words[2]);
    const auto* const origin = std::ranges::find(kOrigins, words[3]);
    if (!partitions || *partitions < 1 || *partitions > kTopicPartitionsMax ||
        !id || origin == std::end(kOrigins)) {
      return false;
    }
    TopicEntry& topic = manifest_.topic;
    topic.name = words[0];
    topic.partitions = *partitions;
    topic.id = *id;
    topic.imported = words[3] == kOrigins[1];
    topic.adopted = words[3] == kOrigins[2];
    topic.compacted = words[3] == kOrigins[3];
    return topic.imported || !topic.id.is_zero();
  }

  bool TakeLine(std::optional<std::string_view> line) {
    if (const auto text = TextAfter("config ", line)) return TakeConfig(*text);
    if (const auto text = TextAfter("partition ", line))
      return TakePartition(Words(*text));
    if (const auto text = TextAfter("file ", line))
      return TakeFile(Words(*text));
    if (const auto text = TextAfter("transaction ", line))
      return TakeTransaction(Words(*text));
    if (const auto text = TextAfter("offset ", line))
      return TakeOffset(Words(*text));
    return false;
  }

  // Which names there are is not asked: the directory's list of topics keeps
  // what a newer release has set.
  bool TakeConfig(std::string_view text) {
    const size_t equals = text.find('=');
    const bool printable = std::ranges::all_of(
        text, [](char c) { return c >= ' ' && c <= '~'; });
    if (equals == std::string_view::npos || equals == 0 || !printable ||
        !manifest_.partitions.empty()) {
      return false;
    }
    return manifest_.topic.configs
        .emplace(text.substr(0, equals), text.substr(equals + 1))
        .second;
  }

  bool TakePartition(const std::vector<std::string_view>& words) {
    if (words.size() != 4 || !manifest_.offsets.empty()) return false;
    const auto number = ParseDecimal<int32_t>(words[0]);
    const auto base = ParseDecimal<int64_t>(words[1]);
    const auto next = ParseDecimal<int64_t>(words[2]);
    const bool damaged = words[3] == "damaged";
    const size_t here = manifest_.partitions.size();
    if (!number || static_cast<size_t>(*number) != here || !base || !next ||
        *base > *next || (!damaged && words[3] != "whole") ||
        *number >= manifest_.topic.partitions) {
      return false;
    }
    manifest_.partitions.push_back(
        {.log = {{*base}, {*next}}, .damaged = damaged, .files = {}});
    return true;
  }

  bool TakeFile(const std::vector<std::string_view>& words) {
    if (words.size() != 3 || manifest_.partitions.empty()) return false;
    std::vector<BackupFile>& files = manifest_.partitions.back().files;
    const auto bytes = ParseDecimal<int64_t>(words[1]);
    const auto crc = ParseChecksum(words[2]);
    const bool in_order = files.empty() || files.back().name < words[0];
    // So that no sum of them overflows.
    const bool fits =
        bytes && *bytes <= std::numeric_limits<int64_t>::max() - bytes_;
    if (!IsBackupFileName(words[0]) || !fits || !crc || !in_order ||
        !manifest_.offsets.empty()) {
      return false;
    }
    bytes_ += *bytes;
    files.push_back({std::string(words[0]), *bytes, *crc});
    return true;
  }

  bool TakeTransaction(const std::vector<std::string_view>& words) {
    if (words.size() != 3 || manifest_.partitions.empty()) return false;
    const auto producer = ParseDecimal<int64_t>(words[0]);
    const auto epoch = ParseDecimal<int16_t>(words[1]);
    const auto start = ParseDecimal<int64_t>(words[2]);
    if (!producer || !epoch || !start || !manifest_.offsets.empty())
      return false;
    const auto partition =
        static_cast<int32_t>(manifest_.partitions.size() - 1);
    manifest_.transactions.push_back(
        {PartitionId{partition}, {*producer}, *epoch, {*start}});
    return true;
  }

  bool TakeOffset(const std::vector<std::string_view>& words) {
    if (words.size() != 5) return false;
    const auto partition = ParseDecimal<int32_t>(words[0]);
    const auto offset = ParseDecimal<int64_t>(words[1]);
    const auto epoch = words[2] == kNone ? std::optional<int32_t>(-1)
                                         : ParseDecimal<int32_t>(words[2]);
    auto group = ParseHex(words[3]);
    auto metadata = ParseHex(words[4]);
    if (!partition || *partition >= manifest_.topic.partitions || !offset ||
        !epoch || !group || group->empty() || !metadata) {
      return false;
    }
    manifest_.offsets.push_back({*std::move(group), {*partition}, {*offset},
                                 {*epoch}, *std::move(metadata)});
    return true;
  }

  TextLines lines_;
  BackupManifest manifest_;
  int64_t bytes_ = 0;
};

}  // namespace

bool IsBackupFileName(std::string_view name) {
  if (name == kEpochFile) return true;
  const auto parsed = ParseSegmentFileName(name);
  if (!parsed) return false;
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix,
        kSnapshotSuffix}) {
    if (parsed->suffix == suffix) return true;
  }
  return false;
}

std::string BackupManifest::Format() const {
  std::string text = fmt::format(
      "{} {}\ntopic {} {} {} {}\ntaken {}\n", kFormat.name, kFormat.version,
      topic.name, topic.partitions, TopicIdText(topic.id), OriginOf(topic),
      taken.ms);
  for (const auto& [name, value] : topic.configs)
    text += fmt::format("config {}={}\n", name, value);
  auto open = transactions.begin();
  for (size_t i = 0; i < partitions.size(); ++i) {
    const BackupPartition& each = partitions[i];
    text += fmt::format("partition {} {} {} {}\n", i, each.log.base.value,
                        each.log.next.value,
                        each.damaged ? "damaged" : "whole");
    for (const BackupFile& file : each.files)
      text += fmt::format("file {} {} {:08x}\n", file.name, file.bytes,
                          file.crc);
    for (; open != transactions.end() &&
           static_cast<size_t>(open->partition.value) == i;
         ++open) {
      text += fmt::format("transaction {} {} {}\n", open->producer_id.value,
                          open->producer_epoch, open->start.value);
    }
  }
  for (const BackupOffset& each : offsets) {
    text += fmt::format(
        "offset {} {} {} {} {}\n", each.partition.value, each.offset.value,
        each.leader_epoch.value < 0 ? std::string(kNone)
                                    : std::to_string(each.leader_epoch.value),
        HexText(each.group), HexText(each.metadata));
  }
  return WithChecksum(std::move(text));
}

absl::StatusOr<BackupManifest> BackupManifest::Parse(std::string_view path,
                                                     std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(const std::string_view text,
                         CheckedText(path, bytes, kFormat));
  return ManifestReader(path, text).Read();
}

BackupSummary BackupManifest::Summary() const {
  BackupSummary summary;
  summary.topic = topic.name;
  summary.taken = taken.ToTime();
  summary.offsets = static_cast<int64_t>(offsets.size());
  summary.transactions = transactions;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const BackupPartition& each = partitions[i];
    summary.partitions.push_back(each.log);
    summary.files += static_cast<int64_t>(each.files.size());
    for (const BackupFile& file : each.files) summary.bytes += file.bytes;
    if (each.damaged) {
      summary.damaged.push_back(
          {topic.name, PartitionId{static_cast<int32_t>(i)}});
    }
  }
  return summary;
}

}  // namespace cauce
