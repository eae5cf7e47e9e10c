// How a Log begins and ends: what a directory holds, and what is left of it.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/log/as_closed.h"
#include "engine/log/beyond_close.h"
#include "engine/log/log.h"
#include "engine/log/missing_segments.h"
#include "engine/log/outgrown_close.h"
#include "engine/log/recovery.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A look that failed reads many names, and where a writer was stopped in the
// middle of a swap each of them fails.
constexpr absl::Duration kLooksApart = absl::Seconds(1);

// A log begins at its saved start or below it: whoever deletes segments saves
// the new start first, and compaction keeps the name of the oldest one. Where
// no start was ever saved that is known only of a log without gaps, which began
// at 0. Tells of what is missing, and returns it where it is known not to have
// been deleted.
OffsetRange LookForMissingStart(const LogEnvironment& environment,
                                const LogOptions& options, Offset saved,
                                Offset start) {
  const bool may_begin_later = options.may_have_gaps && !options.start_is_known;
  if (may_begin_later || start <= saved) return {};
  const OffsetRange lost =
      options.start_is_known ? OffsetRange{saved, start} : OffsetRange();
  if (!environment.events) return lost;
  const std::string what_to_do =
      options.start_is_known
          ? fmt::format(
                "the records in between are missing; close the "
                "directory and restore the first .log files of {} from "
                "a copy, or let cauce log repair give them up: the log then "
                "starts at offset {}",
                options.directory, start.value)
          : fmt::format(
                "the records in between were deleted, or they are "
                "missing and the saved start is lost too; then close "
                "the directory, restore the first .log files of {} "
                "from a copy, and remove {} and {}",
                options.directory, kLogStartFile, kLogStartCopyFile);
  environment.events(
      Severity::kError,
      fmt::format("{}: the oldest segment begins at offset {}, and the saved "
                  "start of the log is {}: {}",
                  options.name.ToString(), start.value, saved.value,
                  what_to_do));
  return lost;
}

// How many bytes of zeros stand behind the last batch of a log that is not
// torn.
int64_t ZerosBehind(const LogEnvironment& environment, const LogView& view) {
  const Segment& last = *view.segments().back();
  const auto info = environment.files->Info(last.path());
  return info.ok() ? info->bytes - last.bytes() : 0;
}

void TellOfLostEnd(const LogEnvironment& environment, const LogOptions& options,
                   const OffsetRange& lost, int64_t zeros) {
  if (lost.count() == 0 || !environment.events) return;
  environment.events(
      Severity::kError,
      fmt::format("{}: records that were durable are gone: the log ends at "
                  "offset {}{}, and was saved as durable up to {}; read on "
                  "with care, and see what removed, cut, renamed or "
                  "overwrote files of {}",
                  options.name.ToString(), lost.base.value,
                  InFrontOfZeros(zeros), lost.next.value, options.directory));
}

// What cannot be read of the file by now tells why when reading comes to it.
absl::StatusOr<OffsetRange> FindBehindTorn(const LogEnvironment& environment,
                                           const LogOptions& options,
                                           const LogView& view) {
  const auto behind = view.FindBehindTorn();
  if (absl::IsResourceExhausted(behind.status())) return behind.status();
  const OffsetRange lost = behind.value_or(OffsetRange());
  if (lost.count() == 0 || !environment.events) return lost;
  environment.events(
      Severity::kError,
      fmt::format("{}: {}: the log ends at offset {}, in front of what is not "
                  "its next batch; whole ones stand there or behind, up to "
                  "offset {}, and may have been acknowledged; run cauce log "
                  "repair, which keeps them or puts them aside, before "
                  "anything opens the directory for writing, which cuts them "
                  "off",
                  options.name.ToString(), view.segments().back()->path(),
                  lost.base.value, lost.next.value - 1));
  return lost;
}

// A log that was closed was durable up to its end: where it reaches behind the
// point that is saved, which is lost then, or an older one, the close may have
// noted more. As long as nobody has opened it since; where no point is saved at
// all, after a kill too, since who cuts it notes that first. A writer may have
// gone on and closed behind the first look at it: then the second one finds
// that too.
absl::StatusOr<OffsetRange> FindEndLostSinceClose(
    const LogEnvironment& environment, const LogOptions& options,
    LogView& view) {
  const TopicPartition& name = options.name;
  if (!environment.known_now) return OffsetRange();
  for (const bool is_sure : {false, true}) {
    const Offset end = view.segments().back()->next();
    const auto now = environment.load_bounds(name);
    if (!now.ok()) break;
    const Offset saved = now->recovery_point;
    if (saved > Offset{0} && saved >= end) break;
    const auto known = environment.known_now(name);
    if (!known || known->log.end <= end) break;
    bool counts = known->was_last_stop;
    if (!counts && saved == Offset{0}) {
      CAUCE_ASSIGN_OR_RETURN(
          counts, IsSameDirectory(*environment.files, options.directory,
                                  known->log));
    }
    if (!counts) break;
    if (is_sure) return OffsetRange{end, known->log.end};
    CAUCE_RETURN_IF_ERROR(view.RefreshNames());
  }
  return OffsetRange();
}

// Whether the log goes on behind the close, in files that confirm each other;
// then it tells so.
absl::StatusOr<bool> TellOutgrown(const LogEnvironment& environment,
                                  const LogOptions& options,
                                  const KnownLog& known) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto end,
      FindOutgrown({.files = environment.files, .directory = options.directory},
                   known));
  if (!end) return false;
  if (environment.events) {
    environment.events(Severity::kError,
                       fmt::format("{}: {}; {}", options.name.ToString(),
                                   DescribeOutgrown(*end, known.end),
                                   kOutgrownAdvice));
  }
  return true;
}

// Such a one was left by a writer that was killed behind that close.
absl::StatusOr<bool> IsOutgrown(const LogEnvironment& environment,
                                const LogOptions& options) {
  const bool may_be = options.clean_stop && options.known != nullptr &&
                      !options.is_unchanged;
  if (!may_be) return false;
  return TellOutgrown(environment, options, *options.known);
}

// Of a log that ends at `end`. Nothing where it is the one that was closed,
// whose small files are older, or where that cannot be told.
std::optional<BeyondClose> TellBeyondClose(const LogEnvironment& environment,
                                           const LogOptions& options,
                                           const KnownLog& known, Offset end) {
  const auto outgrown = TellOutgrown(environment, options, known);
  if (!outgrown.ok() || *outgrown) return std::nullopt;
  const auto what =
      CompareWithClose(*environment.files, options.directory, known);
  // What keeps it from being seen is told by who reads it.
  if (!what.ok()) return std::nullopt;
  if (environment.events) {
    environment.events(
        Severity::kError,
        fmt::format("{}: {}; {}", options.name.ToString(),
                    DescribeBeyondClose(*what, end, known.end),
                    AdviceBeyondClose(*what)));
  }
  return *what;
}

// What the log that was closed had, and what stands in its place has not.
LostRecords LostToAnother(BeyondClose what, const KnownLog& known,
                          Offset log_start) {
  switch (what) {
    case BeyondClose::kGoesOn:
      break;
    case BeyondClose::kOther:
      return {.back = {std::max(known.segments.back().base, log_start),
                       known.end}};
    case BeyondClose::kAnother:
      return {.front = {log_start, known.end}};
  }
  return {};
}

// A close saves the point as well: where the log ends there nothing is read. A
// writer may have closed it again behind the first look at its end. Returns
// what is lost where it is another log.
absl::StatusOr<LostRecords> LookBeyondClose(const LogEnvironment& environment,
                                            const LogOptions& options,
                                            LogView& view) {
  if (!environment.known_now) return LostRecords();
  for (const bool is_sure : {false, true}) {
    const Offset end = view.segments().back()->next();
    const auto now = environment.load_bounds(options.name);
    if (!now.ok() || now->recovery_point >= end) break;
    const auto known = environment.known_now(options.name);
    const bool is_beyond =
        known && known->was_last_stop && known->log.end < end;
    if (!is_beyond) break;
    if (is_sure) {
      const auto what =
          TellBeyondClose(environment, options, known->log, end);
      return what ? LostToAnother(*what, known->log, now->log_start)
                  : LostRecords();
    }
    CAUCE_RETURN_IF_ERROR(view.RefreshNames());
  }
  return LostRecords();
}

}  // namespace

absl::StatusOr<std::shared_ptr<Log>> Log::Open(
    std::shared_ptr<const LogEnvironment> environment,
    const LogOptions& options) {
  SegmentPlace place;
  place.files = environment->files;
  place.pool = environment->pool.get();
  place.directory = options.directory;
  place.index_interval_bytes = options.config->index_interval_bytes;
  place.may_have_gaps = options.may_have_gaps;
  place.space = environment->space.get();
  place.tails = environment->tails.get();
  place.events = &environment->events;

  CAUCE_ASSIGN_OR_RETURN(const bool is_outgrown,
                         IsOutgrown(*environment, options));
  if (is_outgrown) {
    LogOptions killed = options;
    killed.clean_stop = killed.is_end_unchanged = false;
    return Open(std::move(environment), killed);
  }
  if (options.read_only) {
    // Before its segments: one that is replaced meanwhile is seen later.
    CAUCE_ASSIGN_OR_RETURN(
        auto identity,
        DirectoryIdentity::Of(*environment->files, options.directory,
                              environment->clock->Now()));
    LogView::Hooks hooks{.bounds_now =
                             [environment, name = options.name] {
                               return environment->load_bounds(name);
                             },
                         .closed_now =
                             [environment] {
                               return environment->is_closed &&
                                      environment->is_closed();
                             }};
    if (environment->known_now) {
      hooks.noted_now = [environment, name = options.name] {
        return environment->known_now(name);
      };
    }
    CAUCE_ASSIGN_OR_RETURN(
        auto view, LogView::Open(place, options.bounds, std::move(hooks)));
    LostRecords lost;
    CAUCE_ASSIGN_OR_RETURN(lost.back, view->FindLostEnd());
    TellOfLostEnd(*environment, options, lost.back,
                  ZerosBehind(*environment, *view));
    if (lost.back.count() == 0) {
      CAUCE_ASSIGN_OR_RETURN(
          lost.back, FindEndLostSinceClose(*environment, options, *view));
      TellOfLostEnd(*environment, options, lost.back, 0);
    }
    if (lost.back.count() == 0) lost.back = view->FindHidden();
    if (lost.back.count() == 0) {
      CAUCE_ASSIGN_OR_RETURN(lost.back,
                             FindBehindTorn(*environment, options, *view));
    }
    CAUCE_ASSIGN_OR_RETURN(const LostRecords to_another,
                           LookBeyondClose(*environment, options, *view));
    if (lost.back.count() == 0) lost.back = to_another.back;
    const Offset start =
        std::max(options.bounds.log_start, view->segments().front()->base());
    if (start > options.bounds.log_start) {
      // A writer may have moved it since, before it deleted what was below.
      CAUCE_ASSIGN_OR_RETURN(const LogBounds now,
                             environment->load_bounds(options.name));
      lost.front =
          LookForMissingStart(*environment, options, now.log_start, start);
    }
    // All that it had, where none of it is there.
    if (to_another.front.count() > 0) lost.front = to_another.front;
    std::shared_ptr<Log> log(
        new Log(std::move(environment), options, view->segments(), start));
    log->lost_ = lost;
    CAUCE_RETURN_IF_ERROR(log->NoteMissing());
    if (lost.back.count() == 0) log->lost_.back = log->FindShortEnd();
    MutexLock looking(log->refresh_mutex_);
    log->view_ = std::move(view);
    log->identity_ = std::move(identity);
    return log;
  }

  RecoveryHints hints;
  hints.clean_stop = options.clean_stop;
  hints.known = options.known;
  hints.is_unchanged = options.is_unchanged;
  hints.is_end_unchanged = options.is_end_unchanged;
  hints.recovery_point = options.bounds.recovery_point;
  hints.log_start = options.bounds.log_start;
  hints.is_brokers = options.is_brokers;
  hints.is_synced_later = options.is_synced_later;
  hints.now = Timestamp::From(environment->clock->Now());
  hints.events = environment->events;
  if (environment->note_work) {
    hints.progress = [&environment, &options](Offset start, Offset end,
                                              int64_t bytes) {
      environment->note_bounds(options.name,
                               {end, StartToSave(options, start)});
      if (environment->note_work({.bytes = bytes, .segments = 1})) {
        environment->save_noted();
      }
    };
  }
  CAUCE_ASSIGN_OR_RETURN(RecoveredLog recovered, RecoverLog(place, hints));
  OffsetRange missing_start = LookForMissingStart(
      *environment, options, options.bounds.log_start, recovered.log_start);
  const Offset end = recovered.writer->segment()->next();
  if (options.clean_stop && options.known != nullptr &&
      end > options.known->end) {
    const auto what =
        TellBeyondClose(*environment, options, *options.known, end);
    if (what == BeyondClose::kAnother) {
      missing_start = LostToAnother(*what, *options.known,
                                    options.bounds.log_start).front;
    }
  }
  SegmentSet::List segments = recovered.sealed;
  segments.push_back(recovered.writer->segment());
  std::shared_ptr<Log> log(new Log(std::move(environment), options,
                                   std::move(segments), recovered.log_start));
  log->lost_.front = missing_start;
  {
    MutexLock looking(log->view_mutex_);
    log->missing_ = std::move(recovered.missing);
  }
  log->is_odd_ = recovered.is_odd || missing_start.count() > 0;
  MutexLock lock(log->writer_mutex_);
  log->writer_ = std::move(recovered.writer);
  log->unsettled_from_ = recovered.unsettled_from;
  log->DrawLimits();
  if (recovered.names_unsynced) log->segments_.NoteNames();
  log->owes_recovery_sync_ = recovered.owes_sync;
  CAUCE_RETURN_IF_ERROR(log->OpenProducers(options, recovered));
  CAUCE_RETURN_IF_ERROR(
      log->epochs_.Recovered(StartToSave(options, log->log_start()),
                             log->log_end(), recovered.epochs));
  return log;
}

absl::Status Log::TakeRecoverySync(const absl::Status& synced) {
  CAUCE_RETURN_IF_ERROR(synced);
  CAUCE_RETURN_IF_ERROR(segments_.TakeWholeSync());
  owes_recovery_sync_ = false;
  MutexLock lock(writer_mutex_);
  return writer_->CompleteOffsets();
}

Log::Log(std::shared_ptr<const LogEnvironment> environment,
         const LogOptions& options, SegmentSet::List segments, Offset log_start)
    : environment_(std::move(environment)),
      forks_(environment_->files->forks()),
      name_(options.name),
      directory_(options.directory),
      read_only_(options.read_only),
      saved_start_(StartToSave(options, log_start)),
      first_dirty_(options.first_dirty.value),
      epochs_(*environment_, name_, options.epochs),
      topic_(options.config),
      kept_watch_(options.read_only
                      ? std::make_unique<KeptWatch>(*environment_->files,
                                                    directory_,
                                                    *environment_->watches)
                      : nullptr),
      segments_(*environment_->files, directory_, std::move(segments)),
      producers_(*environment_, name_, directory_, segments_,
                 [this](const OffsetRange& gap) { return IsDamagedGap(gap); }),
      committer_(segments_.Get()->active()->next(), CommitterHooks()),
      log_start_(log_start.value),
      log_end_(committer_.durable().value),
      may_have_gaps_(options.may_have_gaps),
      shows_written_(ShowsWritten(*options.config)),
      prepares_(Prepares(*options.config)),
      flushes_itself_(FlushesItself(*options.config)),
      is_brokers_(options.is_brokers),
      config_(topic_),
      keep_everything_(options.keep_everything) {
  // What is appended behind damage that a recovery has cut is dirty.
  first_dirty_ = std::min(first_dirty_.load(), log_end_.load());
}

Offset Log::StartToSave(const LogOptions& options, Offset found) {
  return options.start_is_known ? options.bounds.log_start : found;
}

std::optional<KnownLog> Log::Known() const {
  MutexLock ends(ends_mutex_);
  MutexLock lock(writer_mutex_);
  const bool is_settled = writer_ != nullptr && writer_->is_settled() &&
                          unsettled_from_ == Offset{INT64_MAX} &&
                          retired_.empty() && !OwesFiles();
  if (!is_settled) return std::nullopt;
  KnownLog known;
  const auto set = segments();
  for (const auto& segment : set->segments()) {
    known.segments.push_back({segment->base(), segment->bytes()});
  }
  known.end = log_end();
  known.snapshot = producers_.newest_snapshot();
  const auto epochs = epochs_.starts();
  known.epochs.assign(epochs.begin(), epochs.end());
  known.missing = Missing();
  known.times = {set->segments().front()->KnownLargestTimestamp(),
                 writer_->first_timestamp(), writer_->largest_timestamp(),
                 writer_->largest_offset()};
  return known;
}

std::vector<OffsetRange> Log::Missing() const {
  const Offset up_to{missing_up_to_};
  const Offset start = log_start();
  std::vector<OffsetRange> missing;
  MutexLock lock(view_mutex_);
  for (const OffsetRange& range : missing_) {
    // What was cut off, or deleted, nobody misses.
    if (range.base >= up_to || range.next <= start) continue;
    missing.push_back({range.base, std::min(range.next, up_to)});
  }
  return missing;
}

absl::StatusOr<std::vector<MissingPart>> Log::FindMissing() const {
  // A broker's cleaner leaves gaps where it likes.
  if (!may_have_gaps_ || is_brokers_) return std::vector<MissingPart>();
  MissingHints hints{
      .bounds_now = [this] { return environment_->load_bounds(name_); }};
  if (environment_->known_now) {
    hints.known_now = [this] { return environment_->known_now(name_); };
  }
  return LookForMissing(PlaceOf(Offset{0}), hints);
}

OffsetRange Log::FindShortEnd() const {
  for (const OffsetRange& range : Missing()) {
    if (range.next >= log_end()) return range;
  }
  return {};
}

absl::Status Log::NoteMissing() {
  const auto found = FindMissing();
  if (absl::IsUnavailable(found.status())) {
    MutexLock lock(view_mutex_);
    look_again_at_ = absl::ZeroDuration();
    return absl::OkStatus();
  }
  CAUCE_RETURN_IF_ERROR(found.status());
  {
    MutexLock lock(view_mutex_);
    TakeMissing(*found);
  }
  TellOfMissing(*found);
  return absl::OkStatus();
}

void Log::LookAgain() {
  {
    MutexLock lock(view_mutex_);
    const bool is_due = look_again_at_ &&
                        *look_again_at_ <= environment_->clock->Monotonic();
    if (!is_due) return;
  }
  const auto found = FindMissing();
  {
    MutexLock lock(view_mutex_);
    // Somebody else was faster.
    if (!look_again_at_) return;
    if (found.ok()) {
      TakeMissing(*found);
    } else {
      look_again_at_ = environment_->clock->Monotonic() + kLooksApart;
      if (std::exchange(told_unseen_, true)) return;
    }
  }
  if (found.ok()) return TellOfMissing(*found);
  if (!environment_->events) return;
  environment_->events(
      Severity::kWarning,
      fmt::format("{}: whether segments are missing cannot be seen, and until "
                  "it can, gaps between them count as compaction's; where "
                  "nothing has the directory open, open it for writing: {}",
                  name_.ToString(), MessageOf(found.status())));
}

void Log::TakeMissing(const std::vector<MissingPart>& found) {
  look_again_at_.reset();
  for (const MissingPart& part : found) missing_.push_back(part.range);
}

void Log::TellOfMissing(const std::vector<MissingPart>& found) const {
  if (!environment_->events) return;
  for (const MissingPart& part : found) {
    environment_->events(Severity::kError,
                         DescribeMissing(PlaceOf(Offset{0}), part));
  }
}

bool Log::IsMissing(const OffsetRange& range) {
  LookAgain();
  const bool was_missing =
      std::ranges::any_of(Missing(), [&](const OffsetRange& missing) {
        return missing.base < range.next && range.base < missing.next;
      });
  if (!was_missing || !read_only_) return was_missing;
  // Another process may have put it back since, or others in its place. Who
  // reads on in a directory that is gone is told why.
  const auto now = FindMissing();
  return now.ok() ? Misses(*now, range) : !absl::IsNotFound(now.status());
}

bool Log::IsShort(Offset base) {
  LookAgain();
  const auto missing = Missing();
  const bool was_short =
      std::ranges::find(missing, base, &OffsetRange::base) != missing.end();
  if (!was_short || !read_only_) return was_short;
  const auto now = FindMissing();
  if (!now.ok()) return !absl::IsNotFound(now.status());
  return std::ranges::any_of(*now, [&](const MissingPart& part) {
    return part.is_short && part.range.base == base;
  });
}

void Log::Abandon(const absl::Status& cause) {
  if (End(cause)) committer_.Fail(cause);
}

}  // namespace cauce
