#include "tests/interop/broker.h"

#include <signal.h>

#include <optional>
#include <utility>

#include "cauce/topic_id.h"
#include "fmt/format.h"

namespace cauce::test {

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(
    const Programs& programs, const std::string& directory,
    const std::string& log, const std::vector<BornTopic>& topics) {
  std::vector<std::string> arguments = {directory};
  for (const BornTopic& topic : topics) {
    arguments.insert(arguments.end(), {topic.name, TopicIdText(topic.id),
                                       std::to_string(topic.epoch.value)});
  }
  std::unique_ptr<Broker> broker(new Broker(
      programs.Command("RunBroker", arguments,
                       {"-Xmx256m", "-Dorg.slf4j.simpleLogger.logFile=" + log,
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=info"})));
  std::optional<std::string> address = broker->process_.ReadLine();
  if (!address) {
    const Process::Result end = broker->process_.Finish();
    return absl::UnavailableError(
        fmt::format("the broker in {} ended with {} before it served: {}",
                    directory, end.exit, end.err));
  }
  broker->address_ = *std::move(address);
  return broker;
}

absl::Status Broker::Stop() {
  const Process::Result end = process_.Finish();
  if (end.exit == 0 && end.err.empty()) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("the broker at {} was stopped and ended with {}: {}",
                  address_, end.exit, end.err));
}

void Broker::Kill() {
  process_.Signal(SIGKILL);
  process_.Finish();
}

}  // namespace cauce::test
