// Wakes a thread that waits in poll: rung by other threads and by signals, and
// by the descriptors it waits for besides.
//
// Many rings before one look are one ring. Ring is safe anywhere; the rest is
// for the thread that waits.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace cauce::cli {

class Doorbell {
 public:
  Doorbell();
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void Ring();

  // What a wait is for, beside a ring. -1 for no descriptor.
  struct Awaited {
    int input = -1;   // that can be read, is at its end or failed
    int output = -1;  // whose reader has gone; a file or /dev/null has none
    absl::Duration timeout = absl::InfiniteDuration();
  };

  // What ended a wait; nothing after a timeout.
  struct Woken {
    bool rung = false;
    bool readable = false;
    bool reader_gone = false;
  };

  // Waits until one of these has come. What was rung is forgotten.
  Woken Wait(const Awaited& awaited);

 private:
  int event_;
};

}  // namespace cauce::cli
