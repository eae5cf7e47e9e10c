// What does a state store cost beside bare RocksDB, which has its own
// write-ahead log where the store has a changelog, and beside a std::map?
//
// Back of an envelope, for 200 B and a core: a write to a log is a system call
// of 1 us for both, a skip list's insert in no order another 1 to 2 us, and
// what the store adds, a lock, a batch's header and the table's mark, is to
// stay below 10 % of that: 300 thousand puts a second. A sync takes 75 us and
// hides all of it. A get is RocksDB's 1 to 4 us, and a copy.
#include "bench/store_bench.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <utility>

#include "bench/floor.h"
#include "bench/kept_table.h"
#include "bench/key_values.h"
#include "bench/peers/rocksdb_kept_table.h"
#include "bench/peers/scratch_directory.h"
#include "bench/writers.h"
#include "cauce/engine.h"
#include "cauce/stores.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kValueBytes = 192;
// A put or a get takes some 20 times as long as a record of a log: a tenth of a
// run's bytes is enough. A sync takes from 75 us to 3 ms.
constexpr int64_t kShare = 10;
constexpr int64_t kSyncedShare = 1500;
// 10 MB: what is written stays in the memory that RocksDB writes to, 16 MB.
constexpr int64_t kBufferPairs = 50'000;
constexpr size_t kFillPairs = 1000;
constexpr char kStore[] = "table";

// For one thread.
class MapTable final : public KeptTable {
 public:
  absl::Status Put(std::string_view key, std::string_view value) override {
    pairs_.insert_or_assign(std::string(key), value);
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    const auto found = pairs_.find(key);
    if (found == pairs_.end()) return false;
    value = found->second;
    return true;
  }
  absl::Status Scan(absl::FunctionRef<void(std::string_view, std::string_view)>
                        show) const override {
    for (const auto& [key, value] : pairs_) show(key, value);
    return absl::OkStatus();
  }

 private:
  std::map<std::string, std::string, std::less<>> pairs_;
};

class CauceTable final : public KeptTable {
 public:
  CauceTable(Engine engine, Stores stores, KeyValueStore store)
      : engine_(std::move(engine)),
        stores_(std::move(stores)),
        store_(std::move(store)) {}

  static absl::StatusOr<std::unique_ptr<CauceTable>> Open(
      const std::string& directory, Ack ack) {
    CAUCE_ASSIGN_OR_RETURN(Engine engine, Engine::Open(directory));
    CAUCE_ASSIGN_OR_RETURN(Stores stores, Stores::Open(engine));
    StoreOptions options;
    options.ack = ack;
    options.configs = {{"cauce.flush", ack == Ack::kDurable ? "group" : "os"}};
    CAUCE_ASSIGN_OR_RETURN(KeyValueStore store,
                           stores.OpenKeyValue(kStore, options));
    return std::make_unique<CauceTable>(std::move(engine), std::move(stores),
                                        std::move(store));
  }
  // Where RocksDB has it.
  static std::string TableIn(const std::string& directory) {
    return directory + "/cauce.stores/table-changelog-0";
  }

  absl::Status Put(std::string_view key, std::string_view value) override {
    return store_.Put(key, value);
  }
  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    return store_.Get(key, value);
  }
  absl::Status Scan(absl::FunctionRef<void(std::string_view, std::string_view)>
                        show) const override {
    StoreIterator at = store_.All();
    for (; at.Valid(); at.Next()) show(at.row().key, at.row().value);
    return at.status();
  }

  absl::Status Fill(const KeyValues& pairs, int64_t count) {
    std::vector<KeyOf> keys;
    std::vector<StateChange> changes;
    keys.reserve(kFillPairs);
    for (int64_t i = 0; i < count; ++i) {
      keys.push_back(KeyValues::Key(i));
      changes.push_back({keys.back().view(), pairs.Value(i)});
      if (keys.size() < kFillPairs && i + 1 < count) continue;
      CAUCE_RETURN_IF_ERROR(store_.Write(changes));
      keys.clear();
      changes.clear();
    }
    return absl::OkStatus();
  }
  absl::Status Close() {
    CAUCE_RETURN_IF_ERROR(store_.Close());
    return engine_.Close();
  }

 private:
  Engine engine_;
  Stores stores_;
  KeyValueStore store_;
};

// What all sides of a contest share.
struct Held {
  BenchOptions options;
  StoreWork work;
  KeyValues pairs;
  int64_t count;   // of pairs that are written, asked for or walked over
  int64_t stored;  // of pairs that are there when somebody asks
  // The numbers that are asked for, in no order.
  std::vector<int64_t> asked = {};
  // A store's directory, for who reads tables.
  std::unique_ptr<const ScratchDirectory> filled = nullptr;
};
using HeldPointer = std::shared_ptr<const Held>;

// How a side comes to its table, in an empty directory or in that of a store.
using Opens = std::function<absl::StatusOr<std::unique_ptr<KeptTable>>(
    const std::string& directory)>;

absl::Status CheckScan(const KeptTable& table, const Held& held) {
  int64_t found = 0;
  int64_t bytes = 0;
  CAUCE_RETURN_IF_ERROR(
      table.Scan([&](std::string_view key, std::string_view value) {
        ++found;
        bytes += static_cast<int64_t>(key.size() + value.size());
      }));
  if (found == held.stored && bytes == held.stored * held.pairs.bytes_each()) {
    return absl::OkStatus();
  }
  return absl::DataLossError(fmt::format("{} pairs of {} bytes are there of {}",
                                         found, bytes, held.stored));
}

absl::Status CheckValue(bool found, const std::string& value, const Held& held,
                        int64_t number) {
  const bool wanted = held.work.keys != StoreKeys::kNone;
  if (found == wanted && (!found || value == held.pairs.Value(number))) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("pair {} {}", number,
                  !found   ? "is not there"
                  : wanted ? "has another's value"
                           : "is there, and nobody has written it"));
}

// ---- Put

absl::StatusOr<Sample> PutAll(const Held& held, KeptTable& table) {
  const int writers = held.work.writers;
  std::vector<int64_t> next(static_cast<size_t>(writers));
  std::iota(next.begin(), next.end(), 0);
  const auto put = [&](int writer) -> absl::Status {
    int64_t& number = next[static_cast<size_t>(writer)];
    CAUCE_RETURN_IF_ERROR(table.Put(KeyValues::Key(number).view(),
                                    held.pairs.Value(number)));
    number += writers;
    return absl::OkStatus();
  };
  if (held.work.synced) return RunWriters(writers, held.count, put);
  // A look at the clock is a share of what is measured: one for all.
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      RunWriters(writers, writers, [&](int writer) -> absl::Status {
        for (int64_t left = held.count / writers; left > 0; --left) {
          CAUCE_RETURN_IF_ERROR(put(writer));
        }
        return absl::OkStatus();
      }));
  return Sample(sample.seconds);
}

Side PutSide(const std::string& name, const HeldPointer& held, Opens open) {
  return {name, [held, open = std::move(open)]() -> absl::StatusOr<Sample> {
            const ScratchDirectory directory(held->options.directory +
                                             "/store");
            CAUCE_RETURN_IF_ERROR(SettleDisk(held->options.directory));
            CAUCE_ASSIGN_OR_RETURN(const auto table, open(directory.path()));
            CAUCE_ASSIGN_OR_RETURN(const Sample sample, PutAll(*held, *table));
            CAUCE_RETURN_IF_ERROR(CheckScan(*table, *held));
            return sample;
          }};
}

// ---- Get and scan

absl::StatusOr<Sample> GetAll(const Held& held, const KeptTable& table) {
  std::string value;
  const double begin = MonotonicSeconds();
  for (const int64_t number : held.asked) {
    CAUCE_ASSIGN_OR_RETURN(
        const bool found, table.Get(KeyValues::Key(number).view(), value));
    CAUCE_RETURN_IF_ERROR(CheckValue(found, value, held, number));
  }
  return Sample(MonotonicSeconds() - begin);
}

absl::StatusOr<Sample> ScanAll(const Held& held, const KeptTable& table) {
  const double begin = MonotonicSeconds();
  CAUCE_RETURN_IF_ERROR(CheckScan(table, held));
  return Sample(MonotonicSeconds() - begin);
}

absl::StatusOr<Sample> ReadAll(const Held& held, const KeptTable& table) {
  return held.work.verb == StoreVerb::kGet ? GetAll(held, table)
                                           : ScanAll(held, table);
}

// Over what is there, or over what it writes first where no file is to have it.
Side ReadSide(const std::string& name, const HeldPointer& held, Opens open) {
  return {name, [held, open = std::move(open)]() -> absl::StatusOr<Sample> {
            CAUCE_RETURN_IF_ERROR(SettleDisk(held->options.directory));
            if (held->filled != nullptr) {
              CAUCE_ASSIGN_OR_RETURN(const auto table,
                                     open(held->filled->path()));
              return ReadAll(*held, *table);
            }
            const ScratchDirectory directory(held->options.directory +
                                             "/store");
            CAUCE_ASSIGN_OR_RETURN(const auto table, open(directory.path()));
            for (int64_t i = 0; i < held->stored; ++i) {
              CAUCE_RETURN_IF_ERROR(
                  table->Put(KeyValues::Key(i).view(), held->pairs.Value(i)));
            }
            return ReadAll(*held, *table);
          }};
}

// ---- The contestants

Opens Map() {
  return [](const std::string&) { return std::make_unique<MapTable>(); };
}

Opens RocksDb(RocksDbLog log) {
  return [log](const std::string& directory) {
    return OpenRocksDbTable(directory, log);
  };
}

// That of a store, by itself.
Opens RocksDbOfStore() {
  return [](const std::string& directory) {
    return OpenRocksDbTable(CauceTable::TableIn(directory), RocksDbLog::kNone);
  };
}

Opens Cauce(bool in_memory, bool synced) {
  return [=](const std::string& directory) {
    return CauceTable::Open(in_memory ? ":memory:" : directory,
                            synced ? Ack::kDurable : Ack::kWritten);
  };
}

Contest PutContest(const HeldPointer& held) {
  const bool synced = held->work.synced;
  Contest contest;
  if (held->work.in_memory) {
    contest.notes = "floor: a std::map of strings, without a log";
    contest.sides = {PutSide("floor", held, Map())};
  } else {
    contest.notes =
        "floor: RocksDB with its own log and the options of a store's table; a "
        "changelog is what the store has";
    contest.sides = {
        PutSide("RocksDB", held,
                RocksDb(synced ? RocksDbLog::kSynced : RocksDbLog::kWritten)),
        PutSide("RocksDB without a log", held, RocksDb(RocksDbLog::kNone))};
    contest.goals = {{.side = "cauce", .ratio_min = 0.9}};
  }
  contest.sides.push_back(
      PutSide("cauce", held, Cauce(held->work.in_memory, synced)));
  return contest;
}

Contest ReadContest(const HeldPointer& held) {
  Contest contest;
  const Opens cauce = Cauce(held->work.in_memory, /*synced=*/false);
  if (held->work.in_memory) {
    contest.notes = "floor: a std::map of strings";
    contest.sides = {ReadSide("floor", held, Map()),
                     ReadSide("cauce", held, cauce)};
    return contest;
  }
  if (held->filled != nullptr) {
    contest.notes = "floor: RocksDB over the very files of the store's table";
    contest.sides = {ReadSide("RocksDB", held, RocksDbOfStore())};
  } else {
    contest.notes = fmt::format(
        "floor: RocksDB; {} pairs, which are in no file yet", held->stored);
    contest.sides = {ReadSide("RocksDB", held, RocksDb(RocksDbLog::kWritten))};
  }
  contest.sides.push_back(ReadSide("cauce", held, cauce));
  contest.goals = {{.side = "cauce", .ratio_min = 0.9}};
  return contest;
}

bool ReadsFiles(const StoreWork& work) {
  return work.verb != StoreVerb::kPut && !work.in_memory &&
         work.keys != StoreKeys::kBuffer;
}

absl::Status FillTables(Held& held) {
  held.filled = std::make_unique<const ScratchDirectory>(
      held.options.directory + "/filled");
  CAUCE_ASSIGN_OR_RETURN(
      const auto table, CauceTable::Open(held.filled->path(), Ack::kWritten));
  CAUCE_RETURN_IF_ERROR(table->Fill(held.pairs, held.stored));
  return table->Close();
}

std::string_view KeysText(StoreKeys keys) {
  switch (keys) {
    case StoreKeys::kTables:
      return "tables";
    case StoreKeys::kBuffer:
      return "buffer";
    case StoreKeys::kNone:
      return "none";
  }
  return "";
}

}  // namespace

std::vector<StoreWork> StoreWorks() {
  return {{.writers = 1},
          {.writers = 4},
          {.writers = 1, .synced = true},
          {.writers = 4, .synced = true},
          {.in_memory = true},
          {.verb = StoreVerb::kGet, .keys = StoreKeys::kBuffer},
          {.verb = StoreVerb::kGet, .keys = StoreKeys::kTables},
          {.verb = StoreVerb::kGet, .keys = StoreKeys::kNone},
          {.verb = StoreVerb::kGet, .in_memory = true},
          {.verb = StoreVerb::kScan},
          {.verb = StoreVerb::kScan, .in_memory = true}};
}

std::string StoreContestName(const StoreWork& work) {
  const std::string_view place = work.in_memory ? "memory" : "disk";
  switch (work.verb) {
    case StoreVerb::kPut:
      return fmt::format("BM_StorePut/{}/writers:{}/synced:{:d}", place,
                         work.writers, work.synced);
    case StoreVerb::kGet:
      return fmt::format("BM_StoreGet/{}/keys:{}", place, KeysText(work.keys));
    case StoreVerb::kScan:
      return fmt::format("BM_StoreScan/{}", place);
  }
  return "";
}

absl::StatusOr<Contest> StoreContest(const BenchOptions& options,
                                     const StoreWork& work) {
  const auto held = std::make_shared<Held>(
      Held{options, work, KeyValues(kValueBytes, options.seed), 0, 0});
  const int64_t bytes = options.bytes / (work.synced ? kSyncedShare : kShare);
  const int64_t whole = int64_t{4} * work.writers;  // as many for each
  held->count =
      std::max(bytes / held->pairs.bytes_each() / whole, int64_t{1}) * whole;
  held->stored = work.keys == StoreKeys::kBuffer
                     ? std::min(held->count, kBufferPairs)
                     : held->count;
  if (work.verb == StoreVerb::kGet) {
    std::mt19937_64 random(options.seed);
    const int64_t first = work.keys == StoreKeys::kNone ? held->stored : 0;
    const auto stored = static_cast<uint64_t>(held->stored);
    for (int64_t i = 0; i < held->count; ++i) {
      held->asked.push_back(first + static_cast<int64_t>(random() % stored));
    }
  }
  if (ReadsFiles(work)) CAUCE_RETURN_IF_ERROR(FillTables(*held));
  Contest contest = work.verb == StoreVerb::kPut ? PutContest(held)
                                                 : ReadContest(held);
  contest.name = StoreContestName(work);
  contest.items = held->count;
  contest.bytes = held->count * held->pairs.bytes_each();
  return contest;
}

}  // namespace cauce::bench
