// A store with its changelog on a disk whose power goes, under commands drawn
// by chance: what it shows, itself and to whoever reads beside it, is compared
// with a model of it all the while. A failed check ends the walk.
//
// Tables lose whole directories, single files, their marker and what they did
// not persist; processes die between any two changes of the disk; another
// producer may write to the changelog, and compaction and retention take from
// it. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/stores.h"
#include "tests/engine/state/kept_tables.h"
#include "tests/property/any_store.h"
#include "tests/property/store_model.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

// What keeps the tables: memory, as good as nothing; a model of a disk that
// loses any number of last writes; RocksDB, on the disk of the changelog.
enum class TablesIn { kMemory, kModel, kRocksDb };

struct WalkOptions {
  StoreKind kind = StoreKind::kKeyValue;
  TablesIn tables = TablesIn::kRocksDb;
  // Whether somebody else writes to the changelog, in transactions as well.
  bool foreign = false;
  // Whether hours pass, and the changelog is compacted and deleted from.
  bool upkeep = false;
};

class StoreWalk {
 public:
  StoreWalk(const WalkOptions& options, uint32_t seed);
  ~StoreWalk();

  void Run(int steps);

  // How often what has happened, for those who ask whether it has.
  struct Counts {
    int changes = 0;
    int damaged = 0;  // tables that lost something while they were closed
    int kills = 0;
    int cuts = 0;
    int foreign = 0;
    int removed = 0;  // records that compaction took
    int ended = 0;  // stores that could not follow what it took
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Beside;

  void Step();
  void OpenEngine();
  absl::Status TryToOpen();
  absl::Status OpenStore();
  void CloseWell();
  void Drop();

  // Each returns what it was answered, and has the model know of it.
  absl::Status ChangeSomething();
  absl::Status PutOne(const RowId& id, const std::optional<RowValue>& value);
  absl::Status PutOneIfAbsent();
  absl::Status WriteSome();
  absl::Status AppendForeign();
  void Take(const StoreModel& after, const absl::Status& status, Ack ack);
  // Calls the store, which takes what others wrote before it changes anything.
  absl::Status Call(absl::FunctionRef<absl::Status()> change);

  void Compare();
  void HoldOrRelease();
  void Release();
  void Reopen();
  void DamageTable();
  void FlipABit();
  std::vector<std::string> FilesOfTable();
  void Die(bool power);
  void Settle();
  void LetTimePass();
  void LookBeside();

  size_t Below(size_t bound) { return random_() % bound; }
  RowId AnyId();
  std::optional<RowValue> AnyValue(const RowId& id);
  RowsAsked AnyRows();

  const WalkOptions options_;
  std::mt19937 random_;
  SimClock clock_;
  FaultyDisk disk_{clock_};
  KeptTables kept_;
  std::optional<Engine> engine_;
  std::optional<Stores> stores_;
  std::optional<AnyStore> store_;
  Ack ack_ = Ack::kDurable;
  // What the changelog says: now, the last one, and what it may say behind a
  // power loss.
  std::vector<StoreModel> logged_;
  bool unsure_ = false;  // whether the last of these may not be
  // What the store shows: it learns of what others wrote with its next change.
  StoreModel shown_;
  std::optional<std::pair<StoreIterator, std::vector<std::string>>> iterator_;
  std::optional<std::pair<KeyValueSnapshot, StoreModel>> snapshot_;
  std::unique_ptr<Beside> beside_;
  int64_t producers_ = 0;
  // Whether the transaction of the last one may be open.
  bool in_doubt_ = false;
  int step_ = 0;
  Counts counts_;
};

}  // namespace cauce::test
