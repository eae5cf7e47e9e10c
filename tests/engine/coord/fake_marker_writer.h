// Partitions to which markers are written, as far as a test lets them. What was
// written is noted as "t-0 commit" or "t-0 abort". Not thread-safe, unlike what
// it stands for.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/coord/marker_writer.h"

namespace cauce::test {

class FakeMarkerWriter final : public MarkerWriter {
 public:
  void Write(const MarkersToWrite& markers, Done done) override {
    waiting_.push_back({markers, std::move(done)});
    if (!holds_) Finish();
  }

  // From now on markers wait for Finish.
  void Hold() { holds_ = true; }
  // Writes those that wait.
  void Finish() {
    for (auto& [markers, done] : std::exchange(waiting_, {})) {
      last_ = markers;
      for (const TopicPartition& to : markers.partitions) {
        ++tries_;
        // Each result by itself, as from brokers of their own.
        done({{to, WriteTo(to, markers.end.outcome)}});
      }
    }
  }

  // What comes of markers to `partition` from now on.
  void Fail(const TopicPartition& partition) { failing_.insert(partition); }
  void Mend(const TopicPartition& partition) { failing_.erase(partition); }
  void Remove(const TopicPartition& partition) { gone_.insert(partition); }

  const std::vector<std::string>& written() const { return written_; }
  int tries() const { return tries_; }
  const MarkersToWrite& last() const { return last_; }

 private:
  MarkerResult WriteTo(const TopicPartition& to, TransactionOutcome outcome) {
    if (gone_.contains(to)) return MarkerResult::kPartitionGone;
    if (failing_.contains(to)) return MarkerResult::kRetry;
    const bool commits = outcome == TransactionOutcome::kCommit;
    written_.push_back(to.ToString() + (commits ? " commit" : " abort"));
    return MarkerResult::kWritten;
  }

  bool holds_ = false;
  std::vector<std::pair<MarkersToWrite, Done>> waiting_;
  std::set<TopicPartition> failing_;
  std::set<TopicPartition> gone_;
  std::vector<std::string> written_;
  int tries_ = 0;
  MarkersToWrite last_;
};

}  // namespace cauce::test
