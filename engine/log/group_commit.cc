#include "engine/log/group_commit.h"

#include <algorithm>

#include "engine/base/check.h"

namespace cauce {

void GroupCommit::Written(Offset end) {
  CAUCE_CHECK(end >= written_);
  written_ = end;
}

bool GroupCommit::Begin() {
  if (broken_ || in_flight_ || durable_ == written_) return false;
  covered_ = written_;
  in_flight_ = true;
  return true;
}

void GroupCommit::Synced() {
  CAUCE_CHECK(in_flight_);
  in_flight_ = false;
  durable_ = covered_;
}

void GroupCommit::SyncFailed() {
  CAUCE_CHECK(in_flight_);
  in_flight_ = false;
  broken_ = true;
}

Offset GroupCommit::NotBegun() {
  CAUCE_CHECK(in_flight_);
  in_flight_ = false;
  return covered_;
}

void GroupCommit::Truncated(Offset end) {
  CAUCE_CHECK(!in_flight_);
  written_ = std::min(written_, end);
  durable_ = std::min(durable_, end);
}

}  // namespace cauce
