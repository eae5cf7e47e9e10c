// Wakes a thread that waits in poll: rung by other threads and by signals.
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

  // What ended a wait; nothing after a timeout.
  struct Woken {
    bool rung = false;
    bool readable = false;  // the descriptor has bytes, an end or an error
  };

  // Waits until it is rung, until `fd` can be read (-1: no descriptor), or
  // until `timeout` has passed. What was rung is forgotten.
  Woken Wait(int fd, absl::Duration timeout);

 private:
  int event_;
};

}  // namespace cauce::cli
