// A log with everybody who uses it, each on a thread of its own, over the real
// executor and the real clock: producers, writers of transactions of whom two
// have one id, who read in them what others commit, and who may be closed while
// they commit, members of groups of every kind, copiers, and one that looks
// how far the groups are. The process lives several times; each life ends by a
// kill or a power cut in the midst of what all do. What they ask for and are
// told becomes the history. The seed says what everybody tries, not in which
// order it comes. For one thread, which starts the others.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cauce/client.h"
#include "engine/base/mutex.h"
#include "tests/history/history.h"
#include "tests/history/shared_history.h"
#include "tests/history/threaded_actors.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"

namespace cauce::test {

class ThreadedWorld {
 public:
  ThreadedWorld(uint32_t seed, ThreadedCounts& counts);
  ~ThreadedWorld();

  // Lives so many times, in each of which everybody who writes makes so many
  // steps at most and the others go on meanwhile, then alone through calm until
  // all is read. Returns what could not be done in calm; empty where all could.
  std::string Live(int lives, int steps);

  // Once it has lived.
  History TakeHistory() { return history_.Take(); }

 private:
  absl::Status Open();
  void LiveOnce(int steps);
  void Die();
  std::string Settle();
  bool CopyAll();
  bool ReadAll(const std::string& group);

  std::mt19937 random_;
  RandomChoices fate_;
  ThreadedCounts& counts_;
  SharedHistory history_;
  Mutex starting_;
  FaultyDisk disk_;
  std::unique_ptr<Client> client_;
  Surroundings around_;
};

}  // namespace cauce::test
