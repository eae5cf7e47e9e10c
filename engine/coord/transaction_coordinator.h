// The coordinator of transactions: all transactional ids of the partitions of
// __transaction_state that it has, and who waits for an answer of them. It
// carries out what each id's machine says, in this order: appends its record,
// and once that is durable writes markers and answers, and comes back in time.
//
// Events wait in one queue, which one thread at a time works off, with no lock
// while it appends, writes and answers; so an answer may ask again, and the
// callbacks of the log and of markers only note what came of them. With an
// executor that goes on by itself; without one whoever asks does what is due
// too, and RunDue does. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/coord/marker_writer.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction.h"
#include "engine/coord/transaction_events.h"
#include "engine/coord/transaction_options.h"
#include "engine/coord/unread_partitions.h"

namespace cauce {

struct TransactionCoordinatorOptions {
  TransactionOptions transactions;
  // How many ids there may be. Each takes some 700 bytes.
  size_t ids_max = 1 << 20;
};

class TransactionCoordinator final
    : public std::enable_shared_from_this<TransactionCoordinator> {
 public:
  // Borrowed until Close has returned. The executor may be null.
  struct Surroundings {
    StateLog* log = nullptr;
    MarkerWriter* markers = nullptr;
    Clock* clock = nullptr;
    Random* random = nullptr;
    Executor* executor = nullptr;
    // The epoch with which a partition is loaded; may be empty where somebody
    // says it to Load.
    std::function<absl::StatusOr<int32_t>(PartitionId)> epoch_of;
  };
  // Called once, under no lock: what the producer goes on with, or why not.
  using Answer =
      absl::AnyInvocable<void(const absl::StatusOr<ProducerInstance>&)>;

  TransactionCoordinator(const TransactionCoordinatorOptions& options,
                         const Surroundings& around);

  // Takes over the ids of a partition, with what was going on there: markers
  // that are owed are written. `epoch` grows with every coordinator of the
  // partition, and stands in the markers. Errors of the replay, with nothing
  // taken over, which who asks for the ids there is told from then on;
  // kCoordinatorNotAvailable while appends of before an Unload are on their
  // way.
  absl::Status Load(PartitionId partition, int32_t epoch)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The same with the epoch that epoch_of says. Where it has failed it is tried
  // again when its ids are asked for, but only after a while: until then this
  // says why, and kCoordinatorLoading while another call is at it.
  absl::Status Load(PartitionId partition) ABSL_LOCKS_EXCLUDED(mutex_);
  // That of all partitions there are: why each could not be loaded that could
  // not.
  std::vector<absl::Status> LoadEach() ABSL_LOCKS_EXCLUDED(mutex_);
  // The same: the first error.
  absl::Status LoadAll() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives them up, as they are: another has them. Who waits is told `why`.
  void Unload(PartitionId partition, const absl::Status& why)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // As Transaction's functions of these names, of which the errors are; the
  // request's waiter is of no account. kNotCoordinator where the id's partition
  // was not loaded, or why that failed; kClosed; kInvalidOption for what is no
  // id; kTooManyProducers of InitProducer, and of the others
  // kInvalidProducerIdMapping, for an id that is not known;
  // kCoordinatorNotAvailable while too many wait for an answer.
  void InitProducer(std::string id, InitProducerRequest request, Answer answer)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void AddPartitions(std::string id, AddPartitionsRequest request,
                     Answer answer) ABSL_LOCKS_EXCLUDED(mutex_);
  void EndTransaction(std::string id, EndTransactionRequest request,
                      Answer answer) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CheckProduce(std::string_view id,
                            const ProducerInstance& producer,
                            const TopicPartition& partition) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `is_free` once, under no lock: as soon as who was told to try again
  // (kConcurrentTransactions) may, since nothing of the id is being stored and
  // none of its transactions ends; also where it is not known or is given up,
  // and where a thousand wait for it already who has done so longest.
  void WhenFree(std::string_view id, std::function<void()> is_free)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `later` once, under no lock, when `delay` has passed: by the
  // executor, or without one by the RunDue that comes then. Not where it is
  // closed before, nor where ten thousand wait for such a RunDue.
  void CallAfter(absl::Duration delay, std::function<void()> later)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // All ids that are known.
  std::vector<TransactionDescription> List() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Nothing where it is not known. kNotCoordinator, kClosed.
  absl::StatusOr<std::optional<TransactionDescription>> Describe(
      std::string_view id) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Does what is due.
  void RunDue() ABSL_LOCKS_EXCLUDED(mutex_);
  // How long until there is something; infinite where nothing will be.
  absl::Duration UntilDue() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Gives up all; who waits is told `why`, which is what everybody is told from
  // now on. Behind it nothing that was borrowed is used. Not from an answer.
  void Close(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Known {
    Transaction machine;
    std::optional<absl::Time> wake_at;  // as it stands in the agenda
    bool is_storing = false;
    // Who waits for it to be free.
    std::vector<Answer> when_free = {};
  };
  using Ids = std::map<std::string, Known, std::less<>>;
  // A partition that was loaded. Each time it is another incarnation, which
  // hears nothing of what was meant for the one before.
  struct Loaded {
    int32_t epoch = 0;
    int64_t incarnation = 0;
    Ids ids;
  };
  // An event on its way to the machine of `id`.
  struct Event {
    std::string id;
    PartitionId partition;
    int64_t incarnation = 0;  // 0: of any
    Waiter waiter = 0;        // 0: nobody asks
    bool may_begin = false;   // where the id is not known
    bool is_stored = false;   // says what came of an append
    std::function<TransactionOutput(Transaction&, Waiter, absl::Time)> give;
  };
  struct Told {
    Answer answer;
    absl::StatusOr<ProducerInstance> what;
  };
  // What is to be done once the lock is let go.
  struct Effects {
    PartitionId partition;
    int64_t incarnation = 0;
    std::string id;
    std::optional<StateRecord> append;
    std::optional<MarkersToWrite> markers;
    std::vector<Told> told;
  };
  using Due = std::pair<absl::Time, std::pair<PartitionId, std::string>>;

  absl::Time Now() const;
  PartitionId PartitionOf(std::string_view id) const;
  template <typename Request>
  void AskMachine(std::string id, Request request,
                  TransactionOutput (Transaction::*ask)(const Request&,
                                                        absl::Time),
                  Answer answer) ABSL_LOCKS_EXCLUDED(mutex_);
  void Ask(Event event, Answer answer) ABSL_LOCKS_EXCLUDED(mutex_);
  // Where it could not be loaded, and may be by now.
  void LoadAgain(PartitionId partition) ABSL_LOCKS_EXCLUDED(mutex_);
  // By a callback, which does no more than this.
  void Post(Event event) ABSL_LOCKS_EXCLUDED(mutex_);
  void Stored(Event event, const absl::Status& status)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void PostDue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  // Works the queue off, unless a thread does; with an executor some of it, and
  // that the rest. Lets go of the lock meanwhile.
  void WorkOff() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Effects Apply(Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CarryOut(Effects& effects) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Ids::iterator> Find(Loaded& loaded, const Event& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<const Loaded*> FindLoaded(std::string_view id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What a machine said, as what is to be done.
  Effects Take(PartitionId partition, Loaded& loaded, Ids::iterator at,
               TransactionOutput output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeAt(PartitionId partition, Ids::iterator at,
              std::optional<absl::Time> time)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellWaiter(Waiter waiter, absl::StatusOr<ProducerInstance> what,
                  std::vector<Told>& told)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the machines of the partition; who waited for them is in `told`.
  void EndAll(PartitionId partition, Loaded& loaded, const absl::Status& why,
              std::vector<Told>& told) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WorkSoon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetTimer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTimer(absl::Time set_to) ABSL_LOCKS_EXCLUDED(mutex_);

  const TransactionCoordinatorOptions options_;
  const Surroundings around_;
  const int32_t partitions_;  // of the log, which keeps those that it has
  // Wall time may jump; deadlines go by the time that passed since.
  const absl::Time began_;
  const absl::Duration began_monotonic_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<PartitionId, Loaded> loaded_ ABSL_GUARDED_BY(mutex_);
  UnreadPartitions unread_ ABSL_GUARDED_BY(mutex_);
  std::set<PartitionId> loading_ ABSL_GUARDED_BY(mutex_);
  size_t ids_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_incarnation_ ABSL_GUARDED_BY(mutex_) = 0;
  // How many appends are on their way to each.
  std::map<PartitionId, int> appending_ ABSL_GUARDED_BY(mutex_);
  std::set<Due> agenda_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, std::function<void()>> later_
      ABSL_GUARDED_BY(mutex_);
  Waiter last_waiter_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Waiter, Answer> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<Event> queue_ ABSL_GUARDED_BY(mutex_);
  bool is_working_ ABSL_GUARDED_BY(mutex_) = false;
  bool works_soon_ ABSL_GUARDED_BY(mutex_) = false;  // a task will
  std::optional<absl::Time> timer_at_ ABSL_GUARDED_BY(mutex_);
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);  // why, once it is
};

}  // namespace cauce
