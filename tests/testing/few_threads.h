// Lets this process start few threads or none, as a limit on processes does,
// while it lives: by stacks that find no room. For one thread at a time.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

#include "engine/base/check.h"

namespace cauce::test {

// The stack of a thread that is started meanwhile takes so many bytes of
// addresses, though hardly any memory.
class LargeStacks {
 public:
  explicit LargeStacks(size_t bytes) {
    CAUCE_CHECK(pthread_getattr_default_np(&before_) == 0);
    pthread_attr_t large;
    CAUCE_CHECK(pthread_attr_init(&large) == 0);
    CAUCE_CHECK(pthread_attr_setstacksize(&large, bytes) == 0);
    CAUCE_CHECK(pthread_setattr_default_np(&large) == 0);
    CAUCE_CHECK(pthread_attr_destroy(&large) == 0);
  }
  ~LargeStacks() {
    CAUCE_CHECK(pthread_setattr_default_np(&before_) == 0);
    CAUCE_CHECK(pthread_attr_destroy(&before_) == 0);
  }
  LargeStacks(const LargeStacks&) = delete;
  LargeStacks& operator=(const LargeStacks&) = delete;

 private:
  pthread_attr_t before_;
};

// The process may take so many bytes of addresses more than it has.
class FewAddresses {
 public:
  explicit FewAddresses(size_t bytes_more) {
    CAUCE_CHECK(getrlimit(RLIMIT_AS, &before_) == 0);
    size_t pages = 0;
    CAUCE_CHECK(std::ifstream("/proc/self/statm") >> pages);
    rlimit few = before_;
    few.rlim_cur = pages * static_cast<size_t>(getpagesize()) + bytes_more;
    CAUCE_CHECK(setrlimit(RLIMIT_AS, &few) == 0);
  }
  ~FewAddresses() { CAUCE_CHECK(setrlimit(RLIMIT_AS, &before_) == 0); }
  FewAddresses(const FewAddresses&) = delete;
  FewAddresses& operator=(const FewAddresses&) = delete;

 private:
  rlimit before_;
};

}  // namespace cauce::test
