// A log with everybody who uses it, in one thread and by one seed: producers,
// writers of transactions, consumers in groups that commit by hand, by
// themselves or before they work, copiers that read, work and write in one
// transaction, and a reader of all; writers read in their transactions what
// others commit; members with a place of their own, and two that come for one;
// producers and members that others have replaced and that go on nevertheless;
// time that passes in leaps; and the process, which is killed, or loses its
// power, in front of any change of its disk and begins again; what coordinators
// keep is compacted meanwhile, topics grow by partitions, their first records
// are deleted, and one is deleted and made again. What each asks for and is
// told becomes the history. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "tests/history/history.h"
#include "tests/history/impatient_clock.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"

namespace cauce::test {

// What happened: a history of nothing proves nothing.
struct HistoryCounts {
  int64_t events = 0;
  int64_t operations = 0;  // calls of producers and consumers
  int64_t process_kills = 0;
  int64_t power_cuts = 0;
  int64_t closes = 0;
  int64_t failed_calls = 0;  // of the disk
  int64_t compacted = 0;     // records of coordinators that went
  int64_t commits = 0;
  int64_t aborts = 0;
  int64_t fenced = 0;  // calls that were refused for it
  int64_t assignments = 0;
  int64_t lost_memberships = 0;
  int64_t commits_refused = 0;  // of offsets
  int64_t copies = 0;           // transactions of copiers, committed
  int64_t static_members = 0;   // with a place of their own
  int64_t replaced = 0;         // of them, and told so
  int64_t worked = 0;           // records, by who promises how often
  int64_t refused = 0;          // records, and not written
  int64_t read_within = 0;      // records, by writers in a transaction
  int64_t grown = 0;            // topics, by a partition
  int64_t deletions = 0;        // of a partition's first records
  int64_t lives = 0;            // of a topic that is deleted and made again
};

class HistoryWorld {
 public:
  HistoryWorld(uint32_t seed, HistoryCounts& counts);
  ~HistoryWorld();

  // Lives through `steps` of faults, then through calm until all is read.
  // Returns what could not be done in calm; empty where all could.
  std::string Live(int steps);

  const History& history() const { return history_; }

 private:
  class Listener;
  struct PlainProducer {
    ProducerNumber number = 0;
    std::unique_ptr<Producer> producer;
  };
  struct Member {
    ConsumerNumber number = 0;
    std::string group;  // none for who assigns by hand
    std::string instance;
    Isolation isolation = Isolation::kReadCommitted;
    std::shared_ptr<Listener> listener;
    std::unique_ptr<Consumer> consumer;
    TopicId life;  // of "brief", which it reads
    OffsetsByPartition read;  // and not committed, as far as it knows
    std::vector<Worked> given;  // and not worked on
    // When it was asked for more, and got none since: its consumer may have
    // committed by then, by itself, all that it was given.
    std::optional<size_t> idle_since;
    bool is_replaced = false;   // another has its place
    int32_t generation = -1;  // these as they were noted last
    std::vector<TopicPartition> assignment;
  };
  struct Writer {
    ProducerNumber number = 0;
    std::string id;
    std::unique_ptr<Producer> producer;
    TransactionNumber open = 0;
    bool must_commit = false;  // it was asked for, and not told yet
    bool has_failed = false;
    bool is_zombie = false;  // another has its id, and it goes on
    // What it looks with, from within its transactions.
    std::unique_ptr<Member> reader = nullptr;
  };
  struct Copier {
    std::unique_ptr<Member> member;
    Writer writer;
    ConsumerGroupMetadata as;
    bool has_added = false;  // its offsets, to the transaction
  };

  absl::Status PlanOf(DiskCall call);
  void Open();
  void Die();
  void CloseAll();
  void DropAll();
  void Step();
  void StepUpkeep();
  void StepKill();
  // As an administrator.
  void StepTopics();
  void Grow();
  void DeleteRecords();

  void StepProducer();
  void StepBrief();
  void StepWriter(Writer& writer);
  void StepMember();
  void StepCautious(Member& member);
  void Work(Member& member);
  // As one that ends in order, and commits what it commits by itself.
  void CloseMember(Member& member);
  void StepCopier(Copier& copier);
  void FinishCopy(Copier& copier);
  void AddOffsets(Copier& copier);
  // By its id; the present one's.
  TopicPartition LifeOf(const TopicId& id);
  TopicPartition LifeNow();
  // How far the groups are; the first reason why that was not told.
  absl::Status LookAtOffsets();
  absl::Status LookAtFollowers();

  absl::Status StartWriter(Writer& writer);
  void Replace(Writer& writer);
  // Reads what is committed, as a part of its transaction.
  void ReadWithin(Writer& writer);
  void Send(Producer& producer, ProducerNumber by, TransactionNumber of,
            const TopicPartition& to, int64_t source);
  // It was told that the record is not stored.
  void Refuse(int64_t value);
  void Commit(Writer& writer);
  void Abort(Writer& writer);
  void Failed(Writer& writer, const absl::Status& why);

  std::unique_ptr<Member> NewMember(const std::string& group);
  // Of all that is committed from now on.
  std::unique_ptr<Member> NewReader();
  // The values that were read, with where.
  std::vector<std::pair<TopicPartition, int64_t>> Poll(
      Member& member, TransactionNumber transaction);
  void FollowLife(Member& member, const ConsumerGroupMetadata& as);
  // In the history.
  TopicPartition NameOf(const Member& member, const TopicPartition& partition);
  OffsetsByPartition NamesOf(const Member& member);
  static OffsetsToCommit ToCommitOf(const Member& member);
  bool CommitOffsets(Member& member);
  // And goes on; it is told in a later call.
  void CommitOffsetsAsync(Member& member);
  bool SeekToCommitted(Member& member);

  bool CopyAll();
  bool ReadAll(const std::string& group);
  bool HasAll(const Member& member) const;
  int64_t CalmRounds() const;
  std::string Settle();

  bool Chance(int percent) {
    return static_cast<int>(random_() % 100) < percent;
  }
  int Below(int bound) { return static_cast<int>(random_() % bound); }
  TopicPartition AnyPartition();
  int32_t CountPartitions(std::string_view topic) const;

  std::mt19937 random_;
  RandomChoices fate_;
  HistoryCounts& counts_;
  History history_;
  ImpatientClock clock_;
  std::unique_ptr<Random> ids_;
  FaultyDisk disk_;
  std::vector<Assignment> ways_;
  bool forgets_ids_ = false;

  std::unique_ptr<Client> client_;
  std::vector<PlainProducer> producers_;
  PlainProducer brief_;  // who writes to that
  std::vector<Writer> writers_;
  std::vector<Writer> zombies_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Copier> copiers_;

  std::map<TopicId, TopicPartition> lives_;
  bool is_calm_ = false;
  int64_t last_value_ = 0;
  TransactionNumber last_transaction_ = 0;
  ProducerNumber last_producer_ = 0;
  ConsumerNumber last_consumer_ = 0;
};

}  // namespace cauce::test
