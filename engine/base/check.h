// CAUCE_CHECK: for our own mistakes, where going on would spoil data. On in
// every build; stops the process after naming the condition and the place.
// What comes from outside (bytes, peers, callers, disks) is never CHECKed: it
// gets a Status.
#pragma once

namespace cauce {

[[noreturn]] void CheckFailed(const char* condition, const char* file,
                              int line);

}  // namespace cauce

#define CAUCE_CHECK(condition)                              \
  do {                                                      \
    if (!(condition)) [[unlikely]] {                        \
      ::cauce::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                       \
  } while (false)
