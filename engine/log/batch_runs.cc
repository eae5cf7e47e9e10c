#include "engine/log/batch_runs.h"

#include <algorithm>

namespace cauce {
namespace {

// `run` goes on with `other`, which lies behind it.
void Extend(BatchRun& run, const BatchRun& other) {
  run.end = other.end;
  run.next = other.next;
  run.batches += other.batches;
  run.contents += other.contents;
}

}  // namespace

void BatchRuns::Add(const BatchRun& batch) {
  const bool follows = !runs_.empty() && runs_.back().end == batch.position;
  if (!follows) {
    stretch_ = runs_.size();
    runs_.push_back(batch);
    return;
  }
  if (batch.base == runs_.back().next) {
    Extend(runs_.back(), batch);
    JoinLast();
    return;
  }
  // What goes on behind it confirms the order of the last one.
  if (batch.base > runs_.back().next) JoinLast();
  runs_.push_back(batch);
}

void BatchRuns::JoinLast() {
  if (gaps_ == Gaps::kNone || runs_.size() < stretch_ + 2) return;
  BatchRun& front = runs_[runs_.size() - 2];
  const BatchRun& last = runs_.back();
  // Nothing in front of it confirms its order.
  const bool is_first =
      runs_.size() == stretch_ + 2 || runs_[runs_.size() - 3].next > front.base;
  const bool is_alone = front.batches == 1 && is_first;
  const bool is_in_order =
      front.next <= last.base && last.next - front.base <= kSegmentOffsetsMax;
  if (is_alone || !is_in_order) return;
  Extend(front, last);
  runs_.pop_back();
}

bool IsCut(const BatchRun& run, std::span<const Offset> cuts) {
  const auto cut = std::ranges::upper_bound(cuts, run.base);
  return run.batches > 1 && cut != cuts.end() && *cut < run.next;
}

void RunParts::Add(const BatchRun& batch) {
  if (parts_.empty()) {
    parts_.push_back(batch);
  } else {
    const auto cut = std::ranges::upper_bound(cuts_, last_base_);
    const bool is_cut = cut != cuts_.end() && *cut < batch.next;
    if (is_cut) {
      const bool is_linked = batch.base == parts_.back().next;
      parts_.push_back(batch);
      parts_.back().is_linked = is_linked;
    } else {
      Extend(parts_.back(), batch);
    }
  }
  last_base_ = batch.base;
}

}  // namespace cauce
