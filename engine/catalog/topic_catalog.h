// Which topics a directory has: their ids, partitions, configs, and whether
// they are being made or removed. Our own file, `cauce.topics`, kept twice, so
// that one copy may be damaged; engine/FORMAT.md has its layout.
//
// An entry is saved as kCreating before the first directory of its topic is
// made, as kLive after the last, as kDeleting before the first is removed, and
// removed after the last: whatever a crash leaves can be told from what was
// meant (PlanOpen). Edits change memory alone until Save. Not thread-safe: the
// engine locks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"

namespace cauce {

inline constexpr std::string_view kCatalogFile = "cauce.topics";
inline constexpr std::string_view kCatalogCopyFile = "cauce.topics.copy";

// The log of a Kafka controller's metadata lies among the partitions and is
// none: no topic may be called so.
inline constexpr std::string_view kClusterMetadata = "__cluster_metadata";

// Larger ones are neither read nor written: some 200 000 topics of the longest
// name.
inline constexpr int64_t kCatalogBytesMax = 64 << 20;

enum class TopicState {
  kLive,      // all its partitions' directories are there
  kCreating,  // some may be; at the next open they go
  kDeleting,  // some may be gone; at the next open the others follow
};

struct TopicEntry {
  std::string name;
  TopicId id;  // zero only where an imported one has none
  int32_t partitions = 1;
  TopicConfigOverrides configs;
  TopicState state = TopicState::kLive;
  // Found in the directory; its configs were never given, so nothing of it may
  // be deleted or compacted until they are.
  bool imported = false;
  // Was imported, and its configs were given since. Whoever wrote it may have
  // compacted it whatever they say now, so offsets may be missing in its files.
  bool adopted = false;
  // Was compacted once, and its configs say otherwise by now.
  bool compacted = false;

  friend bool operator==(const TopicEntry&, const TopicEntry&) = default;
};

// Whether offsets may be missing between the batches of a topic because they
// were compacted away, here or elsewhere, now or earlier.
bool MayHaveGaps(const TopicEntry& topic);
// The same where its configs were read, and are `config`.
bool MayHaveGaps(const TopicEntry& topic, const TopicConfig& config);

class TopicCatalog {
 public:
  // Reads the newer of the two copies that is whole. No copy at all is an
  // empty catalogue. Reason::kCorruptFile when what is there is damaged;
  // kUnsupportedFormat when either is of a newer version, which must then not
  // be written over.
  static absl::StatusOr<TopicCatalog> Load(FileSystem& files,
                                           std::string_view directory);

  // Replaces both copies, durably. After an error either may be old or new,
  // until a later Save succeeds.
  absl::Status Save(FileSystem& files, std::string_view directory);

  // By name.
  const std::map<std::string, TopicEntry, std::less<>>& topics() const {
    return topics_;
  }
  // Null where there is none. Valid until the next edit.
  const TopicEntry* Find(std::string_view name) const;

  // Reason::kInvalidTopicName (also for a name that collides with another
  // topic's, or is kClusterMetadata), kTopicExists, kInvalidPartitions,
  // kInvalidConfig.
  absl::Status Add(TopicEntry topic);

  // Reason::kUnknownTopic, as for all that follow.
  absl::Status Remove(std::string_view name);
  absl::Status SetState(std::string_view name, TopicState state);
  // Gives an imported one that has no id this one, which is not zero; one that
  // it has stays.
  absl::Status GiveId(std::string_view name, const TopicId& id);
  // All its overrides anew; one that was imported counts as adopted, and must
  // have an id; one that is not compacted any more keeps a mark of that.
  // Reason::kInvalidConfig.
  absl::Status SetConfigs(std::string_view name,
                          const TopicConfigOverrides& configs);
  // Make the new partitions' directories first, then Grow and Save: the
  // catalogue promises only what is there. Reason::kInvalidPartitions unless
  // there are more than now.
  absl::Status Grow(std::string_view name, int32_t partitions);

  // The next Save is newer than what one of `other` has left, which may have
  // failed.
  void Outlast(const TopicCatalog& other) {
    generation_ = std::max(generation_, other.generation_);
  }

  // What was wrong with the copy that Load did not use, be it only older; empty
  // when nothing was. The next Save mends it.
  const std::string& damage() const { return damage_; }
  // Whether that is no more than what a save shows that is under way, to who
  // reads while another process writes.
  bool may_be_being_saved() const { return may_be_being_saved_; }

  // The bytes of a file. `path` is for the messages.
  static absl::StatusOr<TopicCatalog> Parse(std::string_view path,
                                            std::string_view bytes);
  std::string Format() const;

 private:
  friend class CatalogReader;

  absl::StatusOr<TopicEntry*> FindForEdit(std::string_view name);
  absl::Status CheckName(const TopicEntry& topic) const;

  std::map<std::string, TopicEntry, std::less<>> topics_;
  int64_t generation_ = 0;  // of the last Save: the greater one is newer
  std::string damage_;
  bool may_be_being_saved_ = false;
};

}  // namespace cauce
