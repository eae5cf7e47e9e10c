// A clock that goes on a little whenever it is looked at, and fast once the
// power of a disk is out: who waits for the disk gives up at once. For one
// thread.
#pragma once

#include "absl/time/time.h"
#include "cauce/env.h"
#include "tests/testing/faulty_disk.h"

namespace cauce::test {

class ImpatientClock final : public Clock {
 public:
  void Watch(const FaultyDisk* disk) { disk_ = disk; }
  void Advance(absl::Duration by) { passed_ += by; }

  absl::Time Now() override {
    return absl::FromUnixSeconds(1'700'000'000) + passed_;
  }
  absl::Duration Monotonic() override {
    const bool is_out = disk_ != nullptr && disk_->is_cut();
    return passed_ += is_out ? absl::Seconds(1) : absl::Milliseconds(1);
  }

 private:
  const FaultyDisk* disk_ = nullptr;
  absl::Duration passed_;
};

}  // namespace cauce::test
