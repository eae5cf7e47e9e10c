#include "engine/state/stores_core.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/state/changelog_reader.h"
#include "engine/state/changelog_topic.h"
#include "engine/state/dead_tables.h"
#include "engine/state/table_fit.h"
#include "engine/store/rocksdb_share.h"
#include "engine/store/rocksdb_store.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Changes that are joined take no more than this of a batch: at 100 bytes each
// some 4000 of them share a sync.
constexpr int64_t kJoinedBytesMax = 512 << 10;
constexpr std::string_view kStoresDirectory = "cauce.stores";
// How often a changelog is read from its beginning where each time compaction
// goes over it meanwhile, and the reading takes longer than deletions stay.
// Passes come each time that as much was appended as there was before: who
// meets three of them has deletions that stay for far too short.
constexpr int kReadingsMax = 3;

bool MayBeMadeAnew(const absl::Status& status) {
  return ReasonOf(status) == Reason::kCorruptFile ||
         ReasonOf(status) == Reason::kUnsupportedFormat;
}

// What a table lacks that has nothing yet: where its first files are gone the
// changelog begins behind them, and what they held would be passed over.
constexpr Offset kFromTheFirst{0};

// Records that are lost from the changelog would be missing in a table that is
// made from it.
absl::Status CheckNothingLost(const Partition& changelog, Offset from) {
  const LostRecords lost = changelog.lost();
  for (const OffsetRange& range : {lost.front, lost.back}) {
    if (range.count() == 0 || from >= range.next) continue;
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("{}: records [{}, {}) are lost, which the store lacks from "
                    "offset {} on: bring the files back, or give the records "
                    "up (Partition::DeleteRecordsBefore), and open it again",
                    changelog.name().ToString(), range.base.value,
                    range.next.value, from.value));
  }
  return absl::OkStatus();
}

StoreMark BeginningOf(const RowLayout& layout, TopicId topic,
                      const Partition& changelog, absl::Time now) {
  return {.kind = layout.kind(),
          .topic = topic,
          .partition = changelog.name().partition,
          .applied = changelog.log_start(),
          .segment_ms = layout.segment_ms(),
          .retention_ms = layout.retention_ms(),
          .written = Timestamp::From(now)};
}

// What the table says of itself; nothing of one that nobody has written.
absl::StatusOr<std::optional<StoreMark>> MarkOf(const StateStore& table) {
  const std::string bytes = table.mark();
  if (bytes.empty()) return std::nullopt;
  return ParseStoreMark(bytes);
}

absl::Status CompactedTooSoon(const Partition& changelog,
                              absl::Duration delete_retention) {
  return absl::AbortedError(fmt::format(
      "{}: was read {} times from its beginning to make its store's table, and "
      "each time compaction may have dropped deletions in front of the reader, "
      "since that took longer than delete.retention.ms, which is {}: make that "
      "longer (cauce topic alter {} --config delete.retention.ms=86400000) and "
      "open the store again",
      changelog.name().ToString(), kReadingsMax,
      absl::ToInt64Milliseconds(delete_retention), changelog.name().topic));
}

std::optional<std::string> WhyUnfit(const StoreMark& mark,
                                    const RowLayout& layout, TopicId topic,
                                    const Partition& changelog, Offset end) {
  ChangelogView view{.topic = topic,
                     .partition = changelog.name().partition,
                     .begin = changelog.log_start(),
                     .end = end};
  if (mark.applied > view.begin && mark.applied <= end) {
    view.last_record = ChecksumAt(changelog, mark.applied + -1);
  }
  return WhyUnfit(mark, layout, view);
}

}  // namespace

StoresCore::StoresCore(std::shared_ptr<EngineCore> engine,
                       StoresOptions options)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      clock_(engine_->options().clock != nullptr ? engine_->options().clock
                                                 : SystemClock()),
      backend_(options_.backend) {}

void StoresCore::Tell(Severity severity, std::string line) const {
  const EventSink& events = engine_->options().events;
  if (events) events(severity, line);
}

absl::StatusOr<std::shared_ptr<StateBackend>> StoresCore::Backend() {
  MutexLock lock(mutex_);
  if (backend_ != nullptr) return backend_;
  if (engine_->is_volatile()) {
    backend_ = NewMemoryStateBackend();
    return backend_;
  }
  RocksDbOptions rocksdb = options_.rocksdb;
  if (rocksdb.file_system == nullptr) {
    rocksdb.file_system = engine_->options().file_system;
  }
  const auto share =
      engine_->shared_tables().Join([&](std::shared_ptr<RocksDbShare> there) {
        if (there != nullptr) {
          there->Admit(rocksdb);
          return there;
        }
        there = std::make_shared<RocksDbShare>(rocksdb);
        // The first of a run, and nobody else has any table.
        if (!reads_only()) RemoveDeadTables();
        return there;
      });
  CAUCE_ASSIGN_OR_RETURN(backend_, NewRocksDbStateBackend(rocksdb, share));
  return backend_;
}

void StoresCore::RemoveDeadTables() const {
  // Of another directory nobody knows whose tables else lie there.
  if (!options_.directory.empty()) return;
  FileSystem* const given = options_.rocksdb.file_system;
  FileSystem& files = given != nullptr ? *given : engine_->files();
  // It may be a link, which a list does not follow.
  const auto found =
      files.Resolve(JoinPath(engine_->directory(), kStoresDirectory));
  if (!found.ok()) return;  // whoever opens a table is told
  const std::string& stores = *found;
  const auto entries = files.List(stores);
  const auto topics = engine_->ListTopics();
  if (!entries.ok() || !topics.ok()) return;
  bool any = false;
  for (const std::string& name : FindDeadTables(*entries, *topics)) {
    const auto removed = RemoveDeadTable(files, JoinPath(stores, name));
    if (!removed.ok()) {
      Tell(Severity::kWarning,
           fmt::format("{}/{}: its changelog is gone, and it cannot be "
                       "removed: {}",
                       stores, name, MessageOf(removed.status())));
    } else if (*removed) {
      any = true;
      Tell(Severity::kInfo,
           fmt::format("{}/{}: its changelog is gone: removed", stores, name));
    } else {
      Tell(Severity::kWarning,
           fmt::format("{}/{}: there is no changelog of that name, and not "
                       "all that lies there is a table's: left as it is",
                       stores, name));
    }
  }
  if (any) files.SyncDirectory(stores).IgnoreError();  // else the next one does
}

std::string StoresCore::DirectoryOf(const TopicPartition& changelog) const {
  const std::string stores =
      options_.directory.empty()
          ? JoinPath(engine_->directory(), kStoresDirectory)
          : options_.directory;
  return JoinPath(stores, changelog.ToString());
}

absl::StatusOr<TopicDescription> StoresCore::FindOrMakeTopic(
    const std::string& topic, const WantedStore& wanted) {
  auto found = engine_->DescribeTopic(topic);
  if (found.ok() || ReasonOf(found.status()) != Reason::kUnknownTopic ||
      reads_only() || wanted.anew) {
    return found;
  }
  const std::optional<absl::Duration>& retention = wanted.options.retention;
  if (IsWindowed(wanted.kind) && !retention) {
    return MakeError(
        Reason::kInvalidOption,
        fmt::format("store {}: WindowOptions::retention says how long its rows "
                    "are kept, and there is no changelog yet that does",
                    wanted.name));
  }
  const StoreOptions& store = wanted.options.store;
  const int32_t partition = store.partition.value;
  if (partition < 0 || partition >= store.partitions) {
    return MakeError(
        Reason::kInvalidOption,
        fmt::format("store {}: StoreOptions::partition is {}, and the "
                    "changelog that is to be made has {} of them, from 0 on",
                    wanted.name, partition, store.partitions));
  }
  CAUCE_RETURN_IF_ERROR(ValidateTopicName(topic));
  auto made = engine_->CreateTopic(
      topic, {.partitions = store.partitions,
              .configs = ChangelogConfigs(wanted.kind, retention,
                                          store.configs)});
  // Another thread may have made it meanwhile.
  if (ReasonOf(made.status()) == Reason::kTopicExists) {
    return engine_->DescribeTopic(topic);
  }
  return made;
}

absl::Status StoresCore::Agree(Changelog& changelog,
                               const WantedStore& wanted) {
  MutexLock lock(engine_->store_claims().agreeing());
  const TopicId opened = changelog.topic.id;
  const std::string name = changelog.topic.name;
  CAUCE_ASSIGN_OR_RETURN(changelog.topic, engine_->DescribeTopic(name));
  // The handle is of the topic that was described, or of none.
  if (changelog.topic.id != opened) {
    return MakeError(Reason::kUnknownTopic,
                     fmt::format("{}: was deleted and made again while its "
                                 "store was opened: open it again",
                                 name));
  }
  CAUCE_ASSIGN_OR_RETURN(changelog.config,
                         ParseTopicConfig(changelog.topic.configs));
  CAUCE_RETURN_IF_ERROR(
      CheckChangelog(changelog.topic, changelog.config, wanted.kind));
  changelog.retention =
      wanted.options.retention.value_or(RetentionOfChangelog(changelog.config));
  if (reads_only() || changelog.topic.imported) return absl::OkStatus();
  std::vector<ConfigChange> changes;
  if (!KindOfChangelog(changelog.topic)) {
    changes.push_back({"cauce.store", std::string(StoreKindName(wanted.kind))});
  }
  if (LackOf(changelog, wanted) > 0) {
    changes.push_back(
        {"retention.ms", fmt::to_string(RetentionMsFor(changelog.retention))});
  }
  if (changes.empty()) return absl::OkStatus();
  return engine_->AlterTopic(name, changes, std::nullopt);
}

int64_t StoresCore::LackOf(const Changelog& changelog,
                           const WantedStore& wanted) const {
  const std::optional<absl::Duration>& kept = changelog.config.retention_age;
  if (!IsWindowed(wanted.kind) || !wanted.options.retention || !kept ||
      !changelog.config.cleanup.remove) {
    return 0;
  }
  return RetentionMsFor(*wanted.options.retention) -
         absl::ToInt64Milliseconds(*kept);
}

void StoresCore::TellOfLonger(const Changelog& changelog,
                              const WantedStore& wanted) const {
  if (reads_only() || LackOf(changelog, wanted) >= 0) return;
  Tell(Severity::kInfo,
       fmt::format("{}: keeps its records for {} ms (retention.ms), longer "
                   "than store {} asks for; cauce topic alter {} --config "
                   "retention.ms={} shortens that, for all its partitions",
                   changelog.topic.name,
                   absl::ToInt64Milliseconds(*changelog.config.retention_age),
                   wanted.name, changelog.topic.name,
                   RetentionMsFor(changelog.retention)));
}

absl::StatusOr<StoresCore::Changelog> StoresCore::OpenChangelog(
    const WantedStore& wanted) {
  const std::string name =
      ChangelogTopicName(options_.application, wanted.name);
  const PartitionId partition = wanted.options.store.partition;
  Changelog changelog;
  if (!reads_only()) {
    changelog.claim = engine_->store_claims().Take({name, partition});
    if (changelog.claim == nullptr) {
      return MakeError(
          Reason::kLocked,
          fmt::format("store {}: is open in this process already: close that "
                      "one first, or share it",
                      wanted.name));
    }
  }
  CAUCE_ASSIGN_OR_RETURN(changelog.topic, FindOrMakeTopic(name, wanted));
  CAUCE_ASSIGN_OR_RETURN(Partition handle,
                         EngineCore::OpenHandle(engine_, name, partition));
  changelog.partition = std::make_shared<Partition>(std::move(handle));
  // Last of all: an opening that is refused leaves the topic as it was.
  CAUCE_RETURN_IF_ERROR(Agree(changelog, wanted));
  TellOfLonger(changelog, wanted);
  return changelog;
}

StateStoreSpec StoresCore::SpecOf(const Changelog& changelog) const {
  StateStoreSpec spec;
  spec.directory = DirectoryOf(changelog.partition->name());
  spec.read_only = reads_only();
  if (!spec.read_only) {
    spec.before_durable = [log = changelog.partition] { return log->Flush(); };
  }
  return spec;
}

absl::StatusOr<std::unique_ptr<StateStore>> StoresCore::OpenEmptyTable(
    StateBackend& backend, const Changelog& changelog) {
  const StateStoreSpec spec = SpecOf(changelog);
  CAUCE_RETURN_IF_ERROR(backend.Remove(spec.directory));
  return backend.Open(spec);
}

absl::StatusOr<std::unique_ptr<StateStore>> StoresCore::OpenTable(
    StateBackend& backend, const Changelog& changelog, bool anew) {
  if (anew) return OpenEmptyTable(backend, changelog);
  auto table = backend.Open(SpecOf(changelog));
  absl::Status why = table.status();
  if (table.ok()) why = MarkOf(**table).status();
  if (!MayBeMadeAnew(why)) return table;
  Tell(Severity::kWarning,
       fmt::format("{}: the store's table is made anew from it: {}",
                   changelog.partition->name().ToString(), MessageOf(why)));
  if (table.ok()) table->reset();
  return OpenEmptyTable(backend, changelog);
}

absl::StatusOr<StoreTable::Goal> StoresCore::GoalOf(
    const Changelog& changelog) const {
  const Timestamp now = Timestamp::From(clock_->Now());
  // In front of the flush: what others append behind that is not meant.
  const Offset end = changelog.partition->log_end();
  // What is read is what no power loss takes back.
  CAUCE_RETURN_IF_ERROR(changelog.partition->Flush());
  CAUCE_ASSIGN_OR_RETURN(const Offset stable,
                         changelog.partition->LastStableOffset());
  if (stable >= end) return StoreTable::Goal{end, now};
  Tell(Severity::kWarning,
       fmt::format("{}: a transaction is open in it from offset {} on: its "
                   "store shows what stands in front of that, and takes no "
                   "changes until it has ended (cauce transaction list)",
                   changelog.partition->name().ToString(), stable.value));
  // What stands behind it was appended who knows when.
  return StoreTable::Goal{stable, kNoTimestamp};
}

void StoresCore::TakeLayoutOf(const StateStore& table,
                              const Changelog& changelog,
                              const WantedStore& wanted,
                              OpenedStore& opened) const {
  if (!IsWindowed(wanted.kind) || wanted.options.retention) return;
  const auto mark = MarkOf(table);
  if (!mark.ok() || !*mark || (*mark)->topic != changelog.topic.id) return;
  opened.layout = LayoutOf(**mark, opened.layout);
}

void StoresCore::TakeLayoutOfOld(const Changelog& changelog,
                                 const WantedStore& wanted,
                                 OpenedStore& opened) const {
  // A table in memory is gone with whoever had it open.
  if (!IsWindowed(wanted.kind) || !opened.backend->persistent()) return;
  StateStoreSpec spec = SpecOf(changelog);
  spec.read_only = true;
  const auto old = opened.backend->Open(spec);
  if (old.ok()) TakeLayoutOf(**old, changelog, wanted, opened);
}

absl::Status StoresCore::CatchUp(const Changelog& changelog,
                                 const WantedStore& wanted,
                                 const WatchedTable& table,
                                 const StoreTable::Goal& goal,
                                 OpenedStore& opened) {
  const Partition& log = *changelog.partition;
  CAUCE_ASSIGN_OR_RETURN(
      GapWatch gaps, GapWatch::Begin(*engine_, log.name(), table, *clock_));
  const absl::Duration started = clock_->Monotonic();
  return opened.table->CatchUp(
      log, goal, [&] { return gaps.AtGap(); },
      [&](Offset at, int64_t records, int64_t bytes) {
        if (!options_.progress) return;
        options_.progress({.store = wanted.name,
                           .changelog = log.name(),
                           .begin = table.mark.applied,
                           .at = at,
                           .end = goal.end,
                           .records = records,
                           .bytes = bytes,
                           .passed = clock_->Monotonic() - started});
      });
}

absl::Status StoresCore::OpenToWrite(const Changelog& changelog,
                                     const WantedStore& wanted,
                                     OpenedStore& opened) {
  const Partition& log = *changelog.partition;
  CAUCE_ASSIGN_OR_RETURN(const StoreTable::Goal goal, GoalOf(changelog));
  // Before the table goes which may have what the changelog has lost.
  if (wanted.anew) {
    CAUCE_RETURN_IF_ERROR(CheckNothingLost(log, kFromTheFirst));
    TakeLayoutOfOld(changelog, wanted, opened);
  }
  std::unique_ptr<StateStore> table;
  CAUCE_ASSIGN_OR_RETURN(table,
                         OpenTable(*opened.backend, changelog, wanted.anew));
  TakeLayoutOf(*table, changelog, wanted, opened);
  int readings = 0;  // from the beginning
  bool anew = false;
  bool again = false;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto found, MarkOf(*table));
    const StoreMark mark = found.value_or(BeginningOf(
        opened.layout, changelog.topic.id, log, clock_->Now()));
    // One that is new has nothing that could be unfit.
    std::optional<std::string> why;
    if (found) {
      why = WhyUnfit(mark, opened.layout, changelog.topic.id, log, goal.end);
    }
    if (why && anew) {
      return MakeError(Reason::kCorruptFile,
                       fmt::format("{}: a table that was just made does not "
                                   "fit: {}",
                                   log.name().ToString(), *why));
    }
    if (!why) {
      CAUCE_RETURN_IF_ERROR(
          CheckNothingLost(log, found ? mark.applied : kFromTheFirst));
      opened.table = std::make_unique<StoreTable>(std::move(table),
                                                  opened.layout, mark);
      const absl::Status caught_up =
          CatchUp(changelog, wanted,
                  {.mark = mark,
                   .is_new = !found,
                   .delete_retention = changelog.config.delete_retention},
                  goal, opened);
      if (MayBeMadeAnew(caught_up) && !again) {
        // A table that met damage in its files has noted that: opened again, it
        // is made anew.
        again = true;
        opened.table.reset();
        CAUCE_ASSIGN_OR_RETURN(
            table, OpenTable(*opened.backend, changelog, wanted.anew));
        continue;
      }
      if (!absl::IsAborted(caught_up)) return caught_up;
      // Closing persists what it took so far; its mark still tells the age
      // that refused the gaps.
      opened.table.reset();
      if ((anew || !found) && ++readings == kReadingsMax) {
        return CompactedTooSoon(log, changelog.config.delete_retention);
      }
      why = fmt::format(
          "deletions that it has not seen may be compacted away: {}",
          MessageOf(caught_up));
    }
    CAUCE_RETURN_IF_ERROR(CheckNothingLost(log, kFromTheFirst));
    Tell(Severity::kWarning,
         fmt::format("{}: the store's table is made anew from it: {}",
                     log.name().ToString(), *why));
    anew = true;
    table.reset();
    CAUCE_ASSIGN_OR_RETURN(table, OpenEmptyTable(*opened.backend, changelog));
  }
}

absl::Status StoresCore::OpenToRead(const Changelog& changelog,
                                    const WantedStore& wanted,
                                    OpenedStore& opened) {
  const Partition& log = *changelog.partition;
  std::unique_ptr<StateStore> table;
  // A table in memory is empty in every process but its own.
  if (opened.backend->persistent()) {
    auto found = opened.backend->Open(SpecOf(changelog));
    if (found.ok() && MarkOf(**found).ok()) {
      table = *std::move(found);
      TakeLayoutOf(*table, changelog, wanted, opened);
    } else if (!found.ok() && !absl::IsNotFound(found.status()) &&
               !MayBeMadeAnew(found.status())) {
      return found.status();
    }
  }
  // Behind the table, which another process may be writing: the log is never
  // behind that.
  const auto look_again = [&] {
    return log
        .WaitFor(log.log_end(), absl::ZeroDuration(),
                 Isolation::kReadUncommitted)
        .status();
  };
  CAUCE_RETURN_IF_ERROR(look_again());
  CAUCE_ASSIGN_OR_RETURN(const Offset end, log.LastStableOffset());
  std::optional<StoreMark> found;
  if (table != nullptr) {
    CAUCE_ASSIGN_OR_RETURN(found, MarkOf(*table));
  }
  if (!found ||
      WhyUnfit(*found, opened.layout, changelog.topic.id, log, end)) {
    found.reset();
    table.reset();
  }
  opened.overlay = std::make_unique<OverlayView>(std::move(table),
                                                 options_.read_only_bytes_max);
  for (int readings = 0;;) {
    const StoreMark mark = found.value_or(BeginningOf(
        opened.layout, changelog.topic.id, log, clock_->Now()));
    CAUCE_RETURN_IF_ERROR(
        CheckNothingLost(log, found ? mark.applied : kFromTheFirst));
    CAUCE_ASSIGN_OR_RETURN(
        GapWatch gaps,
        GapWatch::Begin(*engine_, log.name(),
                        {.mark = mark,
                         .is_new = !found,
                         .delete_retention = changelog.config.delete_retention},
                        *clock_));
    RowMaker rows(opened.layout);
    opened.stream_time = mark.stream_time;
    absl::Status read = ReadChangelog(
        log, opened.layout, mark.applied, end, [&] { return gaps.AtGap(); },
        [&](const ChangelogRecord& record) {
          opened.stream_time = std::max(opened.stream_time, record.row_time);
          return opened.overlay->Apply(rows.Make(record));
        });
    opened.applied = std::max(mark.applied, end);
    if (read.ok() && gaps.has_met_any()) {
      // Of what another process has compacted meanwhile only a look tells.
      CAUCE_RETURN_IF_ERROR(look_again());
      if (gaps.AtGap() == Gaps::kRefused) read = absl::AbortedError("");
    }
    if (!absl::IsAborted(read)) {
      return Annotate(read, fmt::format("store {}", wanted.name));
    }
    if (!found && ++readings == kReadingsMax) {
      return CompactedTooSoon(log, changelog.config.delete_retention);
    }
    // Deletions that the table has not seen may be compacted away.
    found.reset();
    opened.overlay->DropBase();
  }
}

absl::StatusOr<std::shared_ptr<StoreCore>> StoresCore::Open(
    const WantedStore& wanted) {
  CAUCE_RETURN_IF_ERROR(engine_->CheckProcess());
  CAUCE_RETURN_IF_ERROR(engine_->CheckNotClosed());
  if (wanted.name.empty()) {
    return MakeError(Reason::kInvalidOption, "a store's name is not empty");
  }
  const std::optional<absl::Duration>& retention = wanted.options.retention;
  if (retention && *retention < absl::Milliseconds(1)) {
    return MakeError(
        Reason::kInvalidOption,
        fmt::format("store {}: WindowOptions::retention is {}, and is to be at "
                    "least a millisecond",
                    wanted.name, absl::FormatDuration(*retention)));
  }
  CAUCE_ASSIGN_OR_RETURN(const Changelog changelog, OpenChangelog(wanted));
  OpenedStore opened;
  opened.name = wanted.name;
  opened.engine = engine_;
  opened.changelog = changelog.partition;
  opened.claim = changelog.claim;
  opened.layout = RowLayout(
      wanted.kind, RowLayout::SegmentMs(wanted.kind, changelog.retention),
      absl::ToInt64Milliseconds(changelog.retention));
  opened.ack = wanted.options.store.ack;
  opened.retain_duplicates = wanted.options.retain_duplicates;
  opened.batch_bytes_max =
      std::min(kJoinedBytesMax, changelog.config.max_message_bytes);
  opened.clock = clock_;
  CAUCE_ASSIGN_OR_RETURN(opened.backend, Backend());
  CAUCE_RETURN_IF_ERROR(reads_only()
                            ? OpenToRead(changelog, wanted, opened)
                            : OpenToWrite(changelog, wanted, opened));
  auto core = std::make_shared<StoreCore>(std::move(opened));
  MutexLock lock(mutex_);
  std::erase_if(open_,
                [](const auto& entry) { return entry.second.expired(); });
  open_[core->changelog()] = core;
  return core;
}

std::shared_ptr<StoreCore> StoresCore::FindOpen(
    const TopicPartition& changelog) {
  MutexLock lock(mutex_);
  const auto at = open_.find(changelog);
  if (at == open_.end()) return nullptr;
  auto core = at->second.lock();
  return core != nullptr && !core->is_closed() ? core : nullptr;
}

absl::StatusOr<StoreDescription> StoresCore::Describe(
    const TopicDescription& topic, const std::string& store, StoreKind kind,
    PartitionId partition) {
  StoreDescription described{.name = store,
                             .kind = kind,
                             .changelog = {topic.name, partition}};
  Changelog changelog;
  changelog.topic = topic;
  CAUCE_ASSIGN_OR_RETURN(
      Partition handle,
      EngineCore::OpenHandle(engine_, topic.name, partition));
  changelog.partition = std::make_shared<Partition>(std::move(handle));
  const Partition& log = *changelog.partition;
  if (const auto open = FindOpen(described.changelog)) {
    described.applied = open->applied();
    described.use = open->use();
    described.begin = log.log_start();
    described.end = log.log_end();
    described.table = described.applied < described.end ? TableState::kBehind
                                                        : TableState::kWhole;
    return described;
  }
  CAUCE_ASSIGN_OR_RETURN(const auto backend, Backend());
  StateStoreSpec spec;
  spec.directory = DirectoryOf(described.changelog);
  spec.read_only = true;
  absl::StatusOr<std::unique_ptr<StateStore>> table =
      absl::NotFoundError("in memory");
  if (backend->persistent()) table = backend->Open(spec);
  // Behind the table: its log is never behind it.
  if (reads_only()) {
    CAUCE_RETURN_IF_ERROR(
        log.WaitFor(log.log_end(), absl::ZeroDuration()).status());
  }
  described.begin = log.log_start();
  described.end = log.log_end();
  if (absl::IsNotFound(table.status())) return described;
  absl::Status why = table.status();
  if (table.ok()) {
    described.use = (*table)->use();
    const auto mark = MarkOf(**table);
    why = mark.status();
    if (mark.ok() && !*mark) return described;  // nobody has written it yet
    if (mark.ok()) {
      CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                             ParseTopicConfig(topic.configs));
      // As who opens it without a retention.
      const absl::Duration kept = RetentionOfChangelog(config);
      const RowLayout layout = LayoutOf(
          **mark, RowLayout(kind, RowLayout::SegmentMs(kind, kept),
                            absl::ToInt64Milliseconds(kept)));
      described.applied = (*mark)->applied;
      described.table = (*mark)->applied < described.end ? TableState::kBehind
                                                         : TableState::kWhole;
      const auto unfit =
          WhyUnfit(**mark, layout, topic.id, log, described.end);
      if (unfit) why = absl::DataLossError(*unfit);
    }
  }
  if (why.ok()) return described;
  described.table = TableState::kDamaged;
  described.why = MessageOf(why);
  return described;
}

absl::StatusOr<std::vector<StoreDescription>> StoresCore::List() {
  CAUCE_RETURN_IF_ERROR(engine_->CheckProcess());
  CAUCE_ASSIGN_OR_RETURN(const auto topics, engine_->ListTopics());
  std::vector<StoreDescription> stores;
  for (const TopicDescription& topic : topics) {
    const auto store = StoreOfChangelog(options_.application, topic.name);
    const auto kind = KindOfChangelog(topic);
    if (!store || !kind) continue;
    for (int32_t partition = 0; partition < topic.partitions; ++partition) {
      CAUCE_ASSIGN_OR_RETURN(StoreDescription described,
                             Describe(topic, *store, *kind, {partition}));
      stores.push_back(std::move(described));
    }
  }
  return stores;
}

absl::StatusOr<StoreDescription> StoresCore::Restore(std::string_view name,
                                                     PartitionId partition) {
  CAUCE_RETURN_IF_ERROR(engine_->CheckProcess());
  const std::string topic = ChangelogTopicName(options_.application, name);
  CAUCE_ASSIGN_OR_RETURN(const TopicDescription described,
                         engine_->DescribeTopic(topic));
  const auto kind = KindOfChangelog(described);
  if (!kind) {
    return MakeError(
        Reason::kInvalidConfig,
        fmt::format("{}: does not say which kind of store it is the changelog "
                    "of: set cauce.store, or open the store once",
                    topic));
  }
  if (reads_only()) {
    return MakeError(Reason::kReadOnly,
                     fmt::format("store {}: the engine was opened for reading "
                                 "only, so its table stays as it is",
                                 name));
  }
  WantedStore wanted{.name = std::string(name), .kind = *kind, .anew = true};
  wanted.options.store.partition = partition;
  CAUCE_ASSIGN_OR_RETURN(const auto core, Open(wanted));
  CAUCE_RETURN_IF_ERROR(core->Persist());
  return Describe(described, wanted.name, *kind, partition);
}

}  // namespace cauce
