// SIGINT and SIGTERM, turned into a question that loops ask: a verb ends
// cleanly after the first one; one that comes a second later or more ends the
// process as usual. Those in between are not counted: a shell or `timeout` may
// send the first one to the process and to its group.
//
// Installed once, by main, before any thread starts. A wait that was about to
// begin when the signal came is interrupted too, a second later at most: an
// alarm keeps ringing until the process ends.
#pragma once

namespace cauce::cli {

class Interrupts {
 public:
  // Also ignores SIGPIPE and SIGXFSZ: a reader that went away, and a limit of
  // file sizes, are errors of the write.
  static void Install();

  // The number of the signal that came; 0 while none has.
  static int Signal();

  // From now on the handler also writes to the event descriptor `fd`, so that
  // a poll on it wakes up; -1 for none.
  static void WakeThrough(int fd);
};

}  // namespace cauce::cli
