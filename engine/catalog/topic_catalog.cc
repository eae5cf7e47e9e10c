#include "engine/catalog/topic_catalog.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/quoted.h"
#include "engine/catalog/text_lines.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int32_t kVersion = 1;

constexpr std::string_view kHead = "cauce.topics";
constexpr std::string_view kGeneration = "generation ";
constexpr std::string_view kTopics = "topics ";
constexpr std::string_view kTopic = "topic ";
constexpr std::string_view kConfig = "config ";

constexpr std::string_view kImported = "imported";
constexpr std::string_view kGiven = "given";
constexpr std::string_view kAdopted = "adopted";
constexpr std::string_view kCompacted = "compacted";

// What is saved must be read again, so it ends here: a number that could not
// be followed by another is damage.
constexpr int64_t kGenerationMax = std::numeric_limits<int64_t>::max() - 1;

std::string_view StateName(TopicState state) {
  switch (state) {
    case TopicState::kLive:
      return "live";
    case TopicState::kCreating:
      return "creating";
    case TopicState::kDeleting:
      return "deleting";
  }
  return "unknown";
}

std::optional<TopicState> ParseState(std::string_view name) {
  for (const TopicState state :
       {TopicState::kLive, TopicState::kCreating, TopicState::kDeleting}) {
    if (StateName(state) == name) return state;
  }
  return std::nullopt;
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// Configs that cannot be read, of a newer release, may say so.
bool IsCompacted(const TopicConfigOverrides& configs) {
  const auto config = ParseTopicConfig(configs);
  return !config.ok() || config->cleanup.compact;
}

std::string_view OriginOf(const TopicEntry& topic) {
  if (topic.imported) return kImported;
  if (topic.adopted) return kAdopted;
  return topic.compacted ? kCompacted : kGiven;
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

// "NAME PARTITIONS ID STATE given|imported|adopted|compacted".
std::optional<TopicEntry> ParseTopic(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  if (words.size() != 5) return std::nullopt;
  const auto partitions = ParseDecimal<int32_t>(words[1]);
  const auto id = ParseTopicId(words[2]);
  const auto state = ParseState(words[3]);
  const bool imported = words[4] == kImported;
  const bool adopted = words[4] == kAdopted;
  const bool compacted = words[4] == kCompacted;
  const bool whole = ValidateTopicName(words[0]).ok() && partitions &&
                     *partitions >= 1 && *partitions <= kTopicPartitionsMax &&
                     id && state &&
                     (imported || adopted || compacted || words[4] == kGiven) &&
                     (imported || !id->is_zero());
  if (!whole) return std::nullopt;
  return TopicEntry{.name = std::string(words[0]),
                    .id = *id,
                    .partitions = *partitions,
                    .state = *state,
                    .imported = imported,
                    .adopted = adopted,
                    .compacted = compacted};
}

// "NAME=VALUE". Which names there are is not asked: a newer release may have
// known more, and what it set stays.
bool TakeConfig(std::string_view text, TopicConfigOverrides& configs) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  if (!IsPrintable(text)) return false;
  return configs.emplace(text.substr(0, equals), text.substr(equals + 1))
      .second;
}

absl::Status Unknown(std::string_view name) {
  return MakeError(Reason::kUnknownTopic,
                   fmt::format("{}: no such topic", Quoted(name)));
}

absl::Status CheckPartitions(const std::string& topic, int32_t partitions) {
  if (partitions >= 1 && partitions <= kTopicPartitionsMax) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kInvalidPartitions,
                   fmt::format("{}: {} partitions asked for, must be 1 to {}",
                               topic, partitions, kTopicPartitionsMax));
}

}  // namespace

// Reads the text of a catalogue whose checksum was found right.
class CatalogReader {
 public:
  CatalogReader(std::string_view path, std::string_view text)
      : lines_(path, text) {}

  absl::StatusOr<TopicCatalog> Read() {
    lines_.Next();  // the version was looked at before
    const auto generation = NumberAfter<int64_t>(kGeneration, lines_.Next());
    if (!generation || *generation > kGenerationMax) {
      return lines_.Corrupt("\"generation NUMBER\"");
    }
    catalog_.generation_ = *generation;
    const auto count = NumberAfter<int32_t>(kTopics, lines_.Next());
    if (!count) return lines_.Corrupt("\"topics NUMBER\"");
    while (!lines_.at_end()) CAUCE_RETURN_IF_ERROR(TakeLine());
    if (catalog_.topics_.size() != static_cast<size_t>(*count)) {
      lines_.Next();
      return lines_.Corrupt(fmt::format("the last of {} topics, not of {}",
                                        *count, catalog_.topics_.size()));
    }
    return std::move(catalog_);
  }

 private:
  absl::Status TakeLine() {
    const auto line = lines_.Next();
    if (const auto text = TextAfter(kConfig, line)) {
      const bool taken = last_ != nullptr && TakeConfig(*text, last_->configs);
      if (taken) return absl::OkStatus();
      return lines_.Corrupt("\"config NAME=VALUE\" behind its topic, once");
    }
    const auto text = TextAfter(kTopic, line);
    auto topic = text ? ParseTopic(*text) : std::nullopt;
    if (topic) {
      const std::string name = topic->name;
      const auto [at, added] =
          catalog_.topics_.emplace(name, *std::move(topic));
      last_ = &at->second;
      if (added) return absl::OkStatus();
    }
    return lines_.Corrupt(
        "\"topic NAME PARTITIONS ID live|creating|deleting "
        "given|imported|adopted|compacted\", each name once");
  }

  TextLines lines_;
  TopicCatalog catalog_;
  TopicEntry* last_ = nullptr;
};

namespace {

absl::StatusOr<TopicCatalog> LoadOne(FileSystem& files,
                                     std::string_view directory,
                                     std::string_view name) {
  const std::string path = JoinPath(directory, name);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadWholeFile(files, path, kCatalogBytesMax));
  return TopicCatalog::Parse(path, bytes);
}

// Whether the other copy may stand in for one that was not read: it is gone,
// or its bytes are. Not when we could merely not get at it.
bool IsLost(const absl::Status& status) {
  return absl::IsNotFound(status) || ReasonOf(status) == Reason::kCorruptFile ||
         ReasonOf(status) == Reason::kDiskFailed;
}

}  // namespace

bool MayHaveGaps(const TopicEntry& topic) {
  return topic.imported || topic.adopted || topic.compacted ||
         IsCompacted(topic.configs);
}

bool MayHaveGaps(const TopicEntry& topic, const TopicConfig& config) {
  return topic.imported || topic.adopted || topic.compacted ||
         config.cleanup.compact;
}

absl::StatusOr<TopicCatalog> TopicCatalog::Parse(std::string_view path,
                                                 std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(const std::string_view text,
                         CheckedText(path, bytes, {kHead, kVersion}));
  return CatalogReader(path, text).Read();
}

std::string TopicCatalog::Format() const {
  std::string text =
      fmt::format("{} {}\n{}{}\n{}{}\n", kHead, kVersion, kGeneration,
                  generation_, kTopics, topics_.size());
  for (const auto& [name, topic] : topics_) {
    CAUCE_CHECK(topic.imported || !topic.id.is_zero());
    fmt::format_to(std::back_inserter(text), "{}{} {} {} {} {}\n", kTopic, name,
                   topic.partitions, TopicIdText(topic.id),
                   StateName(topic.state), OriginOf(topic));
    for (const auto& [key, value] : topic.configs) {
      CAUCE_CHECK(IsPrintable(value));
      fmt::format_to(std::back_inserter(text), "{}{}={}\n", kConfig, key,
                     value);
    }
  }
  return WithChecksum(std::move(text));
}

absl::StatusOr<TopicCatalog> TopicCatalog::Load(FileSystem& files,
                                                std::string_view directory) {
  auto main = LoadOne(files, directory, kCatalogFile);
  auto copy = LoadOne(files, directory, kCatalogCopyFile);
  for (const absl::Status& status : {main.status(), copy.status()}) {
    if (!status.ok() && !IsLost(status)) return status;
  }
  if (main.ok() && copy.ok()) {
    const bool copy_is_newer = copy->generation_ > main->generation_;
    TopicCatalog& newer = copy_is_newer ? *copy : *main;
    const TopicCatalog& older = copy_is_newer ? *main : *copy;
    if (older.generation_ != newer.generation_) {
      newer.damage_ = fmt::format(
          "{}: has generation {} and its other copy {}: a save ended in "
          "between, and the newer one holds",
          JoinPath(directory, copy_is_newer ? kCatalogFile : kCatalogCopyFile),
          older.generation_, newer.generation_);
      newer.may_be_being_saved_ = true;
    }
    return std::move(newer);
  }
  if (main.ok() || copy.ok()) {
    TopicCatalog& whole = main.ok() ? *main : *copy;
    const absl::Status& lost = main.ok() ? copy.status() : main.status();
    whole.damage_ = std::string(lost.message());
    whole.may_be_being_saved_ = absl::IsNotFound(lost);
    return std::move(whole);
  }
  if (absl::IsNotFound(main.status()) && absl::IsNotFound(copy.status())) {
    return TopicCatalog();
  }
  const absl::Status& damage =
      absl::IsNotFound(main.status()) ? copy.status() : main.status();
  return Annotate(damage,
                  "the list of topics is damaged and has no whole copy; with "
                  "cauce.topics and cauce.topics.copy moved away every topic "
                  "is found again, without its configs");
}

absl::Status TopicCatalog::Save(FileSystem& files, std::string_view directory) {
  if (generation_ == kGenerationMax) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: has generation {}, the last there is, which no number "
                    "of changes comes to; move it and its copy away: every "
                    "topic is found again, without its configs",
                    JoinPath(directory, kCatalogFile), generation_));
  }
  // Also when it fails: what this saves after it is newer than what it left.
  ++generation_;
  const std::string bytes = Format();
  if (bytes.size() > kCatalogBytesMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "{}: would be {} bytes long, limit is {}",
        JoinPath(directory, kCatalogFile), bytes.size(), kCatalogBytesMax));
  }
  CAUCE_RETURN_IF_ERROR(
      ReplaceFiles(files, directory,
                   std::vector<WantedFile>{{kCatalogFile, bytes},
                                           {kCatalogCopyFile, bytes}}));
  damage_.clear();
  return absl::OkStatus();
}

const TopicEntry* TopicCatalog::Find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

absl::StatusOr<TopicEntry*> TopicCatalog::FindForEdit(std::string_view name) {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return Unknown(name);
  return &found->second;
}

absl::Status TopicCatalog::CheckName(const TopicEntry& topic) const {
  CAUCE_RETURN_IF_ERROR(ValidateTopicName(topic.name));
  if (const TopicEntry* other = Find(topic.name)) {
    const bool leaves = other->state == TopicState::kDeleting;
    return MakeError(Reason::kTopicExists,
                     fmt::format("{}: {}", topic.name,
                                 leaves ? "the topic of this name is still "
                                          "being deleted"
                                        : "there is a topic of this name"));
  }
  if (topic.name == kClusterMetadata) {
    return MakeError(Reason::kInvalidTopicName,
                     fmt::format("topic name {} is that of the log in which "
                                 "Kafka's controllers keep their metadata; "
                                 "choose another",
                                 Quoted(topic.name)));
  }
  // What is there is there.
  if (topic.imported) return absl::OkStatus();
  for (const auto& [name, other] : topics_) {
    if (!TopicNamesCollide(name, topic.name)) continue;
    return MakeError(Reason::kInvalidTopicName,
                     fmt::format("topic name {} collides with topic {}: '.' "
                                 "and '_' count as the same",
                                 Quoted(topic.name), name));
  }
  return absl::OkStatus();
}

absl::Status TopicCatalog::Add(TopicEntry topic) {
  CAUCE_RETURN_IF_ERROR(CheckName(topic));
  CAUCE_RETURN_IF_ERROR(CheckPartitions(topic.name, topic.partitions));
  auto configs = NormalizeTopicConfig(topic.configs);
  CAUCE_RETURN_IF_ERROR(Annotate(configs.status(), topic.name));
  topic.configs = *std::move(configs);
  CAUCE_CHECK(topic.imported || !topic.id.is_zero());
  const std::string name = topic.name;
  topics_.emplace(name, std::move(topic));
  return absl::OkStatus();
}

absl::Status TopicCatalog::Remove(std::string_view name) {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return Unknown(name);
  topics_.erase(found);
  return absl::OkStatus();
}

absl::Status TopicCatalog::SetState(std::string_view name, TopicState state) {
  CAUCE_ASSIGN_OR_RETURN(TopicEntry* const topic, FindForEdit(name));
  // What has begun to go does not come back.
  CAUCE_CHECK(topic->state != TopicState::kDeleting ||
              state == TopicState::kDeleting);
  topic->state = state;
  return absl::OkStatus();
}

absl::Status TopicCatalog::GiveId(std::string_view name, const TopicId& id) {
  CAUCE_CHECK(!id.is_zero());
  CAUCE_ASSIGN_OR_RETURN(TopicEntry* const topic, FindForEdit(name));
  if (topic->id.is_zero()) topic->id = id;
  return absl::OkStatus();
}

absl::Status TopicCatalog::SetConfigs(std::string_view name,
                                      const TopicConfigOverrides& configs) {
  CAUCE_ASSIGN_OR_RETURN(TopicEntry* const topic, FindForEdit(name));
  auto normal = NormalizeTopicConfig(configs);
  CAUCE_RETURN_IF_ERROR(Annotate(normal.status(), name));
  const bool was_compacted = IsCompacted(topic->configs);
  topic->configs = *std::move(normal);
  topic->adopted |= std::exchange(topic->imported, false);
  // The file has one word for both, and either says enough.
  topic->compacted |= was_compacted && !topic->adopted;
  return absl::OkStatus();
}

absl::Status TopicCatalog::Grow(std::string_view name, int32_t partitions) {
  CAUCE_ASSIGN_OR_RETURN(TopicEntry* const topic, FindForEdit(name));
  CAUCE_RETURN_IF_ERROR(CheckPartitions(topic->name, partitions));
  if (partitions <= topic->partitions) {
    return MakeError(
        Reason::kInvalidPartitions,
        fmt::format("{}: {} partitions asked for, it has {}, and a topic only "
                    "grows",
                    topic->name, partitions, topic->partitions));
  }
  topic->partitions = partitions;
  return absl::OkStatus();
}

}  // namespace cauce
