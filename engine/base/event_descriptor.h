// A descriptor that poll, epoll or select finds readable once it was raised.
//
// Linux's eventfd: for programs that wait for the library and for other things
// at once. Thread-safe.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

namespace cauce {

class EventDescriptor final {
 public:
  // ResourceExhausted where the process may have no more descriptors.
  static absl::StatusOr<std::unique_ptr<EventDescriptor>> Make();
  ~EventDescriptor();
  EventDescriptor(const EventDescriptor&) = delete;
  EventDescriptor& operator=(const EventDescriptor&) = delete;

  // Lives as long as this; only to be waited on.
  int descriptor() const { return descriptor_; }

  // Readable from now on, until Clear.
  void Raise();
  void Clear();

 private:
  explicit EventDescriptor(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace cauce
