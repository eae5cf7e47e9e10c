#include "tests/property/store_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

constexpr char kName[] = "s";
constexpr char kTopic[] = "s-changelog";
constexpr char kTable[] = "/data/cauce.stores/s-changelog-0";
constexpr char kMarker[] = "cauce.table";
constexpr int64_t kMinute = 60'000;
constexpr int64_t kRetention = 10 * kMinute;
constexpr int64_t kFirstTime = 1'700'000'000'000;

bool Failed() { return ::testing::Test::HasFailure(); }

}  // namespace

// A reader as another process has it, and what it was shown when it came.
struct StoreWalk::Beside {
  Engine engine;
  Stores stores;
  AnyStore store;
  StoreModel model;
};

StoreWalk::StoreWalk(const WalkOptions& options, uint32_t seed)
    : options_(options),
      random_(seed),
      logged_{StoreModel(options.kind, kRetention)},
      shown_(logged_.back()) {}

StoreWalk::~StoreWalk() { Drop(); }

void StoreWalk::Run(int steps) {
  OpenEngine();
  for (step_ = 0; step_ < steps && !Failed(); ++step_) {
    SCOPED_TRACE(fmt::format("step {}", step_));
    Step();
  }
  if (Failed()) return;
  Compare();
  CloseWell();
  if (!Failed()) OpenEngine();
  shown_ = logged_.back();
  if (!Failed()) Compare();
}

void StoreWalk::Step() {
  const size_t what = Below(100);
  if (what < 60) {
    EXPECT_THAT(ChangeSomething(), IsOk());
  } else if (what < 76) {
    Compare();
  } else if (what < 80) {
    HoldOrRelease();
  } else if (what < 83) {
    EXPECT_THAT(store_->Persist(), IsOk());
    logged_ = {logged_.back()};
  } else if (what < 86) {
    Reopen();
  } else if (what < 87) {
    FlipABit();
  } else if (what < 90) {
    Die(false);
  } else if (what < 93) {
    Die(true);
  } else if (what < 96) {
    LookBeside();
  } else if (options_.upkeep) {
    LetTimePass();
  }
}

void StoreWalk::OpenEngine() {
  ack_ = !options_.foreign && Below(4) == 0 ? Ack::kWritten : Ack::kDurable;
  ASSERT_THAT(TryToOpen(), IsOk());
}

absl::Status StoreWalk::TryToOpen() {
  auto engine =
      Engine::Open("/data", {.file_system = &disk_, .clock = &clock_});
  if (!engine.ok()) return engine.status();
  engine_.emplace(*std::move(engine));
  if (in_doubt_) {
    // As the producer's coordinator has it once that is back.
    auto log = engine_->OpenPartition(kTopic, PartitionId{0});
    if (!log.ok()) return log.status();
    const auto ended = log->EndTransaction({.producer_id = {producers_},
                                            .producer_epoch = 0,
                                            .coordinator_epoch = 0,
                                            .outcome =
                                                TransactionOutcome::kAbort});
    if (!ended.ok()) return ended.status();
    in_doubt_ = false;
  }
  StoresOptions options;
  switch (options_.tables) {
    case TablesIn::kMemory:
      options.backend = NewMemoryStateBackend();
      break;
    case TablesIn::kModel:
      options.backend = kept_.NewBackend();
      break;
    case TablesIn::kRocksDb:
      // The least that there may be, so that it writes files of its own accord.
      options.rocksdb = {.memory_max = 1 << 20,
                         .load_bytes_max = 1 << 16,
                         .threads = 1};
      break;
  }
  auto stores = Stores::Open(*engine_, options);
  if (!stores.ok()) return stores.status();
  stores_.emplace(*std::move(stores));
  return OpenStore();
}

absl::Status StoreWalk::OpenStore() {
  WindowOptions wanted{.store = {.ack = ack_,
                                 .configs = {{"segment.ms", "1000"},
                                             {"delete.retention.ms", "1000"}}},
                       .retention = absl::Milliseconds(kRetention)};
  auto store = AnyStore::Open(*stores_, options_.kind, kName, wanted);
  if (!store.ok()) return store.status();
  store_.emplace(*std::move(store));
  return absl::OkStatus();
}

// Handles, whatever they may still do.
void StoreWalk::Drop() {
  iterator_.reset();
  snapshot_.reset();
  beside_.reset();
  store_.reset();
  stores_.reset();
  engine_.reset();
}

void StoreWalk::CloseWell() {
  // One that is at its end may hold nothing.
  if (snapshot_ || (iterator_ && iterator_->first.Valid())) {
    EXPECT_THAT(store_->Close(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  Release();
  if (Below(2) == 0) {
    EXPECT_THAT(store_->Close(), IsOk());
  }
  store_.reset();
  stores_.reset();
  EXPECT_THAT(engine_->Close(), IsOk());
  engine_.reset();
  logged_ = {logged_.back()};
}

absl::Status StoreWalk::ChangeSomething() {
  ++counts_.changes;
  if (options_.foreign && Below(6) == 0) return AppendForeign();
  if (!shown_.windowed() && Below(6) == 0) {
    return Below(2) == 0 ? PutOneIfAbsent() : WriteSome();
  }
  const RowId id = AnyId();
  return PutOne(id, AnyValue(id));
}

void StoreWalk::Take(const StoreModel& after, const absl::Status& status,
                     Ack ack) {
  logged_.push_back(after);
  unsure_ = !status.ok();
  if (unsure_) return;
  if (ack == Ack::kDurable) logged_ = {after};
}

absl::Status StoreWalk::Call(absl::FunctionRef<absl::Status()> change) {
  shown_ = logged_.back();
  const absl::Status status = change();
  if (ReasonOf(status) != Reason::kTruncated) return status;
  // Of what others wrote deletions may be compacted away, which it then tells
  // with nothing changed: opened again, it is right.
  EXPECT_TRUE(options_.foreign && options_.upkeep) << status;
  ++counts_.ended;
  Release();
  store_.reset();
  const absl::Status opened = OpenStore();
  return opened.ok() ? change() : opened;
}

absl::Status StoreWalk::PutOne(const RowId& id,
                               const std::optional<RowValue>& value) {
  const absl::Status status = Call([&] { return store_->Put(id, value); });
  if (shown_.windowed() && shown_.IsLate(id)) return status;
  StoreModel after = logged_.back();
  after.Log(id, value);
  Take(after, status, ack_);
  if (status.ok()) shown_ = after;
  return status;
}

absl::Status StoreWalk::PutOneIfAbsent() {
  const RowId id = AnyId();
  const RowValue value{fmt::format("absent {}", step_), kFirstTime - step_};
  absl::StatusOr<std::optional<RowValue>> found;
  Call([&] {
    found = store_->PutIfAbsent(id, value);
    return found.status();
  }).IgnoreError();
  const auto there = shown_.Find(id);
  if (found.ok()) {
    EXPECT_EQ(*found, there);
  }
  if (there) return found.status();
  StoreModel after = logged_.back();
  after.Log(id, value);
  Take(after, found.status(), ack_);
  if (found.ok()) shown_ = after;
  return found.status();
}

absl::Status StoreWalk::WriteSome() {
  std::vector<AnyStore::Change> changes;
  StoreModel after = logged_.back();
  for (size_t i = 0; i < 1 + Below(5); ++i) {
    const RowId id = AnyId();
    changes.push_back({id, AnyValue(id)});
    after.Log(id, changes.back().value);
  }
  const absl::Status status = Call([&] { return store_->Write(changes); });
  Take(after, status, ack_);
  if (status.ok()) shown_ = after;
  return status;
}

absl::Status StoreWalk::AppendForeign() {
  ++counts_.foreign;
  const bool transactional = Below(2) == 0;
  const bool aborts = transactional && Below(2) == 0;
  BatchFields fields;
  if (transactional) {
    fields = {.transactional = true,
              .producer_id = {++producers_},
              .producer_epoch = 0,
              .base_sequence = 0};
  }
  BatchBuilder batch(fields);
  StoreModel after = logged_.back();
  for (size_t i = 0; i < 1 + Below(3); ++i) {
    const RowId id = AnyId();
    const auto value = AnyValue(id);
    const std::string key = after.LogKey(id);
    Record record{.key = key};
    if (value) {
      record.value = value->value;
      // Of other kinds it is the time of the append, as they write it.
      if (after.kind() == StoreKind::kTimestamped) {
        record.timestamp.ms = value->time;
      }
    }
    EXPECT_TRUE(batch.Add(record));
    if (!aborts) after.Log(id, value);
  }
  auto log = engine_->OpenPartition(kTopic, PartitionId{0});
  if (!log.ok()) return log.status();
  in_doubt_ = transactional;
  absl::Status status = log->Append(batch.Finish().value()).status();
  if (status.ok() && transactional) {
    status = log->EndTransaction(
                    {.producer_id = {producers_},
                     .producer_epoch = 0,
                     .coordinator_epoch = 0,
                     .outcome = aborts ? TransactionOutcome::kAbort
                                       : TransactionOutcome::kCommit})
                 .status();
    if (status.ok()) in_doubt_ = false;
  }
  Take(after, status, Ack::kDurable);
  return status;
}

void StoreWalk::Compare() {
  ASSERT_EQ(LinesOf(shown_, store_->Walk({})), shown_.Shown());
  const RowsAsked asked = AnyRows();
  ASSERT_EQ(LinesOf(shown_, store_->Walk(asked)), shown_.Shown(asked));
  const RowId id = AnyId();
  ASSERT_THAT(store_->Find(id), IsOkAndHolds(shown_.Find(id)));
  if (!shown_.windowed()) return;
  ASSERT_EQ(store_->stream_time().ms, shown_.stream_time());
}

void StoreWalk::HoldOrRelease() {
  if (iterator_ || snapshot_) {
    Release();
  } else if (options_.kind == StoreKind::kKeyValue && Below(2) == 0) {
    auto made = store_->Snapshot();
    ASSERT_THAT(made, IsOk());
    snapshot_.emplace(*std::move(made), shown_);
  } else {
    const RowsAsked asked = AnyRows();
    iterator_.emplace(store_->Walk(asked), shown_.Shown(asked));
  }
}

// What was held over any number of changes is as it was.
void StoreWalk::Release() {
  if (iterator_) {
    EXPECT_EQ(LinesOf(shown_, std::move(iterator_->first)), iterator_->second);
  }
  iterator_.reset();
  if (snapshot_) {
    const auto& [snapshot, model] = *snapshot_;
    EXPECT_EQ(LinesOf(model, snapshot.Range({})), model.Shown());
    EXPECT_EQ(LinesOf(model, snapshot.Prefix("k", KeyOrder::kReverse)),
              model.Shown({.from = "k", .to = "l",
                           .order = KeyOrder::kReverse}));
    const RowId id = AnyId();
    const auto found = model.Find(id);
    const auto value = snapshot.Get(id.key);
    EXPECT_THAT(value, IsOk());
    EXPECT_EQ(value->has_value(), found.has_value());
    if (found) {
      EXPECT_EQ(**value, found->value);
    }
  }
  snapshot_.reset();
}

void StoreWalk::Reopen() {
  CloseWell();
  if (Below(2) == 0) DamageTable();
  OpenEngine();
  if (Failed()) return;
  shown_ = logged_.back();
  Compare();
}

void StoreWalk::DamageTable() {
  if (options_.tables == TablesIn::kModel) {
    ++counts_.damaged;
    kept_.Wipe();
  }
  if (options_.tables != TablesIn::kRocksDb) return;
  ++counts_.damaged;
  beside_.reset();
  const std::vector<std::string> files = FilesOfTable();
  const std::string any = files.at(Below(files.size()));
  const std::string marker = fmt::format("{}/{}", kTable, kMarker);
  switch (Below(5)) {
    case 0:
      for (const auto& file : files) {
        ASSERT_THAT(disk_.RemoveFile(file), IsOk());
      }
      ASSERT_THAT(disk_.RemoveDirectory(kTable), IsOk());
      break;
    case 1:
      ASSERT_THAT(disk_.RemoveFile(any), IsOk());
      break;
    case 2: {
      auto file = disk_.Open(any, OpenMode::kReadWrite);
      ASSERT_THAT(file, IsOk());
      const auto info = disk_.Info(any);
      ASSERT_THAT(info, IsOk());
      const auto left = Below(static_cast<size_t>(info->bytes) + 1);
      ASSERT_THAT((*file)->Truncate(static_cast<int64_t>(left)), IsOk());
      break;
    }
    case 3:
      ASSERT_THAT(disk_.RemoveFile(marker), IsOk());
      break;
    default: {
      // As of a newer release.
      auto file = disk_.Open(marker, OpenMode::kReadWrite);
      ASSERT_THAT(file, IsOk());
      ASSERT_THAT((*file)->Write(0, "cauce table 9 whole\n"), IsOk());
    }
  }
}

std::vector<std::string> StoreWalk::FilesOfTable() {
  std::vector<std::string> files;
  const auto entries = disk_.List(kTable);
  EXPECT_THAT(entries, IsOk());
  if (!entries.ok()) return files;
  for (const DirectoryEntry& entry : *entries) {
    files.push_back(fmt::format("{}/{}", kTable, entry.name));
  }
  std::ranges::sort(files);
  return files;
}

// A file of the table is spoiled: what is read is right, or an error behind
// which the next opening makes the table anew.
void StoreWalk::FlipABit() {
  if (options_.tables != TablesIn::kRocksDb) return;
  ++counts_.damaged;
  CloseWell();
  if (Failed()) return;
  const std::vector<std::string> files = FilesOfTable();
  const std::string any = files.at(Below(files.size()));
  {
    auto file = disk_.Open(any, OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    const auto at =
        static_cast<int64_t>(Below(std::max<size_t>(*(*file)->Size(), 1)));
    char byte = 0;
    ASSERT_THAT((*file)->Read(at, {&byte, 1}), IsOk());
    byte = static_cast<char>(byte ^ 1 << Below(8));
    ASSERT_THAT((*file)->Write(at, std::string_view(&byte, 1)), IsOk());
  }
  OpenEngine();
  if (Failed()) return;
  shown_ = logged_.back();
  absl::Status found;
  {
    StoreIterator at = store_->Walk({});
    while (at.Valid()) at.Next();
    found = at.status();
  }
  if (found.ok()) {
    EXPECT_EQ(LinesOf(shown_, store_->Walk({})), shown_.Shown());
    store_.reset();
    // What nobody has met by now, in rows that are not shown any more, is not
    // to be met later on.
    EXPECT_THAT(stores_->Restore(kName), IsOk());
  } else {
    EXPECT_THAT(found, HasReason(Reason::kCorruptFile)) << any;
    store_.reset();
  }
  stores_.reset();
  EXPECT_THAT(engine_->Close(), IsOk());
  engine_.reset();
  OpenEngine();
  if (!Failed()) Compare();
}

void StoreWalk::Die(bool power) {
  ++(power ? counts_.cuts : counts_.kills);
  Release();
  absl::Status last;
  unsure_ = false;
  disk_.CutBefore(disk_.changes() + static_cast<int64_t>(Below(60)));
  for (int i = 0; i < 20 && last.ok(); ++i) {
    if (Below(8) == 0) {
      last = store_->Persist();
      if (last.ok()) logged_ = {logged_.back()};
    } else {
      last = ChangeSomething();
    }
  }
  EXPECT_TRUE(last.ok() || disk_.is_cut()) << last;
  if (!power) {
    // What was written is there; of the change that failed nobody knows.
    logged_.erase(logged_.begin(), logged_.end() - (unsure_ ? 2 : 1));
  }
  for (;;) {
    disk_.CutNow();
    kept_.Crash(Below(20));
    Drop();
    if (power) {
      RandomChoices choices(random_());
      disk_.Restart(choices);
    } else {
      disk_.RestartProcess();
    }
    if (Below(3) != 0) break;
    // Once more, in the midst of the opening or right behind it.
    disk_.CutBefore(disk_.changes() + static_cast<int64_t>(Below(60)));
    const absl::Status opened = TryToOpen();
    EXPECT_TRUE(opened.ok() || disk_.is_cut()) << opened;
  }
  OpenEngine();
  if (!Failed()) Settle();
}

// Which of all that may be is.
void StoreWalk::Settle() {
  const auto lines = LinesOf(shown_, store_->Walk({}));
  for (size_t i = logged_.size(); i-- > 0;) {
    if (logged_[i].Shown() != lines) continue;
    if (logged_[i].windowed() &&
        logged_[i].stream_time() != store_->stream_time().ms) {
      continue;
    }
    shown_ = logged_[i];
    logged_ = {shown_};
    return;
  }
  ADD_FAILURE() << "none of " << logged_.size() << " states, the last one at "
                << logged_.back().stream_time() << ", and the store at "
                << store_->stream_time().ms;
  EXPECT_EQ(lines, logged_.back().Shown());
}

void StoreWalk::LetTimePass() {
  auto log = engine_->OpenPartition(kTopic, PartitionId{0});
  ASSERT_THAT(log, IsOk());
  if (Below(2) == 0) {
    // Streams go with the clock: what retention takes by that is too old by
    // stream time as well.
    const int64_t minutes = 1 + static_cast<int64_t>(Below(30 * 60));
    clock_.Advance(absl::Minutes(minutes));
    RowId id{.key = "clock"};
    if (shown_.windowed()) {
      id.start = std::max(logged_.back().stream_time(), kFirstTime) +
                 minutes * kMinute;
    }
    if (shown_.kind() == StoreKind::kSession) id.end = id.start;
    ASSERT_THAT(PutOne(id, RowValue{fmt::format("{}", step_), kFirstTime}),
                IsOk());
    ASSERT_THAT(store_->Persist(), IsOk());
    logged_ = {logged_.back()};
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  }
  const auto compacted = log->Compact();
  ASSERT_THAT(compacted, IsOk());
  counts_.removed += static_cast<int>(compacted->records_removed);
  Compare();
}

void StoreWalk::LookBeside() {
  if (beside_ != nullptr) {
    // It shows what it did.
    const StoreModel& model = beside_->model;
    EXPECT_EQ(LinesOf(model, beside_->store.Walk({})), model.Shown());
  }
  auto engine = Engine::Open("/data", {.access = Access::kReadOnly,
                                       .file_system = &disk_,
                                       .clock = &clock_});
  ASSERT_THAT(engine, IsOk());
  StoresOptions options;
  if (options_.tables == TablesIn::kModel) {
    options.backend = kept_.NewBackend();
  } else if (options_.tables == TablesIn::kMemory) {
    options.backend = NewMemoryStateBackend();
  }
  auto stores = Stores::Open(*engine, options);
  ASSERT_THAT(stores, IsOk());
  auto store = AnyStore::Open(*stores, options_.kind, kName, {});
  ASSERT_THAT(store, IsOk());
  const StoreModel& model = logged_.back();
  const RowsAsked asked = AnyRows();
  ASSERT_EQ(LinesOf(model, store->Walk({})), model.Shown());
  ASSERT_EQ(LinesOf(model, store->Walk(asked)), model.Shown(asked));
  const RowId id = AnyId();
  ASSERT_THAT(store->Find(id), IsOkAndHolds(model.Find(id)));
  beside_.reset(new Beside{*std::move(engine), *std::move(stores),
                           *std::move(store), model});
}

RowId StoreWalk::AnyId() {
  // Keys that begin alike, with bytes that sort oddly.
  static const std::array<std::string, 12> kKeys = {
      "",   "a",  std::string("a\0", 2), "ab", "k",   "k1",
      "k2", "k3", "k4",                  "l",  "\xff", "\xff\xff"};
  RowId id{.key = kKeys[Below(kKeys.size())]};
  if (!shown_.windowed()) return id;
  const int64_t now = std::max(logged_.back().stream_time(), kFirstTime);
  int64_t minutes = static_cast<int64_t>(Below(14)) - 12;
  if (Below(60) == 0) minutes = static_cast<int64_t>(Below(40));
  id.start = (now / kMinute + minutes) * kMinute;
  if (shown_.kind() == StoreKind::kSession) {
    id.end = id.start;
    id.start -= static_cast<int64_t>(Below(4)) * kMinute;
  }
  return id;
}

std::optional<RowValue> StoreWalk::AnyValue(const RowId& id) {
  // A row that made stream time is not taken back: its tombstone would go with
  // the next compaction, and stream time with it.
  const bool last = shown_.windowed() &&
                    shown_.AgeOf(id) >= logged_.back().stream_time();
  if (!last && Below(4) == 0) return std::nullopt;
  std::string value = fmt::format("{} {}", step_, Below(1000));
  if (Below(20) == 0) value.append(3000, ' ');
  return RowValue{value, kFirstTime - static_cast<int64_t>(Below(1000))};
}

RowsAsked StoreWalk::AnyRows() {
  RowsAsked asked;
  if (Below(2) == 0) asked.order = KeyOrder::kReverse;
  if (Below(2) == 0) asked.from = AnyId().key;
  switch (Below(3)) {
    case 0:
      asked.to = AnyId().key;
      break;
    case 1:
      asked.to = asked.from + '\0';
      break;
    default:
      break;
  }
  if (!shown_.windowed() || Below(2) == 0) return asked;
  const RowId first = AnyId();
  asked.earliest = shown_.AgeOf(first);
  if (shown_.kind() == StoreKind::kSession) {
    asked.latest_start = AnyId().start;
  } else {
    asked.latest = AnyId().start;
  }
  return asked;
}

}  // namespace cauce::test
