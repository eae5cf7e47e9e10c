// What a directory must hold after a crash: all that was acknowledged, and of
// what was under way either the state before or the one after. Of a topic that
// is compacted all that is needed of it.
//
// A plain model: the program that runs the engine tells it what it does, and
// Check compares it with what an engine finds. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/engine.h"

namespace cauce::test {

// What an offset holds, if it holds anything.
struct WrittenValue {
  // The newest is the last. A failed append's value may be there, or that of
  // an append before it.
  std::vector<std::string> may_be;
  bool newest_holds = false;  // it was acknowledged
  // Of a topic that is compacted; else empty.
  std::string key;
  // A pass may have taken it; or it is a marker, which nobody is shown.
  bool may_be_missing = false;
};

// A producer's, of which there is one that has any.
struct PromisedTransaction {
  std::set<int64_t> offsets;  // of its records
  // Where its marker stands if the log reaches there: else it is open.
  std::optional<int64_t> marker;
  bool is_committed = false;

  bool IsOpen(int64_t log_end) const { return !marker || *marker >= log_end; }
};

struct PartitionPromise {
  // By offset; what lies outside of the bounds may be there or not.
  std::map<int64_t, WrittenValue> written;
  // Where the log may begin, both included,
  int64_t start_min = 0;
  int64_t start_max = 0;
  // and where it may end: batches are there as a whole or not at all.
  std::set<int64_t> ends = {0};
  // Up to where records were acknowledged, durable or not.
  int64_t acknowledged = 0;
  // In the order of their records.
  std::vector<PromisedTransaction> transactions;
  // Of each producer's next record.
  std::map<int64_t, int32_t> sequences;

  int64_t end_max() const { return *ends.rbegin(); }
  // Records are about to be appended at `offset`; returns where they end.
  int64_t Try(int64_t offset, const std::vector<std::string>& values);
  // Those from `offset` to `end` were acknowledged.
  void Acknowledge(int64_t offset, int64_t end);
  // What is about to be written there belongs to the open transaction, or
  // begins one.
  void JoinTransaction(int64_t offset);
  bool HasOpenTransaction() const;
  // The marker that ends it is about to be written there.
  void TryMarker(int64_t offset, bool is_committed);
  // From now on a pass may take what nobody needs: aborted records, and each
  // behind which another one of its key counts.
  void LetCompact();
  // The end is at or above `offset` from now on.
  void KeepUpTo(int64_t offset);
};

struct TopicPromise {
  bool may_be_gone = false;
  int32_t partitions_min = 0;
  std::vector<PartitionPromise> partitions;  // as many as there may be
  std::set<std::map<std::string, std::string>> configs;  // any of these
};

class Promises {
 public:
  // The topic's promise, made when it is not there.
  TopicPromise& topic(std::string_view name);
  const std::map<std::string, TopicPromise, std::less<>>& topics() const {
    return topics_;
  }
  void Forget(std::string_view name);

  // The power went: what was acknowledged and not durable may be gone.
  void LosePower();

  // The process died and the machine did not: whatever was acknowledged is
  // there.
  void KeepAcknowledged();

  // OK when `engine` holds what was promised. From then on exactly what was
  // found is promised: looking again must not find anything else.
  absl::Status Check(Engine& engine);

  // After Check: OK when records are found by their offsets and times as well.
  // Every index is asked, so that those which are spoiled are rebuilt.
  absl::Status CheckLookups(Engine& engine) const;

  // After Check: where each partition begins, by its name as in "orders-0".
  std::map<std::string, int64_t> LogStarts() const;

  // The disk was full at some time. A deletion may have taken segments that
  // make the room, and stopped before the start could be saved: the log begins
  // where its files do, and whoever looks is told that records are missing.
  void AllowUnsavedStarts() { starts_may_be_unsaved_ = true; }
  // After Check: whether that may be so of the log whose oldest one is `file`.
  bool MayBeginUnsavedAt(std::string_view file) const;

 private:
  std::map<std::string, TopicPromise, std::less<>> topics_;
  bool starts_may_be_unsaved_ = false;
};

}  // namespace cauce::test
