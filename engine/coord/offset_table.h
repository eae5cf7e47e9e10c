// The offsets that groups have committed in one partition of
// __consumer_offsets, as a view of its records.
//
// It changes only by records that are durable, in their order, so that a table
// rebuilt from the log is the same. What a transaction commits waits for its
// end. Of two commits of a partition the one that stands further back in the
// log holds, whichever took effect first: an offset never goes back because a
// transaction ended late. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cauce/types.h"
#include "engine/coord/offset_records.h"

namespace cauce {

struct CommittedOffset {
  OffsetCommitValue value;
  Offset record;  // where the commit stands in the log

  friend bool operator==(const CommittedOffset&,
                         const CommittedOffset&) = default;
};

class OffsetTable {
 public:
  // A record at `record`, by nobody's transaction; its commit counts at once.
  void Commit(const OffsetCommitKey& key, const OffsetCommitValue& value,
              Offset record);

  // One in the open transaction of `producer`.
  void CommitPending(const OffsetCommitKey& key, const OffsetCommitValue& value,
                     Offset record, ProducerId producer);

  // A tombstone; what is pending of the partition goes as well.
  void Remove(const OffsetCommitKey& key);

  // The markers that end the transaction of `producer`, if it has one here.
  void EndWithCommit(ProducerId producer);
  void EndWithAbort(ProducerId producer);

  // Null where nothing is committed. Valid until the table changes.
  const CommittedOffset* Find(const OffsetCommitKey& key) const;

  // Whether a transaction that is still open commits here: the offset may yet
  // change, and who wants a stable one waits.
  bool IsPending(const OffsetCommitKey& key) const;
  bool HasPending(const std::string& group) const;

  // What `group` has committed, by topic and partition.
  std::vector<OffsetCommitKey> KeysOf(const std::string& group) const;
  // The same, and what is pending besides: all that a deletion must remove.
  std::vector<OffsetCommitKey> AllKeysOf(const std::string& group) const;

  // The groups that have committed something.
  std::vector<std::string> Groups() const;

  size_t size() const { return committed_.size(); }

 private:
  using Offsets = std::map<OffsetCommitKey, CommittedOffset>;

  void Settle(const OffsetCommitKey& key, const CommittedOffset& commit);
  Offsets TakePending(ProducerId producer);

  Offsets committed_;
  std::map<ProducerId, Offsets> pending_;
  // Who has something pending at each key of pending_.
  std::map<OffsetCommitKey, std::set<ProducerId>> writers_;
};

}  // namespace cauce
