#include "engine/facade/small_file_repair.h"

#include <utility>

#include "cauce/errors.h"
#include "cauce/repair.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/cut_files.h"
#include "engine/log/cut_names.h"
#include "engine/log/repair_work.h"
#include "fmt/format.h"

namespace cauce {
namespace {

bool IsDamaged(const absl::Status& status) {
  return ReasonOf(status) == Reason::kCorruptFile;
}

// Whether an engine reads it too.
bool IsOurs(std::string_view checkpoint) {
  return checkpoint == kRecoveryPointFile || checkpoint == kLogStartFile ||
         checkpoint == kLogStartCopyFile;
}

// Whether it says what a partition's logs should hold.
bool IsGoneBy(std::string_view file) {
  return IsOurs(file) || file == kCatalogFile || file == kCatalogCopyFile;
}

std::string_view MeaningOf(std::string_view checkpoint) {
  if (checkpoint == kRecoveryPointFile) {
    return "it is written anew from where the logs end";
  }
  if (checkpoint == kLogStartFile || checkpoint == kLogStartCopyFile) {
    return "every log starts where its oldest segment does, so records that "
           "were deleted by request from the middle of a segment show again";
  }
  if (checkpoint == kFirstDirtyFile) {
    return "logs are compacted from their beginning once more";
  }
  return "only Kafka's brokers read it, and make it anew";
}

Offset OffsetOf(const OffsetCheckpoint& offsets, const TopicPartition& name) {
  const auto found = offsets.find(name);
  return found == offsets.end() ? Offset{0} : found->second;
}

}  // namespace

absl::Status SmallFileRepair::Look(Scope scope) {
  scope_ = scope;
  CAUCE_ASSIGN_OR_RETURN(CutNames names, CutNames::In(files_, directory_));
  CAUCE_RETURN_IF_ERROR(SetAsideDamaged(
      ReadMetaProperties(files_, directory_).status(), directory_,
      kMetaPropertiesFile, "the directory gets a new id when it is opened",
      Replaced::kNo, names));
  CAUCE_RETURN_IF_ERROR(ClearManifest(names));
  CAUCE_RETURN_IF_ERROR(LookAtCatalog(names));
  CAUCE_ASSIGN_OR_RETURN(points_, LookAtCheckpoint(kRecoveryPointFile, names));
  CAUCE_RETURN_IF_ERROR(LookAtLogStarts(names));
  CAUCE_ASSIGN_OR_RETURN(first_dirty_,
                         LookAtCheckpoint(kFirstDirtyFile, names));
  return LookAtCheckpoint(kHighWatermarkFile, names).status();
}

absl::Status SmallFileRepair::ClearManifest(CutNames& names) {
  const absl::Status free =
      CheckNothingInPlaceOf(files_, JoinPath(directory_, kManifestFile));
  if (!absl::IsFailedPrecondition(free)) return absl::OkStatus();
  return Rename(
      directory_, kManifestFile,
      fmt::format("{}; the next close makes it anew", MessageOf(free)), names);
}

absl::Status SmallFileRepair::LookAtCatalog(CutNames& names) {
  auto catalog = TopicCatalog::Load(files_, directory_);
  if (!catalog.ok() && !IsDamaged(catalog.status())) {
    // It stands for both, and the status names the one.
    return LeaveUnread(kCatalogFile, catalog.status());
  }
  if (IsDamaged(catalog.status())) {
    for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
      const auto info = files_.Info(JoinPath(directory_, name));
      if (absl::IsNotFound(info.status())) continue;
      CAUCE_RETURN_IF_ERROR(info.status());
      CAUCE_RETURN_IF_ERROR(SetAsideDamaged(
          catalog.status(), directory_, name,
          "topics keep their records and lose their configs: nothing of them "
          "is deleted or compacted until these are given again",
          Replaced::kNo, names));
    }
    return absl::OkStatus();
  }
  catalog_ = *std::move(catalog);
  if (catalog_.damage().empty()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(ClearForCopy(kCatalogFile, names));
  CAUCE_RETURN_IF_ERROR(ClearForCopy(kCatalogCopyFile, names));
  first_.push_back(
      {{.action = RepairAction::kWriteAnew,
        .file = JoinPath(directory_, kCatalogFile),
        .why = fmt::format("{}; both copies are written from the whole one",
                           catalog_.damage())},
       [this] { return catalog_.Save(files_, directory_); }});
  return absl::OkStatus();
}

absl::Status SmallFileRepair::ClearForCopy(std::string_view name,
                                           CutNames& names) {
  const absl::Status free =
      CheckNothingInPlaceOf(files_, JoinPath(directory_, name));
  if (!absl::IsFailedPrecondition(free)) return absl::OkStatus();
  return Rename(directory_, name,
                fmt::format("{}; the other copy is whole", MessageOf(free)),
                names);
}

absl::StatusOr<OffsetCheckpoint> SmallFileRepair::LookAtCheckpoint(
    std::string_view name, CutNames& names) {
  auto read = ReadOffsetCheckpoint(files_, directory_, name);
  if (read.ok()) return read;
  CAUCE_RETURN_IF_ERROR(
      SetAsideDamaged(read.status(), directory_, name, MeaningOf(name),
                      IsOurs(name) ? Replaced::kYes : Replaced::kNo, names));
  if (IsDamaged(read.status())) lost_.insert(name);
  return OffsetCheckpoint();
}

absl::Status SmallFileRepair::LookAtLogStarts(CutNames& names) {
  starts_ = ReadLogStarts(files_, directory_);
  if (starts_.is_lost()) lost_.insert(kLogStartFile);
  const auto look = [&](std::string_view name, const absl::Status& status,
                        const absl::Status& other) {
    // The other one speaks for every topic, whichever are looked at.
    return IsDamaged(status) && other.ok()
               ? SetAside(status, directory_, name, "its other copy is whole",
                          Replaced::kYes, names)
               : SetAsideDamaged(status, directory_, name, MeaningOf(name),
                                 Replaced::kYes, names);
  };
  CAUCE_RETURN_IF_ERROR(look(kLogStartFile, starts_.original, starts_.copy));
  return look(kLogStartCopyFile, starts_.copy, starts_.original);
}

std::string SmallFileRepair::WhyStartsAnew() const {
  if (is_lost(kLogStartFile)) {
    return "nothing else knows where the logs started";
  }
  const bool is_missed =
      absl::IsNotFound(starts_.original) && !starts_.starts.empty();
  if (IsDamaged(starts_.original) || is_missed) {
    return fmt::format("{} says where every log starts", kLogStartCopyFile);
  }
  if (IsDamaged(starts_.copy)) {
    return fmt::format("{} is written along with it", kLogStartCopyFile);
  }
  if (starts_.is_settled) return "";
  // A repair, or a save, that was cut short leaves it too.
  if (absl::IsNotFound(starts_.copy)) {
    return fmt::format("{} is to say the same, with a checksum",
                       kLogStartCopyFile);
  }
  if (starts_.differences.empty()) {
    return fmt::format(
        "one of {} and {} leaves out a log that starts with its oldest "
        "segment: both are to name it",
        kLogStartFile, kLogStartCopyFile);
  }
  const std::string first = starts_.differences.front().Describe();
  const size_t more = starts_.differences.size() - 1;
  return more == 0 ? first
                   : fmt::format("{}; and so on for {} more", first, more);
}

absl::Status SmallFileRepair::LookAt(const TopicPartition& name,
                                     const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(CutNames names, CutNames::In(files_, directory));
  const TopicEntry* const topic = catalog_.Find(name.topic);
  const bool is_known = topic != nullptr && !topic->id.is_zero();
  const auto id = ReadPartitionMetadata(files_, directory);
  const auto epochs = ReadEpochCheckpoint(files_, directory);
  for (const absl::Status& status : {id.status(), epochs.status()}) {
    const bool is_read = status.ok() || absl::IsNotFound(status);
    if (!is_read && !IsDamaged(status)) return status;
  }
  CAUCE_RETURN_IF_ERROR(
      SetAsideDamaged(id.status(), directory, kPartitionMetadataFile,
                      is_known ? "it is written anew from the list of topics"
                               : "the list of topics does not know the id",
                      is_known ? Replaced::kYes : Replaced::kNo, names));
  if (IsDamaged(id.status()) && is_known) {
    last_.push_back({{.action = RepairAction::kWriteAnew,
                      .file = JoinPath(directory, kPartitionMetadataFile),
                      .why = "the list of topics knows the topic's id"},
                     [this, directory, known = topic->id] {
                       return WritePartitionMetadata(files_, directory, known);
                     },
                     directory});
  }
  CAUCE_RETURN_IF_ERROR(SetAsideDamaged(epochs.status(), directory, kEpochFile,
                                        "it is written anew from the batches",
                                        Replaced::kYes, names));
  if (!IsDamaged(epochs.status())) return absl::OkStatus();
  last_.push_back({{.action = RepairAction::kWriteAnew,
                    .file = JoinPath(directory, kEpochFile),
                    .why = "the batches tell of the epochs that wrote them"},
                   [this, directory] {
                     return RepairWork(files_, directory, 0).WriteEpochs();
                   },
                   directory});
  return absl::OkStatus();
}

PartitionToCheck::Bounds SmallFileRepair::BoundsOf(
    const TopicPartition& name) const {
  return {OffsetOf(points_, name), OffsetOf(starts_.starts, name)};
}

bool SmallFileRepair::LeaveToAll(const std::string& directory,
                                 std::string_view name, std::string_view what) {
  const bool is_all = scope_ == Scope::kAllPartitions;
  if (is_all || directory != directory_) return false;
  const bool is_needed = IsGoneBy(name);
  keeps_logs_ |= is_needed;
  left_.push_back(
      {.file = JoinPath(directory, name),
       .what = std::string(what),
       .advice = fmt::format("{}it speaks for every topic: repair all of the "
                             "directory at once, without naming a topic",
                             is_needed ? "nothing was touched: " : "")});
  return true;
}

absl::Status SmallFileRepair::LeaveUnread(std::string_view name,
                                          const absl::Status& status) {
  // Whoever wrote that knows of more than is looked at here.
  if (ReasonOf(status) == Reason::kUnsupportedFormat) return status;
  // That no more files may be opened says nothing of this one.
  if (absl::IsResourceExhausted(status)) return status;
  // What a log is repaired of may bring back what was compacted since.
  const bool is_needed = IsGoneBy(name) || name == kFirstDirtyFile;
  keeps_logs_ |= is_needed;
  left_.push_back(
      {.file = JoinPath(directory_, name),
       .what = std::string(MessageOf(status)),
       .advice = fmt::format(
           "{}mend what keeps it from being read, and repair again",
           is_needed
               ? "nothing was touched, since nobody knows without it what "
                 "the logs should hold: "
               : "")});
  return absl::OkStatus();
}

absl::Status SmallFileRepair::Rename(const std::string& directory,
                                     std::string_view name, std::string why,
                                     CutNames& names) {
  RepairStep step{.action = RepairAction::kSetAside,
                  .file = JoinPath(directory, name),
                  .why = std::move(why)};
  CAUCE_ASSIGN_OR_RETURN(step.renamed_to, names.PathFor(name));
  first_.push_back({step,
                    [this, directory, step] {
                      return RepairWork(files_, directory, 0).Do(step);
                    },
                    PartitionOf(directory)});
  return absl::OkStatus();
}

absl::Status SmallFileRepair::SetAsideDamaged(const absl::Status& status,
                                              const std::string& directory,
                                              std::string_view name,
                                              std::string_view meaning,
                                              Replaced replaced,
                                              CutNames& names) {
  if (status.ok() || absl::IsNotFound(status)) return absl::OkStatus();
  if (!IsDamaged(status)) return LeaveUnread(name, status);
  if (LeaveToAll(directory, name, MessageOf(status))) return absl::OkStatus();
  return SetAside(status, directory, name, meaning, replaced, names);
}

absl::Status SmallFileRepair::SetAside(const absl::Status& status,
                                       const std::string& directory,
                                       std::string_view name,
                                       std::string_view meaning,
                                       Replaced replaced, CutNames& names) {
  std::string why = fmt::format("{}; {}", MessageOf(status), meaning);
  if (replaced == Replaced::kNo) {
    return Rename(directory, name, std::move(why), names);
  }
  const auto file = files_.Open(JoinPath(directory, name), OpenMode::kRead);
  // Of what is no file no copy is made, and none takes its place while it is
  // there.
  if (absl::IsFailedPrecondition(file.status())) {
    return Rename(directory, name, std::move(why), names);
  }
  CAUCE_RETURN_IF_ERROR(file.status());
  RepairStep step{.action = RepairAction::kSetAside,
                  .file = JoinPath(directory, name),
                  .why = std::move(why)};
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*file)->Size());
  CAUCE_ASSIGN_OR_RETURN(step.renamed_to,
                         names.PathFor(name, FilePart{**file, 0, size}));
  first_.push_back({step,
                    [this, directory, step, size]() -> absl::Status {
                      CAUCE_ASSIGN_OR_RETURN(
                          const auto damaged,
                          files_.Open(step.file, OpenMode::kRead));
                      return CutFiles(files_, directory)
                          .KeepPart({*damaged, 0, size}, step.renamed_to);
                    },
                    PartitionOf(directory)});
  return absl::OkStatus();
}

}  // namespace cauce
