// A state log in memory. What is appended waits until the test says what comes
// of it, or is durable at once. Not thread-safe, unlike what it stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/coord/state_log.h"

namespace cauce::test {

class FakeStateLog final : public StateLog {
 public:
  int32_t partitions() const override { return 50; }

  void Append(PartitionId partition, StateBatch batch, Done done) override {
    CAUCE_CHECK(!batch.records.empty());
    waiting_.push_back({partition, std::move(batch), {}, std::move(done)});
    if (!holds_) Finish(absl::OkStatus());
  }

  void End(PartitionId partition, const TransactionEnd& end,
           Done done) override {
    waiting_.push_back({partition, {}, end, std::move(done)});
    if (!holds_) Finish(absl::OkStatus());
  }

  absl::Status Replay(PartitionId partition, const Visit& visit) override {
    ++replays_;
    CAUCE_RETURN_IF_ERROR(unreadable_);
    for (const StateEntry& entry : entries_[partition])
      CAUCE_RETURN_IF_ERROR(visit(entry));
    return absl::OkStatus();
  }

  // What a replay comes to from now on, where that is no OK.
  void set_unreadable(absl::Status why) { unreadable_ = std::move(why); }
  int replays() const { return replays_; }

  // From now on appends wait for Finish.
  void Hold() { holds_ = true; }
  size_t waiting() const { return waiting_.size(); }

  // What comes of the append that has waited longest.
  void Finish(const absl::Status& status) {
    CAUCE_CHECK(!waiting_.empty());
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    if (!status.ok()) return first.done(status);
    first.done(MakeDurable(first));
  }

  // The process dies: of what waits the first `kept` batches are there after
  // all, and nobody hears of them.
  void Crash(size_t kept) {
    for (; kept > 0 && !waiting_.empty(); --kept) {
      MakeDurable(waiting_.front());
      waiting_.pop_front();
    }
    waiting_.clear();
  }

  // A coordinator of transactions writes a marker here.
  void Write(PartitionId partition, const TransactionEnd& end) {
    auto& entries = entries_[partition];
    entries.push_back({.offset = EndOf(entries), .what = end});
  }

 private:
  struct Waiting {
    PartitionId partition;
    StateBatch batch;
    std::optional<TransactionEnd> end;  // in the place of a batch
    Done done;
  };

  static Offset EndOf(const std::vector<StateEntry>& entries) {
    return {static_cast<int64_t>(entries.size())};
  }

  Offset MakeDurable(const Waiting& waiting) {
    auto& entries = entries_[waiting.partition];
    const Offset base = EndOf(entries);
    if (waiting.end) Write(waiting.partition, *waiting.end);
    for (const StateRecord& record : waiting.batch.records) {
      entries.push_back({.offset = EndOf(entries),
                         .what = StateEntry::Record{
                             record, waiting.batch.transaction}});
    }
    return base;
  }

  absl::Status unreadable_;
  int replays_ = 0;
  bool holds_ = false;
  std::deque<Waiting> waiting_;
  std::map<PartitionId, std::vector<StateEntry>> entries_;
};

}  // namespace cauce::test
