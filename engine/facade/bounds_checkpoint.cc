#include "engine/facade/bounds_checkpoint.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/log/log_starts.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A save is two syncs, and three more where a start has moved: at least one for
// 16 small segments, or for so many bytes as are scanned, written back and
// synced in some 50 ms.
constexpr int64_t kWorkMax = 64 << 20;
// What a segment costs whatever its size, in bytes of one.
constexpr int64_t kSegmentWork = kWorkMax / 16;

// Other saves take a twentieth of the time, and of a fast disk less.
constexpr int kRestPerSave = 20;
constexpr absl::Duration kRestMin = absl::Milliseconds(100);

constexpr std::string_view kWithoutRecoveryPoints =
    "recovery looks at all that no close has noted, which takes longer, and "
    "where a batch is damaged there it cuts the log and keeps what followed in "
    ".cut files";
constexpr std::string_view kWithoutLogStarts =
    "every log starts where its oldest segment does, so records that were "
    "deleted by request from the middle of a segment show again; delete them "
    "once more";

// So many partitions are told of by name whose start differs.
constexpr size_t kDifferencesToldMax = 100;

void Warn(const EventSink& events, const std::string& line) {
  if (events) events(Severity::kWarning, line);
}

// Nothing for a damaged checkpoint: what it does not say, the files bound.
std::optional<OffsetCheckpoint> ReadPointsOrTell(FileSystem& files,
                                                 const std::string& directory,
                                                 const EventSink& events,
                                                 absl::Status& failure) {
  auto entries = ReadOffsetCheckpoint(files, directory, kRecoveryPointFile);
  if (entries.ok()) return *std::move(entries);
  if (ReasonOf(entries.status()) != Reason::kCorruptFile) {
    failure.Update(entries.status());
  } else {
    Warn(events,
         fmt::format("{}; it is taken for empty, and written anew by who opens "
                     "the directory for writing: {}",
                     MessageOf(entries.status()), kWithoutRecoveryPoints));
  }
  return std::nullopt;
}

// That one of the two files of log starts is `lost`, and the other is not.
void TellOfLostCopy(const absl::Status& lost, std::string_view name,
                    std::string_view other, const EventSink& events) {
  Warn(events, fmt::format("{}; {} is whole and says where every log starts: "
                           "{} is written anew from it by who opens the "
                           "directory for writing",
                           MessageOf(lost), other, name));
}

void TellOfLogStarts(const LogStarts& read, const std::string& directory,
                     const EventSink& events) {
  const bool is_lost = read.is_lost();
  for (const absl::Status& status : {read.original, read.copy}) {
    if (!is_lost || ReasonOf(status) != Reason::kCorruptFile) continue;
    Warn(events, fmt::format("{}; it is taken for empty, and written anew by "
                             "who opens the directory for writing: {}",
                             MessageOf(status), kWithoutLogStarts));
  }
  if (is_lost) return;
  if (!read.original.ok() && !read.starts.empty()) {
    TellOfLostCopy(read.original, kLogStartFile, kLogStartCopyFile, events);
  }
  if (ReasonOf(read.copy) == Reason::kCorruptFile) {
    TellOfLostCopy(read.copy, kLogStartCopyFile, kLogStartFile, events);
  }
  const size_t told = std::min(read.differences.size(), kDifferencesToldMax);
  for (size_t i = 0; i < told; ++i) {
    Warn(events,
         fmt::format("{}: {}", directory, read.differences[i].Describe()));
  }
  if (told == read.differences.size()) return;
  Warn(events, fmt::format("{}: {} and {} differ in {} partitions more",
                           directory, kLogStartFile, kLogStartCopyFile,
                           read.differences.size() - told));
}

// Has `take` see each of `read` with its entry, which is made where there is
// none: both are walked over in their common order, since there are many.
template <typename Entries, typename Take>
void ForEach(const OffsetCheckpoint& read, Entries& entries, Take take) {
  auto at = entries.begin();
  for (const auto& [partition, offset] : read) {
    while (at != entries.end() && at->first < partition) ++at;
    if (at == entries.end() || at->first != partition) {
      at = entries.try_emplace(at, partition);
    }
    take(at->second, offset);
  }
}

}  // namespace

BoundsCheckpoint::BoundsCheckpoint(FileSystem& files, std::string directory,
                                   Clock& clock)
    : files_(files),
      directory_(std::move(directory)),
      clock_(clock),
      any_from_(clock.Monotonic() + kRestMin) {}

absl::Status BoundsCheckpoint::Load(const EventSink& sink) {
  std::set<std::string> told;
  {
    MutexLock lock(mutex_);
    told = told_;
  }
  std::set<std::string> lines;
  const EventSink events = [&](Severity severity, std::string_view line) {
    const bool is_new = !told.contains(std::string(line));
    lines.emplace(line);
    if (sink && is_new) sink(severity, line);
  };
  absl::Status failure;
  const auto recovery_points =
      ReadPointsOrTell(files_, directory_, events, failure);
  std::optional<OffsetCheckpoint> log_starts;
  LogStarts starts = ReadLogStarts(files_, directory_);
  failure.Update(starts.Unread());
  if (starts.Unread().ok()) {
    TellOfLogStarts(starts, directory_, events);
    if (!starts.is_lost()) log_starts = std::move(starts.starts);
  }
  MutexLock lock(mutex_);
  told_ = std::move(lines);
  points_changed_ |= !recovery_points;
  starts_changed_ |= !starts.is_settled;
  // What a file that can be read does not say any more is true no more: the
  // topic was deleted, and its name may be another's by now.
  for (auto& [partition, entry] : entries_) {
    if (recovery_points) {
      entry.bounds.recovery_point = Offset{0};
      entry.point_is_known = false;
    }
    if (log_starts) {
      entry.bounds.log_start = Offset{0};
      entry.start_is_known = false;
    }
  }
  if (recovery_points) {
    ForEach(*recovery_points, entries_, [](Entry& entry, Offset offset) {
      entry.bounds.recovery_point = offset;
      entry.point_is_known = true;
    });
  }
  if (log_starts) {
    ForEach(*log_starts, entries_, [](Entry& entry, Offset offset) {
      entry.bounds.log_start = offset;
      entry.start_is_known = true;
    });
  }
  std::erase_if(entries_,
                [&](const auto& each) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  return recovery_points && log_starts &&
                         !recovery_points->contains(each.first) &&
                         !log_starts->contains(each.first);
                });
  return failure;
}

absl::StatusOr<bool> BoundsCheckpoint::LoadKnown(const Manifest& manifest) {
  if (manifest.sums() == BoundsSums()) return false;
  const auto sums = SumBounds(files_, directory_);
  // Of what is no file the other copy may tell.
  if (ReasonOf(sums.status()) == Reason::kCorruptFile) return false;
  CAUCE_RETURN_IF_ERROR(sums.status());
  if (*sums != manifest.sums()) return false;
  MutexLock lock(mutex_);
  entries_.clear();
  manifest.ForEach([this](std::string_view topic, PartitionId partition,
                          const ManifestRow& row)
                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!row.recovery_point && !row.log_start) return;
    const Entry known{{row.recovery_point.value_or(Offset{0}),
                       row.log_start.value_or(Offset{0})},
                      row.log_start.has_value(),
                      row.recovery_point.has_value()};
    entries_.emplace_hint(
        entries_.end(), TopicPartition{std::string(topic), partition}, known);
  });
  return true;
}

std::optional<TopicPartition> BoundsCheckpoint::RaiseToKnown(
    const Manifest& manifest) {
  std::optional<TopicPartition> first;
  MutexLock lock(mutex_);
  manifest.ForEach([&](std::string_view topic, PartitionId partition,
                       const ManifestRow& row)
                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto known = DecodeKnownLog(row.part);
    if (!known.ok()) return;
    const TopicPartition name{std::string(topic), partition};
    const auto found = entries_.find(name);
    const Offset saved = found == entries_.end()
                             ? Offset{0}
                             : found->second.bounds.recovery_point;
    if (saved >= known->end) return;
    entries_[name].bounds.recovery_point = known->end;
    entries_[name].point_is_known = true;
    points_changed_ = true;
    if (!first) first = name;
  });
  return first;
}

std::vector<std::pair<TopicPartition, KnownLog>> BoundsCheckpoint::WithoutPoint(
    const Manifest& manifest) const {
  std::vector<std::pair<TopicPartition, KnownLog>> all;
  MutexLock lock(mutex_);
  manifest.ForEach([&](std::string_view topic, PartitionId partition,
                       const ManifestRow& row)
                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    TopicPartition name{std::string(topic), partition};
    const auto found = entries_.find(name);
    if (found != entries_.end() && found->second.point_is_known) return;
    auto known = DecodeKnownLog(row.part);
    if (known.ok()) all.emplace_back(std::move(name), *std::move(known));
  });
  return all;
}

void BoundsCheckpoint::SetPoint(const TopicPartition& partition, Offset point) {
  MutexLock lock(mutex_);
  Entry& known = entries_[partition];
  known.bounds.recovery_point = point;
  known.point_is_known = true;
  points_changed_ = true;
}

void BoundsCheckpoint::AddTo(ManifestRows& rows) const {
  MutexLock lock(mutex_);
  for (const auto& [partition, entry] : entries_) {
    ManifestRow& row = rows[partition];
    row.recovery_point = entry.bounds.recovery_point;
    if (entry.start_is_known) row.log_start = entry.bounds.log_start;
  }
}

absl::Status BoundsCheckpoint::LoadIfChanged(absl::Time now,
                                             const EventSink& events) {
  const auto look = [&] {
    return LookAtStamps(files_, directory_,
                        {kRecoveryPointFile, kLogStartFile, kLogStartCopyFile},
                        now);
  };
  const auto was_read = [this](const FileStamps& stamps) {
    MutexLock lock(mutex_);
    return stamps && stamps == seen_;
  };
  if (was_read(look())) return absl::OkStatus();
  // Of two who load, the one with the older files must not be the last.
  MutexLock loading(saving_);
  const FileStamps stamps = look();
  if (was_read(stamps)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(Load(events));
  MutexLock lock(mutex_);
  seen_ = stamps;
  return absl::OkStatus();
}

LogBounds BoundsCheckpoint::Of(const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  const Entry* const found = Find(partition);
  return found == nullptr ? LogBounds{} : found->bounds;
}

bool BoundsCheckpoint::KnowsStartOf(const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  const Entry* const found = Find(partition);
  return found != nullptr && found->start_is_known;
}

const BoundsCheckpoint::Entry* BoundsCheckpoint::Find(
    const TopicPartition& partition) const {
  if (disregarded_.contains(partition.topic)) return nullptr;
  const auto found = entries_.find(partition);
  return found == entries_.end() ? nullptr : &found->second;
}

void BoundsCheckpoint::Disregard(std::set<std::string> topics) {
  MutexLock lock(mutex_);
  disregarded_ = std::move(topics);
}

absl::Status BoundsCheckpoint::Save(const TopicPartition& partition,
                                    const LogBounds& bounds) {
  Set(partition, bounds);
  return SaveAll();
}

void BoundsCheckpoint::Set(const TopicPartition& partition,
                           const LogBounds& bounds) {
  MutexLock lock(mutex_);
  SetLocked(partition, bounds);
}

void BoundsCheckpoint::SetLocked(const TopicPartition& partition,
                                 const LogBounds& bounds) {
  const auto [at, is_new] = entries_.try_emplace(partition);
  Entry& known = at->second;
  points_changed_ |=
      is_new || known.bounds.recovery_point != bounds.recovery_point;
  starts_changed_ |=
      !known.start_is_known || known.bounds.log_start != bounds.log_start;
  known = {bounds, true, true};
}

void BoundsCheckpoint::Forget(const std::string& topic) {
  MutexLock lock(mutex_);
  std::erase_if(entries_,
                [&](const auto& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  if (entry.first.topic != topic) return false;
                  points_changed_ = starts_changed_ = true;
                  return true;
                });
}

absl::Status BoundsCheckpoint::SaveAll() {
  // Whoever saved meanwhile may have saved ours; nothing is left to do then.
  MutexLock saving(saving_);
  return SaveChanges();
}

bool BoundsCheckpoint::NoteWork(const RecoveryWork& work) {
  MutexLock lock(mutex_);
  work_ += work.segments * kSegmentWork + work.bytes;
  return IsDue() && !std::exchange(save_asked_, true);
}

std::optional<absl::Duration> BoundsCheckpoint::TakeWait() {
  MutexLock lock(mutex_);
  // Whoever saves asks again; what could not be saved waits for more.
  const bool is_left = work_ > 0 && any_from_ < absl::InfiniteDuration();
  if (!is_left || std::exchange(is_awaited_, true)) return std::nullopt;
  return std::max(any_from_ - clock_.Monotonic(), absl::ZeroDuration());
}

bool BoundsCheckpoint::IsDue() const {
  return work_ >= kWorkMax || (work_ > 0 && clock_.Monotonic() >= any_from_);
}

absl::Status BoundsCheckpoint::SaveWork() {
  {
    MutexLock lock(mutex_);
    save_asked_ = is_awaited_ = false;
    if (!IsDue()) return absl::OkStatus();
  }
  // A log saves its work where appends may wait for it.
  if (!saving_.TryLock()) return absl::OkStatus();
  const absl::Status saved = SaveChanges();
  saving_.Unlock();
  return saved;
}

void BoundsCheckpoint::Close() {
  MutexLock saving(saving_);
  MutexLock lock(mutex_);
  closed_ = true;
}

absl::Status BoundsCheckpoint::SaveChanges() {
  const absl::Duration begun = clock_.Monotonic();
  CAUCE_ASSIGN_OR_RETURN(const Unsaved unsaved, TakeUnsaved());
  if (absl::Status saved = Write(unsaved); !saved.ok()) {
    PutBack(unsaved);
    return saved;
  }
  const absl::Duration ended = clock_.Monotonic();
  MutexLock lock(mutex_);
  any_from_ = ended + std::max(kRestPerSave * (ended - begun), kRestMin);
  return absl::OkStatus();
}

absl::Status BoundsCheckpoint::Write(const Unsaved& unsaved) {
  // The start first: a log never ends before it begins.
  if (unsaved.log_starts) {
    CAUCE_RETURN_IF_ERROR(
        WriteLogStarts(files_, directory_, *unsaved.log_starts));
  }
  if (!unsaved.recovery_points) return absl::OkStatus();
  return WriteOffsetCheckpoint(files_, directory_, kRecoveryPointFile,
                               *unsaved.recovery_points);
}

absl::StatusOr<BoundsCheckpoint::Unsaved> BoundsCheckpoint::TakeUnsaved() {
  MutexLock lock(mutex_);
  if (closed_) return MakeError(Reason::kClosed, "the engine was closed");
  Unsaved unsaved;
  work_ = 0;
  any_from_ = absl::InfiniteDuration();
  save_asked_ = false;
  if (std::exchange(starts_changed_, false)) unsaved.log_starts.emplace();
  if (std::exchange(points_changed_, false)) unsaved.recovery_points.emplace();
  for (const auto& [partition, entry] : entries_) {
    if (unsaved.recovery_points) {
      unsaved.recovery_points->emplace(partition, entry.bounds.recovery_point);
    }
    if (unsaved.log_starts && entry.start_is_known) {
      unsaved.log_starts->emplace(partition, entry.bounds.log_start);
    }
  }
  return unsaved;
}

void BoundsCheckpoint::PutBack(const Unsaved& unsaved) {
  MutexLock lock(mutex_);
  starts_changed_ |= unsaved.log_starts.has_value();
  points_changed_ |= unsaved.recovery_points.has_value();
}

}  // namespace cauce
