// Who uses a log in a ThreadedWorld: each on a thread of its own, by a seed of
// its own. What they ask for and are told they note in the history that they
// share.
//
// An actor is for one thread at a time. Before the client goes it must be gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/producer.h"
#include "engine/base/mutex.h"
#include "tests/history/history.h"
#include "tests/history/shared_history.h"

namespace cauce::test {

// What happened. Thread-safe.
struct ThreadedCounts {
  std::atomic<int64_t> operations = 0;
  std::atomic<int64_t> commits = 0;
  std::atomic<int64_t> aborts = 0;
  std::atomic<int64_t> fenced = 0;
  std::atomic<int64_t> assignments = 0;
  std::atomic<int64_t> offsets_committed = 0;
  std::atomic<int64_t> commits_refused = 0;
  std::atomic<int64_t> replaced = 0;
  std::atomic<int64_t> copies = 0;
  std::atomic<int64_t> worked = 0;
  std::atomic<int64_t> refused = 0;
  std::atomic<int64_t> read_within = 0;
  std::atomic<int64_t> closed_in_commit = 0;
  std::atomic<int64_t> kills = 0;
  std::atomic<int64_t> power_cuts = 0;
};

// What the actors share; outlives them.
struct Surroundings {
  Client* client = nullptr;
  SharedHistory* history = nullptr;
  ThreadedCounts* counts = nullptr;
  // Held while an instance takes a transactional id, so that the history has
  // them in their order.
  Mutex* starting = nullptr;
  std::vector<Assignment> ways;
  bool is_calm = false;
};

class Actor {
 public:
  Actor(const Surroundings& around, uint32_t seed)
      : around_(around), random_(seed) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  virtual void Step() = 0;

 protected:
  bool Chance(int percent) {
    return static_cast<int>(random_() % 100) < percent;
  }
  int Below(int bound) { return static_cast<int>(random_() % bound); }
  void Note(Event event) { around_.history->Add(std::move(event)); }
  ThreadedCounts& counts() { return *around_.counts; }
  // Of who waits for a coordinator: it answers, or has lost its disk.
  absl::Duration patience() const {
    return around_.is_calm ? absl::Seconds(10) : absl::Milliseconds(300);
  }
  // Sends a record of its own to any partition of "in", or to that one.
  void Send(Producer& producer, ProducerNumber by, TransactionNumber of,
            const TopicPartition& to, int64_t source);
  TopicPartition AnyPartition();

  const Surroundings& around_;

 private:
  std::mt19937 random_;
};

// Of no transaction.
class ThreadedProducer final : public Actor {
 public:
  using Actor::Actor;
  void Step() override;

 private:
  ProducerNumber number_ = 0;
  std::unique_ptr<Producer> producer_;
};

// The instance of a transactional id that comes last, and its transaction.
class ThreadedWriter final : public Actor {
 public:
  ThreadedWriter(const Surroundings& around, uint32_t seed, std::string id)
      : Actor(around, seed), id_(std::move(id)) {}
  // A transaction of its own goes on by a step.
  void Step() override;

  // Where there is no instance: takes the id, or fails to.
  void Start();
  // False where it could not be begun.
  bool Begin(TransactionNumber number);
  void SendPart(const TopicPartition& to, int64_t source);
  absl::Status AddOffsets(const OffsetsByPartition& offsets,
                          const ConsumerGroupMetadata& as);
  // Returns whether it is told to be committed. Some are closed meanwhile, by
  // another thread.
  bool Commit();
  void Abort();

  bool is_started() const { return producer_ != nullptr; }
  TransactionNumber open() const { return open_; }
  bool must_abort() const { return must_abort_; }
  bool must_commit() const { return must_commit_; }

 private:
  void Failed(const absl::Status& why);
  // Reads what is committed, as a part of its transaction.
  void ReadWithin();

  const std::string id_;
  ProducerNumber number_ = 0;
  std::unique_ptr<Producer> producer_;
  TransactionNumber open_ = 0;
  bool must_abort_ = false;
  bool must_commit_ = false;  // it was asked for, and not told yet
  ConsumerNumber reader_number_ = 0;
  std::unique_ptr<Consumer> reader_;  // what it looks with
};

// A member of a group, who comes, goes, is killed, and promises what its group
// does.
class ThreadedMember final : public Actor {
 public:
  ThreadedMember(const Surroundings& around, uint32_t seed, std::string group);
  ~ThreadedMember() override;
  void Step() override;

  // Where there is none.
  void Make();
  // The records, with where they were read, noted as of that transaction.
  std::vector<Delivered> Poll(TransactionNumber transaction);
  bool Commit();
  void Work();
  void Close();
  // Without a word.
  void Kill();
  bool SeekToCommitted();

  bool is_made() const { return consumer_ != nullptr; }
  bool has_all() const;
  const OffsetsByPartition& read() const { return read_; }
  void ForgetRead() { read_.clear(); }
  ConsumerGroupMetadata metadata() const { return consumer_->group_metadata(); }

 private:
  class Listener;
  void CommitAsync();

  const std::string group_;
  const Promise promise_;
  ConsumerNumber number_ = 0;
  Isolation isolation_ = Isolation::kReadCommitted;
  std::shared_ptr<Listener> listener_;
  std::unique_ptr<Consumer> consumer_;
  OffsetsByPartition read_;  // and not committed, as far as it knows
  std::vector<Worked> given_;  // and not worked on
  // When it was asked for more, and got none since: its consumer may have
  // committed by then, by itself, all that it was given.
  std::optional<size_t> idle_since_;
  int32_t generation_ = -1;    // these as they were noted last
  std::vector<TopicPartition> assignment_;
};

// Reads, works and writes what comes out in one transaction.
class ThreadedCopier final : public Actor {
 public:
  ThreadedCopier(const Surroundings& around, uint32_t seed, std::string id);
  void Step() override;
  // Nothing is under way, and all of "in" is its.
  bool is_idle() const;

 private:
  void Finish();

  ThreadedMember member_;
  ThreadedWriter writer_;
  ConsumerGroupMetadata as_;
  bool has_added_ = false;
};

// Asks how far the groups are.
class ThreadedLooker final : public Actor {
 public:
  using Actor::Actor;
  void Step() override { LookAtAll().IgnoreError(); }
  // The first reason why that was not told.
  absl::Status LookAtAll();
};

}  // namespace cauce::test
