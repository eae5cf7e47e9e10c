// What the handles of a Stores share: the engine, the backend, and which stores
// are open. Opens stores: makes the changelog, and the table right.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/base/mutex.h"
#include "engine/facade/engine_core.h"
#include "engine/state/gap_watch.h"
#include "engine/state/store_core.h"
#include "engine/state/store_table.h"

namespace cauce {

// A store that somebody wants to open.
struct WantedStore {
  std::string name;
  StoreKind kind = StoreKind::kKeyValue;
  WindowOptions options;
  // The table is removed first, and made from the changelog.
  bool anew = false;
};

class StoresCore {
 public:
  StoresCore(std::shared_ptr<EngineCore> engine, StoresOptions options);

  absl::StatusOr<std::shared_ptr<StoreCore>> Open(const WantedStore& wanted)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<StoreDescription>> List()
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<StoreDescription> Restore(std::string_view name,
                                           PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The changelog of a store, as it is there.
  struct Changelog {
    // For as long as it lives nobody else opens it for writing.
    std::shared_ptr<const void> claim;
    TopicDescription topic;
    TopicConfig config;
    std::shared_ptr<Partition> partition;
    absl::Duration retention;  // of the store's rows
  };

  bool reads_only() const {
    return engine_->options().access == Access::kReadOnly;
  }
  absl::StatusOr<TopicDescription> FindOrMakeTopic(const std::string& topic,
                                                   const WantedStore& wanted);
  absl::StatusOr<Changelog> OpenChangelog(const WantedStore& wanted);
  // Has the topic say what the options ask for. It never keeps its records for
  // less: stores of its other partitions ask for something, too, and what is
  // gone does not come back.
  absl::Status Agree(Changelog& changelog, const WantedStore& wanted);
  // How many ms longer the topic is to keep its records for the store; below
  // zero where it keeps them longer than that.
  int64_t LackOf(const Changelog& changelog, const WantedStore& wanted) const;
  void TellOfLonger(const Changelog& changelog,
                    const WantedStore& wanted) const;
  absl::StatusOr<std::shared_ptr<StateBackend>> Backend()
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Those in the engine's own directory. What fails is told.
  void RemoveDeadTables() const;
  std::string DirectoryOf(const TopicPartition& changelog) const;
  // Opens the table, or an empty one in the place of what cannot be.
  absl::StatusOr<std::unique_ptr<StateStore>> OpenTable(
      StateBackend& backend, const Changelog& changelog, bool anew);
  absl::StatusOr<std::unique_ptr<StateStore>> OpenEmptyTable(
      StateBackend& backend, const Changelog& changelog);
  StateStoreSpec SpecOf(const Changelog& changelog) const;
  // How far what is committed of the changelog, and durable, goes.
  absl::StatusOr<StoreTable::Goal> GoalOf(const Changelog& changelog) const;
  absl::Status OpenToWrite(const Changelog& changelog,
                           const WantedStore& wanted, OpenedStore& opened);
  // Has rows age as those of the table do, where nobody says how.
  void TakeLayoutOf(const StateStore& table, const Changelog& changelog,
                    const WantedStore& wanted, OpenedStore& opened) const;
  // The same of a table that is to be removed.
  void TakeLayoutOfOld(const Changelog& changelog, const WantedStore& wanted,
                       OpenedStore& opened) const;
  // Brings the table, which has `mark`, up to the goal.
  absl::Status CatchUp(const Changelog& changelog, const WantedStore& wanted,
                       const WatchedTable& table,
                       const StoreTable::Goal& goal, OpenedStore& opened);
  absl::Status OpenToRead(const Changelog& changelog,
                          const WantedStore& wanted, OpenedStore& opened);
  absl::StatusOr<StoreDescription> Describe(const TopicDescription& topic,
                                            const std::string& store,
                                            StoreKind kind,
                                            PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<StoreCore> FindOpen(const TopicPartition& changelog)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Tell(Severity severity, std::string line) const;

  const std::shared_ptr<EngineCore> engine_;
  const StoresOptions options_;
  Clock* const clock_;

  Mutex mutex_;
  // Made with the first store.
  std::shared_ptr<StateBackend> backend_ ABSL_GUARDED_BY(mutex_);
  std::map<TopicPartition, std::weak_ptr<StoreCore>> open_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
