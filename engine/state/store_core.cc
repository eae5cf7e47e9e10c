#include "engine/state/store_core.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/state/gap_watch.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A record's lengths, times and number take at most so much besides.
constexpr int64_t kRecordOverhead = 32;

int64_t BytesOf(std::span<const WantedChange> changes) {
  int64_t bytes = 0;
  for (const WantedChange& change : changes) {
    bytes += kRecordOverhead + static_cast<int64_t>(change.key.size());
    if (change.value) bytes += static_cast<int64_t>(change.value->size());
  }
  return bytes;
}

// Whether an append that failed so has stored nothing.
bool StoredNothing(const absl::Status& status) {
  constexpr std::array kReasons = {
      Reason::kBatchTooLarge,    Reason::kInvalidRecord,
      Reason::kInvalidTimestamp, Reason::kDiskFull,
      Reason::kReadOnly,         Reason::kUnknownTopic,
      Reason::kInvalidTopicName, Reason::kOffsetOutOfRange,
      Reason::kUnsupportedCodec, Reason::kCorruptBatch,
      Reason::kFencedEpoch};
  return std::ranges::find(kReasons, ReasonOf(status)) != kReasons.end();
}

}  // namespace

// Counts those who read from the table beyond a call.
class StoreCore::Lease {
 public:
  explicit Lease(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {
    core_->leases_.fetch_add(1);
  }
  ~Lease() { core_->leases_.fetch_sub(1); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  const std::shared_ptr<StoreCore> core_;
};

// What one append writes.
struct StoreCore::Batch {
  std::vector<ChangelogRecord> records;
  std::deque<std::string> keys;  // of those that got a number
  Timestamp begun;               // by the clock, in front of the append
  Timestamp stream_time = kNoTimestamp;
};

StoreCore::StoreCore(OpenedStore opened) : opened_(std::move(opened)) {
  CAUCE_CHECK((opened_.table == nullptr) != (opened_.overlay == nullptr));
}

StoreCore::~StoreCore() {
  const absl::Status closed = Close();
  // Behind its engine a store has nothing to tell: the log is closed, and has
  // told what failed.
  if (closed.ok() || ReasonOf(closed) == Reason::kClosed) return;
  const EventSink& events = opened_.engine->options().events;
  if (events) {
    events(Severity::kError,
           fmt::format("store {}: {}", name(), MessageOf(closed)));
  }
}

Offset StoreCore::applied() const {
  return opened_.table ? opened_.table->applied() : opened_.applied;
}

Timestamp StoreCore::stream_time() const {
  return opened_.table ? opened_.table->stream_time() : opened_.stream_time;
}

StateUse StoreCore::use() const {
  if (closed_) return {};
  return opened_.table ? opened_.table->table().use() : opened_.overlay->use();
}

const StateView& StoreCore::view() const {
  if (opened_.table) return opened_.table->table();
  return *opened_.overlay;
}

absl::Status StoreCore::Closed() const {
  return MakeError(Reason::kClosed,
                   fmt::format("store {}: was closed", name()));
}

absl::Status StoreCore::CheckOpen() const {
  if (closed_) return Closed();
  CAUCE_RETURN_IF_ERROR(opened_.engine->CheckProcess());
  return opened_.engine->CheckNotClosed();
}

absl::Status StoreCore::CheckWritable() const {
  if (closing_) return Closed();
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (!opened_.table) {
    return MakeError(
        Reason::kReadOnly,
        fmt::format("store {}: is open for reading only", name()));
  }
  return broken_;
}

absl::Status StoreCore::Change(std::span<const WantedChange> changes) {
  Writer writer{.changes = changes};
  Run(writer);
  return writer.status;
}

absl::StatusOr<std::optional<std::string>> StoreCore::ChangeIfAbsent(
    const WantedChange& change) {
  Writer writer{.changes = {&change, 1}, .if_absent = true};
  Run(writer);
  CAUCE_RETURN_IF_ERROR(writer.status);
  return std::move(writer.found);
}

void StoreCore::Run(Writer& writer) {
  {
    MutexLock lock(mutex_);
    writer.status = CheckWritable();
    if (!writer.status.ok() || writer.changes.empty()) return;
    queue_.push_back(&writer);
    if (queue_.front() == &writer) return Lead();
  }
  Await(writer);
  if (writer.turn == Turn::kIsDone) return;
  MutexLock lock(mutex_);
  Lead();
}

void StoreCore::Await(Writer& writer) {
  const auto has_come = [&writer] {
    return writer.turn.load(std::memory_order_acquire) != Turn::kWaits;
  };
  const absl::Duration begun = clock().Monotonic();
  if (spin_first_.Spin(clock(), begun, has_come)) return;
  MutexLock lock(mutex_);
  writer.sleeps = true;
  while (!has_come()) writer.wake.Wait(mutex_);
  spin_first_.Took(clock().Monotonic() - begun);
}

void StoreCore::Tell(Writer& writer, Turn turn) {
  const bool sleeps = writer.sleeps;
  writer.turn.store(turn, std::memory_order_release);
  if (sleeps) writer.wake.NotifyOne();
}

std::vector<StoreCore::Writer*> StoreCore::TakeGroup() const {
  std::vector<Writer*> group;
  int64_t bytes = 0;
  for (Writer* const writer : queue_) {
    bytes += BytesOf(writer->changes);
    if (!group.empty() &&
        // Who asks whether a key is there has to see what comes before it.
        (writer->if_absent || bytes > opened_.batch_bytes_max)) {
      break;
    }
    group.push_back(writer);
  }
  return group;
}

void StoreCore::Lead() {
  const std::vector<Writer*> group = TakeGroup();
  // It may have come to an end while this one waited.
  const absl::Status writable = CheckWritable();
  if (writable.ok()) {
    mutex_.Unlock();
    const absl::Status broken = WriteGroup(group);
    mutex_.Lock();
    broken_.Update(broken);
  }
  for (Writer* const writer : group) {
    if (!writable.ok()) writer->status = writable;
    queue_.pop_front();
    Tell(*writer, Turn::kIsDone);
  }
  if (queue_.empty()) {
    idle_.NotifyAll();
  } else {
    Tell(*queue_.front(), Turn::kLeads);
  }
}

absl::Status StoreCore::WriteGroup(std::span<Writer* const> group) {
  absl::Status broken;
  absl::Status together = WriteTogether(group, broken);
  if (together.ok()) return absl::OkStatus();
  if (group.size() == 1 || !broken.ok()) {
    for (Writer* const writer : group) writer->status = together;
    return broken;
  }
  // What is wrong with one of them is not to fail the others.
  for (Writer* const writer : group) {
    writer->found.reset();
    writer->status = broken.ok() ? WriteTogether({&writer, 1}, broken) : broken;
  }
  return broken;
}

absl::Status StoreCore::WriteTogether(std::span<Writer* const> group,
                                      absl::Status& broken) {
  Batch batch;
  batch.begun = Timestamp::From(clock().Now());
  CAUCE_RETURN_IF_ERROR(TakeForeignFirst(batch.begun, broken));
  batch.stream_time = stream_time();
  for (Writer* const writer : group) {
    CAUCE_RETURN_IF_ERROR(Collect(*writer, batch));
  }
  if (batch.records.empty()) return absl::OkStatus();
  return AppendAndApply(batch, broken);
}

absl::Status StoreCore::Collect(Writer& writer, Batch& batch) const {
  if (writer.if_absent) {
    std::string value;
    CAUCE_ASSIGN_OR_RETURN(const bool found,
                           view().Get(writer.changes[0].key, value));
    if (found) {
      writer.found = std::move(value);
      return absl::OkStatus();
    }
  }
  for (const WantedChange& change : writer.changes) {
    ChangelogRecord record{.key = change.key,
                           .value = change.value,
                           .time = change.time,
                           .row_time = change.row_time};
    if (layout().windowed()) {
      if (change.row_time < layout().LiveFrom(batch.stream_time)) continue;
      batch.stream_time = std::max(batch.stream_time, change.row_time);
    }
    if (opened_.retain_duplicates) {
      if (!change.value) continue;
      // Numbered by the offset that the record gets, which no other has had.
      std::string& key = batch.keys.emplace_back(change.key);
      const int64_t number =
          applied().value + static_cast<int64_t>(batch.records.size());
      StoreBig<int32_t>(key.data() + key.size() - sizeof(int32_t),
                        static_cast<int32_t>(number & INT32_MAX));
      record.key = key;
    }
    batch.records.push_back(record);
  }
  return absl::OkStatus();
}

absl::Status StoreCore::AppendAndApply(Batch& batch, absl::Status& broken) {
  std::vector<Record> records;
  records.reserve(batch.records.size());
  for (const ChangelogRecord& record : batch.records) {
    records.push_back({.key = record.key,
                       .value = record.value,
                       .timestamp = record.time});
  }
  const auto appended =
      opened_.changelog->Append(records, {.ack = opened_.ack});
  if (!appended.ok()) {
    if (StoredNothing(appended.status())) return appended.status();
    const std::string_view why = MessageOf(appended.status());
    // One without a reason is of a file that could not be opened for the sync.
    Reason reason = ReasonOf(appended.status());
    if (reason == Reason::kNone) reason = Reason::kDiskFailed;
    broken = MakeError(
        reason,
        fmt::format("store {}: takes no changes, this one neither, since it is "
                    "not known whether an earlier one is in its changelog: "
                    "close it and open it again: {}",
                    name(), why));
    return MakeError(
        reason,
        fmt::format("store {}: it is not known whether the change is in its "
                    "changelog, so it takes no more: close it and open it "
                    "again, and look: {}",
                    name(), why));
  }
  absl::Status applied = TakeForeign({appended->base, batch.begun});
  if (applied.ok()) {
    for (size_t i = 0; i < batch.records.size(); ++i) {
      ChangelogRecord& record = batch.records[i];
      record.offset = appended->base + static_cast<int64_t>(i);
      if (appended->append_time) record.time = *appended->append_time;
    }
    applied =
        opened_.table->Apply(batch.records, {appended->next, batch.begun});
  }
  if (applied.ok()) return absl::OkStatus();
  // Whatever the table says: kDiskFull alone would tell that nothing changed.
  const std::string_view why = MessageOf(applied);
  broken = MakeError(
      Reason::kDiskFailed,
      fmt::format("store {}: takes no changes, this one neither, since its "
                  "table could not take one that is in its changelog at offset "
                  "{}: close it and open it again, which makes it right: {}",
                  name(), appended->base.value, why));
  return MakeError(
      Reason::kDiskFailed,
      fmt::format("store {}: the change is in its changelog at offset {}, so "
                  "do not repeat it, but its table could not take it: close "
                  "the store, which takes no more, and open it again, which "
                  "makes it right: {}",
                  name(), appended->base.value, why));
}

absl::Status StoreCore::TakeForeignFirst(Timestamp now, absl::Status& broken) {
  const Offset end = opened_.changelog->log_end();
  if (end == applied()) return absl::OkStatus();
  const absl::Status taken = TakeForeign({end, now});
  if (taken.ok()) return absl::OkStatus();
  const absl::Status unchanged =
      Annotate(taken, fmt::format("store {}: nothing was changed", name()));
  if (ReasonOf(taken) == Reason::kTruncated) broken = unchanged;
  return unchanged;
}

absl::Status StoreCore::TakeForeign(const StoreTable::Goal& goal) {
  const Offset has = opened_.table->applied();
  if (goal.end == has) return absl::OkStatus();
  // Somebody else has changed the log. What is in it counts, once no power loss
  // takes it back; and of a topic that was deleted no end is to be believed.
  CAUCE_RETURN_IF_ERROR(opened_.changelog->Flush());
  if (goal.end < has) {
    return MakeError(
        Reason::kTruncated,
        fmt::format("{}: the log was cut to offset {}, below {}, which the "
                    "store's table reflects: close it and open it again",
                    changelog().ToString(), goal.end.value, has.value));
  }
  CAUCE_ASSIGN_OR_RETURN(const Offset stable,
                         opened_.changelog->LastStableOffset());
  if (stable < goal.end) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: a transaction is open in it from offset {} on, which may still be "
        "taken back: try again once it has ended (cauce transaction list)",
        changelog().ToString(), stable.value));
  }
  CAUCE_ASSIGN_OR_RETURN(
      const TopicDescription topic,
      opened_.engine->DescribeTopic(changelog().topic));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                         ParseTopicConfig(topic.configs));
  CAUCE_ASSIGN_OR_RETURN(
      GapWatch gaps,
      GapWatch::Begin(*opened_.engine, changelog(),
                      {.mark = opened_.table->mark(),
                       .delete_retention = config.delete_retention},
                      clock()));
  const absl::Status caught_up = opened_.table->CatchUp(
      *opened_.changelog, goal, [&] { return gaps.AtGap(); },
      [](Offset, int64_t, int64_t) {});
  if (!absl::IsAborted(caught_up)) return caught_up;
  return MakeError(
      Reason::kTruncated,
      fmt::format("{}; deletions that the store's table has not seen may be "
                  "compacted away: close it and open it again, which makes the "
                  "table anew",
                  MessageOf(caught_up)));
}

absl::StatusOr<bool> StoreCore::Get(std::string_view key,
                                    std::string& value) const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  return view().Get(key, value);
}

absl::StatusOr<std::optional<std::string>> StoreCore::FetchRow(
    std::string_view log_key, Timestamp row_time) const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (row_time.ms < 0 || row_time < layout().LiveFrom(stream_time())) {
    return std::nullopt;
  }
  std::string key;
  layout().AppendTableKey(key, row_time, log_key);
  std::string value;
  CAUCE_ASSIGN_OR_RETURN(const bool found, view().Get(key, value));
  if (!found) return std::nullopt;
  return value;
}

StoreIterator StoreCore::Failed(absl::Status failure) {
  return StoreIterator(std::make_unique<StoreRows>(std::move(failure)));
}

StoreIterator StoreCore::Range(const KeyRange& range, KeyOrder order,
                               std::shared_ptr<const StateView> snapshot) {
  auto lease = TakeLease();
  if (!lease.ok()) return Failed(lease.status());
  TableRange owned{std::string(range.from), std::nullopt};
  if (range.to) owned.to = std::string(*range.to);
  const StateView& from = snapshot != nullptr ? *snapshot : view();
  // A snapshot has a lease of its own, and is to outlive its iterators.
  std::shared_ptr<const void> held = *std::move(lease);
  if (snapshot != nullptr) held = std::move(snapshot);
  return StoreIterator(std::make_unique<StoreRows>(
      std::move(held), from, kind(), std::vector<TableRange>{owned},
      RowFilter{}, order));
}

StoreIterator StoreCore::Prefix(std::string_view prefix, KeyOrder order,
                                std::shared_ptr<const StateView> snapshot) {
  const std::optional<std::string> end = PrefixEnd(prefix);
  KeyRange range{.from = prefix, .to = std::nullopt};
  if (end) range.to = *end;
  return Range(range, order, std::move(snapshot));
}

StoreIterator StoreCore::Find(const RowFilter& asked, KeyOrder order) {
  auto lease = TakeLease();
  if (!lease.ok()) return Failed(lease.status());
  const Timestamp now = stream_time();
  if (!now.has_value()) return Failed(absl::OkStatus());
  RowFilter filter = asked;
  filter.from = std::max(filter.from, layout().LiveFrom(now));
  const std::vector<TableRange> ranges = RangesOf(layout(), filter, now);
  // Rows in several ranges are to be of one moment.
  std::shared_ptr<const void> held = *lease;
  const StateView* from = &view();
  if (ranges.size() > 1 && opened_.table) {
    struct Held {
      std::shared_ptr<const Lease> lease;
      std::unique_ptr<StateView> view;
    };
    auto both = std::make_shared<Held>(
        Held{*lease, opened_.table->table().Snapshot()});
    from = both->view.get();
    held = std::move(both);
  }
  return StoreIterator(std::make_unique<StoreRows>(
      std::move(held), *from, kind(), ranges, filter, order));
}

absl::StatusOr<std::shared_ptr<StateView>> StoreCore::Snapshot() {
  CAUCE_ASSIGN_OR_RETURN(auto lease, TakeLease());
  if (!opened_.table) {
    // What is read beside a writer does not change.
    StateView* const view = opened_.overlay.get();
    return std::shared_ptr<StateView>(std::move(lease), view);
  }
  std::unique_ptr<StateView> view = opened_.table->table().Snapshot();
  StateView* const raw = view.release();
  return std::shared_ptr<StateView>(
      raw, [lease = std::move(lease)](StateView* gone) { delete gone; });
}

absl::StatusOr<std::shared_ptr<const StoreCore::Lease>>
StoreCore::TakeLease() {
  MutexLock lock(mutex_);
  if (closing_) return Closed();
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  return std::make_shared<const Lease>(shared_from_this());
}

absl::Status StoreCore::Persist() {
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
  }
  // A table in memory has nothing to persist, and asks nobody to go first.
  CAUCE_RETURN_IF_ERROR(opened_.changelog->Flush());
  return opened_.table->table().Persist();
}

absl::Status StoreCore::Close() {
  MutexLock lock(mutex_);
  if (!closing_ && leases_ > 0) {
    return absl::FailedPreconditionError(fmt::format(
        "store {}: {} iterators or snapshots of it are in use: let go of them "
        "first",
        name(), leases_.load()));
  }
  closing_ = true;
  while (!queue_.empty()) idle_.Wait(mutex_);
  // Two may close it: they are told when it is done.
  if (closed_) return absl::OkStatus();
  closed_ = true;
  absl::Status closed;
  // A child leaves the files to the process it was forked from.
  if (opened_.table && opened_.engine->CheckProcess().ok()) {
    // As Persist; a closed engine has made its logs durable.
    if (opened_.engine->CheckNotClosed().ok()) {
      closed = opened_.changelog->Flush();
    }
    closed.Update(opened_.table->table().Close());
  }
  opened_.claim.reset();
  return closed;
}

}  // namespace cauce
