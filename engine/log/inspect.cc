#include "cauce/inspect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/copied_directory.h"
#include "engine/catalog/directory_owner.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/made_again.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/lost_catalog.h"
#include "engine/catalog/missing_partitions.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/as_closed.h"
#include "engine/log/directory_signs.h"
#include "engine/log/log_starts.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_check.h"
#include "engine/log/verify_meter.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What it means that one of the checkpoints is lost.
std::string_view AdviceFor(std::string_view checkpoint) {
  if (checkpoint == kLogStartFile || checkpoint == kLogStartCopyFile) {
    return "restore it from a copy before anything opens the directory for "
           "writing: without it deleted records that still stand in a segment "
           "come back";
  }
  if (checkpoint == kRecoveryPointFile) {
    return "restore it from a copy, or leave it to the next opening, which "
           "then reads every segment that no close has noted and takes the "
           "first bad batch there for the end of its log";
  }
  if (checkpoint == kFirstDirtyFile) {
    return "restore it from a copy, or leave it to the next opening, which "
           "then compacts logs from their beginning once more";
  }
  return "nothing: only Kafka's brokers read it";
}

constexpr std::string_view kOtherIsWhole =
    "nothing: its other copy is whole, and the next opening for writing mends "
    "it";

constexpr std::string_view kMendAccess =
    "mend what keeps it from being read, and verify again";

constexpr std::string_view kOfNewer =
    "leave it to the release that wrote it; where none did, restore it from a "
    "copy, or move it away: as long as it is there cauce log repair changes "
    "nothing";

// The same of a file that speaks for its partition alone.
constexpr std::string_view kOfNewerInPartition =
    "leave it to the release that wrote it; where none did, restore it from a "
    "copy, or move it away: as long as it is there cauce log repair changes "
    "nothing of the partition";

// What is no file is not written anew by the next opening.
constexpr std::string_view kMoveAway =
    "let cauce log repair put it aside, or move it away, before anything opens "
    "the directory for writing";

// So often two files are read that a writer replaces one after the other.
constexpr int kReadsMax = 3;

bool IsCorrupt(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kCorruptFile || reason == Reason::kUnsupportedFormat;
}

// The walk over a directory.
class Verification {
 public:
  Verification(FileSystem& files, std::string_view directory,
               const VerifyOptions& options,
               const std::function<void(const Finding&)>& found)
      : files_(files),
        directory_(directory),
        options_(options),
        found_(found),
        meter_(options.progress, summary_) {}

  absl::StatusOr<VerifySummary> Run() {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
    CheckDirectoryFiles();
    CAUCE_RETURN_IF_ERROR(exhausted_);
    std::vector<TopicPartition> partitions;
    std::vector<std::string> directories;
    for (const DirectoryEntry& entry : entries) {
      auto name = ParseTopicPartition(entry.name);
      if (!entry.is_directory || !name) continue;
      partitions.push_back(*std::move(name));
      directories.push_back(PathOf(entry.name));
    }
    for (FoundTopic& topic :
         FindMadeAgain(files_, directory_, catalog_, partitions)) {
      made_again_.insert(std::move(topic.name));
    }
    meter_.Measure(files_, directories);
    for (size_t i = 0; i < partitions.size(); ++i) {
      CheckPartition(partitions[i], directories[i]);
      CAUCE_RETURN_IF_ERROR(exhausted_);
      meter_.PassPartition();
    }
    TellOfBehind();
    CAUCE_RETURN_IF_ERROR(CheckCatalogued());
    return summary_;
  }

 private:
  void CheckDirectoryFiles() {
    // Before what the close has noted is read.
    const auto clean_stop = LookAtCleanStop(files_, directory_);
    const bool is_taken = !clean_stop.ok() && TellTaken(kCleanShutdownFile);
    if (!is_taken) {
      TellUnread(clean_stop.status(), PathOf(kCleanShutdownFile), kMendAccess);
    }
    clean_stop_ = clean_stop.value_or(std::nullopt);
    ReadManifest();
    // One that may not be read hinders nobody who only reads.
    TellTaken(kLockFile);
    CheckLogStarts();
    for (const std::string_view name :
         {kRecoveryPointFile, kHighWatermarkFile, kFirstDirtyFile}) {
      auto checkpoint = ReadOffsetCheckpoint(files_, directory_, name);
      TellUnread(checkpoint.status(), PathOf(name), AdviceFor(name));
      if (checkpoint.ok()) checkpoints_[name] = *std::move(checkpoint);
    }
    const auto properties = ReadMetaProperties(files_, directory_);
    TellUnread(
        properties.status(), PathOf(kMetaPropertiesFile),
        "restore it from a copy, or move it away: the directory then gets a "
        "new id");
    auto catalog = TopicCatalog::Load(files_, directory_);
    TellUnread(
        catalog.status(), PathOf(CopyInQuestion(catalog.status())),
        "restore it from a copy; without it topics keep their records and "
        "lose their configs");
    const bool is_free = !catalog.ok() || CatalogIsFree();
    if (is_free && catalog.ok() && !catalog->damage().empty()) {
      Tell({.gravity = Gravity::kNote,
            .file = PathOf(kCatalogFile),
            .what = catalog->damage(),
            .advice = std::string(kOtherIsWhole)});
    }
    const auto lost = FindLostCatalog(files_, directory_);
    if (lost) Tell(*lost);
    catalog_is_read_ = catalog.ok();
    if (catalog.ok()) catalog_ = *std::move(catalog);
  }

  // What the last close has noted.
  void ReadManifest() {
    if (IsTaken(PathOf(kManifestFile))) return TellManifestTaken();
    const auto last = [&] {
      return clean_stop_ ? ReadNamedManifest(files_, directory_)
                         : ReadLeftManifest(files_, directory_);
    };
    auto manifest = last();
    // A writer that closes replaces it and the mark one after the other.
    for (int i = 1; i < kReadsMax && IsCorrupt(manifest.status()); ++i) {
      manifest = last();
    }
    if (manifest.ok()) {
      read_manifest_ = *std::move(manifest);
      manifest_ = clean_stop_ ? read_manifest_ : InCopy(read_manifest_);
      return;
    }
    // It may have been removed.
    const absl::Status& why = manifest.status();
    if (absl::IsNotFound(why) || NoteExhausted(why)) return;
    const bool is_other = IsCorrupt(why) ||
                          ReasonOf(why) == Reason::kUnsupportedFormat;
    if (!is_other) {
      Tell({.file = PathOf(kManifestFile),
            .what = std::string(MessageOf(why)),
            .advice = "mend what keeps it from being read, and verify again: "
                      "what each log held when it was closed was not looked "
                      "at"});
      return;
    }
    const bool stops_repair =
        clean_stop_ && ReasonOf(why) == Reason::kUnsupportedFormat;
    Tell({.gravity = Gravity::kNote,
          .file = PathOf(kManifestFile),
          .what = std::string(MessageOf(why)),
          .advice = fmt::format(
              "nothing: the next close makes it anew; until then partitions "
              "open later, and what was known to be missing of compacted "
              "topics is not{}",
              stops_repair ? "; before a cauce log repair, which changes "
                             "nothing as long as it is there, move it away"
                           : "")});
  }

  Manifest InCopy(const Manifest& manifest) {
    absl::Status unseen;
    Manifest read = ReadInCopy(files_, directory_, manifest, &unseen);
    TellUnread(unseen, PathOf(kManifestFile), kMendAccess);
    return read;
  }

  void TellManifestTaken() {
    const std::string path = PathOf(kManifestFile);
    Tell({.file = path,
          .what = std::string(CheckNothingInPlaceOf(files_, path).message()),
          .advice = std::string(kMoveAway)});
  }

  // The two files that say where logs start, and that they agree.
  void CheckLogStarts() {
    LogStarts read = ReadLogStarts(files_, directory_);
    const bool is_missed =
        absl::IsNotFound(read.original) && !read.starts.empty();
    if (is_missed && read.copy.ok()) {
      TellOtherIsWhole(kLogStartFile, read.original);
    } else {
      CheckStartsFile(kLogStartFile, read.original, read.copy);
    }
    CheckStartsFile(kLogStartCopyFile, read.copy, read.original);
    for (const StartDifference& difference : read.differences) {
      Tell({.gravity = Gravity::kNote,
            .file = PathOf(kLogStartFile),
            .what = difference.Describe(),
            .advice = "nothing: the next opening for writing makes both the "
                      "same"});
    }
    if (!read.is_lost()) checkpoints_[kLogStartFile] = std::move(read.starts);
  }

  // `other` is how the other copy was read.
  void CheckStartsFile(std::string_view name, const absl::Status& status,
                       const absl::Status& other) {
    const std::string path = PathOf(name);
    const bool is_damaged = ReasonOf(status) == Reason::kCorruptFile &&
                            CheckNothingInPlaceOf(files_, path).ok();
    if (is_damaged && other.ok()) return TellOtherIsWhole(name, status);
    TellUnread(status, path, AdviceFor(name));
  }

  void TellOtherIsWhole(std::string_view name, const absl::Status& status) {
    Tell({.gravity = Gravity::kNote,
          .file = PathOf(name),
          .what = std::string(MessageOf(status)),
          .advice = std::string(kOtherIsWhole)});
  }

  // Whether something else than a file is in the place of neither copy; else it
  // is told.
  bool CatalogIsFree() {
    bool is_free = true;
    for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
      const absl::Status free = CheckNothingInPlaceOf(files_, PathOf(name));
      is_free &= free.ok();
      TellUnread(free, PathOf(name), kMendAccess);
    }
    return is_free;
  }

  // Which copy of the catalogue it is that cannot be read: either keeps the
  // other from being believed. Damaged are both.
  std::string_view CopyInQuestion(const absl::Status& status) {
    const bool is_damage = status.ok() || IsCorrupt(status);
    const std::string path = PathOf(kCatalogFile);
    return is_damage || !files_.Open(path, OpenMode::kRead).ok()
               ? kCatalogFile
               : kCatalogCopyFile;
  }

  // That each partition the catalogue names is there.
  absl::Status CheckCatalogued() {
    // That it cannot be read was told.
    if (!catalog_is_read_) return absl::OkStatus();
    const auto missing = FindMissingPartitions(
        files_, directory_, [this](const TopicPartition& name) {
          const PartitionToCheck::Bounds saved = BoundsOf(name);
          return std::max(saved.durable, saved.log_start) > Offset{0};
        });
    CAUCE_RETURN_IF_ERROR(missing.status());
    for (const MissingPartition& partition : *missing) {
      // What is saved is of the old one.
      if (made_again_.contains(partition.name.topic)) continue;
      Tell({.file = partition.path,
            .what = fmt::format(
                "the catalogue names partition {}, and its directory is "
                "missing: {}; records up to offset {} were durable",
                partition.name.ToString(), partition.what,
                BoundsOf(partition.name).durable.value),
            .advice = "restore the directory from a copy before anything "
                      "opens this one for writing"});
    }
    return absl::OkStatus();
  }

  // What cannot be read of one keeps nobody from looking at the others.
  void CheckPartition(const TopicPartition& name,
                      const std::string& directory) {
    ++summary_.partitions;
    const auto id = ReadPartitionMetadata(files_, directory);
    TellUnread(id.status(),
               fmt::format("{}/{}", directory, kPartitionMetadataFile),
               "restore it from a copy; it holds the topic's id",
               kOfNewerInPartition);
    const bool is_anothers = id.ok() && !CheckId(name, directory, *id);
    const auto epochs = ReadEpochCheckpoint(files_, directory);
    TellUnread(epochs.status(), fmt::format("{}/{}", directory, kEpochFile),
               "restore it from a copy, or let cauce log repair write it "
               "anew from the batches",
               kOfNewerInPartition);
    // What is saved under the name says nothing of another topic's records.
    const absl::Status looked =
        is_anothers ? CheckAnothersLog(directory) : CheckLog(name, directory);
    if (looked.ok() || NoteExhausted(looked)) return;
    Tell({.file = directory,
          .what = fmt::format("the directory cannot be looked through: {}",
                              MessageOf(looked)),
          .advice = std::string(kMendAccess)});
  }

  // That it is no other topic's, put there under this one's name, nor a new
  // one's. Else false.
  bool CheckId(const TopicPartition& name, const std::string& directory,
               const TopicId& id) {
    const TopicEntry* const listed = catalog_.Find(name.topic);
    // The next opening takes it in, and has no id for it but this one.
    const TopicEntry found{.name = name.topic, .imported = true};
    const TopicEntry* const topic = listed == nullptr ? &found : listed;
    const auto other = FindOtherOwner(catalog_, *topic, id);
    if (!other) return true;
    if (made_again_.contains(name.topic)) {
      Tell({.gravity = Gravity::kNote,
            .file = fmt::format("{}/{}", directory, kPartitionMetadataFile),
            .what = fmt::format("has topic id {}, and the list of topics has "
                                "{} for {}, which others made: it was made "
                                "again since it was taken in",
                                TopicIdText(id), TopicIdText(topic->id),
                                name.topic),
            .advice = "nothing: the next opening for writing takes it in"});
      return false;
    }
    // Since the list was read the topic may have been made again.
    const auto now = TopicCatalog::Load(files_, directory_);
    if (!now.ok()) return true;
    const TopicEntry* const again = now->Find(name.topic);
    const TopicId again_id = again == nullptr ? TopicId() : again->id;
    const bool was_listed = listed != nullptr;
    if (was_listed != (again != nullptr) || again_id != topic->id) return true;
    Tell({.file = fmt::format("{}/{}", directory, kPartitionMetadataFile),
          .what = fmt::format("{}, and no engine opens it under this name",
                              other->what),
          .advice = fmt::format("look at it with cauce log dump; {}",
                                other->advice)});
    return false;
  }

  absl::Status CheckAnothersLog(const std::string& directory) {
    PartitionToCheck partition{
        .directory = directory,
        .clean_stop = clean_stop_.has_value(),
        .decompressed_bytes_max = options_.decompressed_bytes_max};
    partition.bounds_now = [] { return PartitionToCheck::Bounds(); };
    return Check(partition);
  }

  absl::Status Check(const PartitionToCheck& partition) {
    const SegmentCheck::Progress progress = [this](int64_t bytes) {
      meter_.Pass(bytes);
    };
    return PartitionCheck(files_, partition, summary_, found_, progress).Run();
  }

  absl::Status CheckLog(const TopicPartition& name,
                        const std::string& directory) {
    PartitionToCheck partition{
        .directory = directory,
        .clean_stop = clean_stop_.has_value(),
        .decompressed_bytes_max = options_.decompressed_bytes_max};
    partition.bounds_now = [&]() -> absl::StatusOr<PartitionToCheck::Bounds> {
      // One that cannot be read was told, and what was known before stands.
      auto ends = ReadOffsetCheckpoint(files_, directory_, kRecoveryPointFile);
      if (ends.ok()) checkpoints_[kRecoveryPointFile] = *std::move(ends);
      LogStarts starts = ReadLogStarts(files_, directory_);
      if (starts.original.ok() || starts.copy.ok()) {
        checkpoints_[kLogStartFile] = std::move(starts.starts);
      }
      PartitionToCheck::Bounds now = BoundsOf(name);
      if (!clean_stop_ && partition.known && !HasPoint(name)) {
        const auto left = KnownNow(name, partition);
        if (!left) return now;
        CAUCE_ASSIGN_OR_RETURN(const Offset end,
                               LeftEnd(directory, left->log));
        now.durable = std::max(now.durable, end);
        return now;
      }
      // What was closed was durable.
      const bool is_behind =
          clean_stop_ && partition.known &&
          now.durable < partition.known->end;
      if (!is_behind) return now;
      CAUCE_ASSIGN_OR_RETURN(const bool opened, partition.opened_since());
      if (!opened) now.durable = partition.known->end;
      return now;
    };
    partition.opened_since = [&]() -> absl::StatusOr<bool> {
      // A writer takes the mark away before it writes anything, and leaves
      // another one.
      CAUCE_ASSIGN_OR_RETURN(const auto now,
                             LookAtCleanStop(files_, directory_));
      return now != clean_stop_;
    };
    partition.known = FindKnown(manifest_, name);
    partition.known_now = [&] { return KnownNow(name, partition); };
    partition.bounds = BoundsOf(name);
    CAUCE_RETURN_IF_ERROR(TakeKnownEnd(name, partition));
    if (!clean_stop_ && partition.known && !HasPoint(name)) {
      CAUCE_ASSIGN_OR_RETURN(partition.bounds.durable,
                             LeftEnd(directory, *partition.known));
      NoteWithoutPoint(name, partition.bounds.durable);
    }
    partition.start_is_known = checkpoints_[kLogStartFile].contains(name);
    partition.may_have_gaps = MayHaveGaps(name);
    return Check(partition);
  }

  // What the last close has noted, as far as it counts by now.
  std::optional<NotedLog> KnownNow(const TopicPartition& name,
                                   const PartitionToCheck& partition) {
    const auto opened = partition.opened_since();
    const bool is_closed = clean_stop_ && opened.ok() && !*opened;
    if (is_closed) return NotedLog{*partition.known, true};
    const auto left = ReadLeftManifest(files_, directory_);
    if (absl::IsNotFound(left.status())) return std::nullopt;
    auto known = partition.known;
    const bool is_newer = left.ok() && FindKnown(*left, name) !=
                                           FindKnown(read_manifest_, name);
    if (is_newer) {
      known = FindKnown(InCopy(*left), name);
    }
    if (!known) return std::nullopt;
    return NotedLog{*known, false};
  }

  // Whether the checkpoint says up to where it was durable.
  bool HasPoint(const TopicPartition& name) {
    return checkpoints_[kRecoveryPointFile].contains(name);
  }

  // Up to where a log was durable that was not closed, and of which the
  // checkpoint says nothing: nobody has cut it below the end that its last
  // close has noted, unless he has noted that too.
  absl::StatusOr<Offset> LeftEnd(const std::string& directory,
                                 const KnownLog& known) const {
    CAUCE_ASSIGN_OR_RETURN(const bool is_same,
                           IsSameDirectory(files_, directory, known));
    return is_same ? known.end : Offset{0};
  }

  // Where the checkpoint is lost, or an older one, the close knows better.
  absl::Status TakeKnownEnd(const TopicPartition& name,
                            PartitionToCheck& partition) {
    const Offset saved = partition.bounds.durable;
    const bool is_behind =
        clean_stop_ && partition.known && saved < partition.known->end;
    if (!is_behind) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(const bool opened, partition.opened_since());
    if (opened) return absl::OkStatus();
    partition.bounds.durable = partition.known->end;
    if (behind_.count++ > 0) return absl::OkStatus();
    behind_.what = fmt::format(
        "{} was durable up to offset {} when it was closed, and {} by this file"
        "{}",
        name.ToString(), partition.known->end.value, saved.value,
        files_.Info(PathOf(kRecoveryPointFile)).ok() ? ", an older one"
                                                     : ", which is lost");
    return absl::OkStatus();
  }

  // What TakeKnownEnd is after a kill: `left` is what LeftEnd has found.
  void NoteWithoutPoint(const TopicPartition& name, Offset left) {
    if (left == Offset{0} || behind_.count++ > 0) return;
    behind_.what = fmt::format(
        "{} was durable at least up to offset {}, where it was closed last, "
        "and this file, which is lost in whole or in part, says nothing of it",
        name.ToString(), left.value);
  }

  void TellOfBehind() {
    if (behind_.count == 0) return;
    const std::string more =
        behind_.count == 1
            ? ""
            : fmt::format("; and so on for {} more", behind_.count - 1);
    Tell({.gravity = Gravity::kNote,
          .file = PathOf(kRecoveryPointFile),
          .what = behind_.what + more,
          .advice = "cauce log repair makes it anew by what was noted then, as "
                    "the next opening for writing does"});
  }

  // Unless its topic was made here and was never compacted.
  bool MayHaveGaps(const TopicPartition& name) const {
    const TopicEntry* const topic = catalog_.Find(name.topic);
    return topic == nullptr || cauce::MayHaveGaps(*topic);
  }

  // A checkpoint that is damaged, which was told, says nothing.
  PartitionToCheck::Bounds BoundsOf(const TopicPartition& name) {
    const auto offset = [&](std::string_view checkpoint) {
      const OffsetCheckpoint& offsets = checkpoints_[checkpoint];
      const auto found = offsets.find(name);
      return found == offsets.end() ? Offset{0} : found->second;
    };
    return {offset(kRecoveryPointFile), offset(kLogStartFile)};
  }

  // Whether something else than a file stands there.
  bool IsTaken(const std::string& path) const {
    return absl::IsFailedPrecondition(CheckNothingInPlaceOf(files_, path));
  }

  // Whether something stands in the place of a file that only writers need, and
  // that no repair puts aside; tells of it.
  bool TellTaken(std::string_view name) {
    const std::string path = PathOf(name);
    const absl::Status free = CheckNothingInPlaceOf(files_, path);
    if (!absl::IsFailedPrecondition(free)) return false;
    Tell({.file = path,
          .what = std::string(free.message()),
          .advice = "move it away: as long as it is there nothing opens the "
                    "directory for writing"});
    return true;
  }

  // Tells of a small file that is there and cannot be read. `advice` is for one
  // that is damaged, `of_newer` for one of a newer release.
  void TellUnread(const absl::Status& status, const std::string& path,
                  std::string_view advice,
                  std::string_view of_newer = kOfNewer) {
    if (status.ok() || absl::IsNotFound(status)) return;
    if (NoteExhausted(status)) return;
    if (!IsCorrupt(status)) advice = kMendAccess;
    if (ReasonOf(status) == Reason::kUnsupportedFormat) advice = of_newer;
    // Of a link it is said what to do.
    const bool is_unread = IsCorrupt(status) || files_.Info(path).ok();
    if (is_unread && IsTaken(path)) advice = kMoveAway;
    Tell({.file = path,
          .what = std::string(status.message()),
          .advice = std::string(advice)});
  }

  // What this process may not have any more of, as descriptors or memory, says
  // nothing of the directory.
  bool NoteExhausted(const absl::Status& status) {
    if (!absl::IsResourceExhausted(status)) return false;
    exhausted_.Update(status);
    return true;
  }

  void Tell(const Finding& finding) {
    ++(finding.gravity == Gravity::kNote ? summary_.notes : summary_.damages);
    found_(finding);
  }

  std::string PathOf(std::string_view name) const {
    return fmt::format("{}/{}", directory_, name);
  }

  FileSystem& files_;
  const std::string directory_;
  const VerifyOptions& options_;
  const std::function<void(const Finding&)>& found_;
  VerifySummary summary_;
  VerifyMeter meter_;
  absl::Status exhausted_;
  std::optional<CleanStop> clean_stop_;  // how the last writer had stopped
  Manifest read_manifest_;  // of the last close
  Manifest manifest_;       // as it holds here
  TopicCatalog catalog_;  // empty where it cannot be read
  bool catalog_is_read_ = false;
  std::set<std::string> made_again_;  // topics of others
  std::map<std::string_view, OffsetCheckpoint> checkpoints_;  // by file
  // Partitions of which the saved recovery point lies below that of the close.
  struct {
    int64_t count = 0;
    std::string what;  // of the first
  } behind_;
};

}  // namespace

absl::StatusOr<VerifySummary> VerifyDirectory(
    FileSystem& files, std::string_view directory, const VerifyOptions& options,
    const std::function<void(const Finding&)>& found) {
  if (!found) {
    return VerifyDirectory(files, directory, options, [](const Finding&) {});
  }
  CAUCE_ASSIGN_OR_RETURN(const std::string path, files.Resolve(directory));
  CAUCE_RETURN_IF_ERROR(CheckIsDataDirectory(files, path));
  return Verification(files, path, options, found).Run();
}

}  // namespace cauce
