// A broker of Apache Kafka with its controller, one process on the loopback.
//
// It is stopped, or killed, or forgotten and then killed; should this process
// die first it stops by itself, at the end of its standard input. For one
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "tests/interop/programs.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

// A topic of one partition that a broker's cluster is born with.
struct BornTopic {
  std::string name;
  TopicId id;
  // The broker leads it in the epoch behind this one.
  LeaderEpoch epoch{0};
};

class Broker {
 public:
  // Runs a broker in `directory` and returns once it serves. A directory that
  // no broker has had is formatted, with `topics`. What the broker logs goes
  // to the file `log`, behind what is there. kUnavailable with what it said
  // where it ends instead.
  static absl::StatusOr<std::unique_ptr<Broker>> Start(
      const Programs& programs, const std::string& directory,
      const std::string& log, const std::vector<BornTopic>& topics = {});

  // Where clients find it, as "127.0.0.1:9092".
  const std::string& address() const { return address_; }

  // Stops it in order. An error where it did not end well.
  absl::Status Stop();
  // Ends it at once, by SIGKILL.
  void Kill();

 private:
  explicit Broker(const std::vector<std::string>& command)
      : process_(command) {}

  Process process_;
  std::string address_;
};

}  // namespace cauce::test
