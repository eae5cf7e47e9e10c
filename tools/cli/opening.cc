#include "tools/cli/opening.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/topic_name.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/note.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

constexpr size_t kTopicsNamedMax = 5;

absl::Status WithCure(const absl::Status& failure, std::string_view cure) {
  const std::string text = fmt::format("{}; {}", MessageOf(failure), cure);
  const Reason reason = ReasonOf(failure);
  return reason == Reason::kNone ? absl::Status(failure.code(), text)
                                 : MakeError(reason, text);
}

absl::StatusOr<Engine> Open(const std::string& dir, EngineOptions options) {
  if (!options.events) options.events = TellWarnings;
  auto engine = Engine::Open(dir, options);
  if (engine.ok()) return engine;
  return WhyNotOpened(dir, engine.status());
}

// Of the topic that was looked for in vain: with the one that may be meant, or
// those there are.
absl::Status NoSuchTopic(const std::vector<TopicDescription>& topics,
                         const std::string& dir, const std::string& name) {
  std::vector<std::string> names;
  for (const TopicDescription& each : topics) names.push_back(each.name);
  std::string hint;
  // A name that begins so would be an option.
  const std::string make =
      name.starts_with("-")
          ? fmt::format("cauce topic create --dir {} -- {}", dir, name)
          : fmt::format("cauce topic create {} --dir {}", name, dir);
  if (IsInternalTopic(name)) {
    hint = "it is made when a group or a transaction first needs it";
  } else if (const std::string nearest = Nearest(name, names);
             !nearest.empty()) {
    hint = fmt::format("did you mean {}?", nearest);
  } else if (names.empty()) {
    hint = fmt::format("there is none yet; make it: {}", make);
  } else {
    const size_t shown = std::min(names.size(), kTopicsNamedMax);
    hint = fmt::format("there {}: {}{}; make it: {}",
                       names.size() == 1 ? "is" : "are",
                       fmt::join(names.begin(),
                                 names.begin() + static_cast<long>(shown),
                                 ", "),
                       shown < names.size() ? ", ..." : "", make);
  }
  return MakeError(Reason::kUnknownTopic,
                   fmt::format("no topic {} in {}; {}", name, dir, hint));
}

template <typename Topics>
absl::StatusOr<TopicDescription> FindTopicOf(Topics& log,
                                             const std::string& dir,
                                             const std::string& name) {
  auto topic = log.DescribeTopic(name);
  if (topic.ok() || ReasonOf(topic.status()) != Reason::kUnknownTopic) {
    return topic;
  }
  const auto topics = log.ListTopics();
  return topics.ok() ? NoSuchTopic(*topics, dir, name) : topic;
}

}  // namespace

void TellWarnings(Severity severity, std::string_view line) {
  if (severity != Severity::kInfo) Note(line);
}

absl::Status WhyNotOpened(const std::string& dir,
                          const absl::Status& failure) {
  // It says already what to do.
  if (absl::IsPermissionDenied(failure)) return failure;
  if (ReasonOf(failure) == Reason::kUnsupportedFormat)
    return WithCure(failure, "use the release that wrote it, or a later one");
  // Whether it is the directory itself that is not as it should be.
  const auto info = PosixFileSystem()->Info(dir);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(fmt::format(
        "{}: No such file or directory; is --dir right? To make it: cauce "
        "topic create TOPIC --dir {}",
        dir, dir));
  }
  if (!info.ok() || !info->is_directory)
    return WithCure(failure, "is --dir right?");
  if (ReasonOf(failure) == Reason::kInvalidOption)
    return WithCure(failure, "cauce topic create makes it one");
  return failure;
}

absl::StatusOr<Engine> OpenForReading(const std::string& dir,
                                      EventSink events) {
  return Open(dir, {.access = Access::kReadOnly,
                    .create_if_missing = false,
                    .events = std::move(events)});
}

absl::StatusOr<Engine> OpenForWriting(const std::string& dir,
                                      const WritingOptions& options) {
  Executor* const executor =
      options.threads == nullptr ? nullptr : options.threads->executor();
  auto engine = Open(dir, {.create_if_missing = options.create_if_missing,
                           .executor = executor,
                           .free_bytes_min = options.free_bytes_min});
  if (engine.ok() && options.threads != nullptr) options.threads->Opened();
  return engine;
}

absl::StatusOr<std::unique_ptr<Client>> OpenClient(const std::string& dir,
                                                   Access access,
                                                   int64_t free_bytes_min) {
  ClientOptions options;
  options.engine.access = access;
  options.engine.create_if_missing = false;
  options.engine.events = TellWarnings;
  options.engine.free_bytes_min = free_bytes_min;
  options.threads = 0;
  auto client = Client::Open("dir:" + dir, options);
  if (client.ok()) return client;
  return WhyNotOpened(dir, client.status());
}

absl::StatusOr<OpenedAdmin> OpenAdmin(const std::string& dir, Access access) {
  auto client = OpenClient(dir, access);
  if (!client.ok()) return client.status();
  auto admin = (*client)->NewAdmin();
  if (!admin.ok()) return admin.status();
  return OpenedAdmin{*std::move(client), *std::move(admin)};
}

absl::StatusOr<TopicDescription> FindTopic(const Engine& engine,
                                           const std::string& dir,
                                           const std::string& name) {
  return FindTopicOf(engine, dir, name);
}

absl::StatusOr<TopicDescription> FindTopic(Admin& admin, const std::string& dir,
                                           const std::string& name) {
  return FindTopicOf(admin, dir, name);
}

absl::StatusOr<TopicDescription> LookAgain(const Engine& engine,
                                           const TopicDescription& topic) {
  auto now = engine.DescribeTopic(topic.name);
  const bool unknown = ReasonOf(now.status()) == Reason::kUnknownTopic;
  if (!now.ok() && !unknown) return now;
  if (now.ok() && now->id == topic.id) return now;
  return MakeError(
      Reason::kUnknownTopic,
      fmt::format("topic {} was deleted while it was read{}", topic.name,
                  unknown ? "" : "; there is a new one of its name"));
}

absl::Status ReadFailure(const Engine& engine, const TopicDescription& topic,
                         const absl::Status& status) {
  if (status.ok()) return status;
  const auto now = LookAgain(engine, topic);
  const bool gone = ReasonOf(now.status()) == Reason::kUnknownTopic;
  return gone ? now.status() : status;
}

absl::StatusOr<Partition> FindPartition(const Engine& engine,
                                        const TopicDescription& topic,
                                        PartitionId partition) {
  if (partition.value < 0 || partition.value >= topic.partitions) {
    return MakeError(
        Reason::kUnknownPartition,
        fmt::format("{} has no partition {}: its partitions are 0 to {}",
                    topic.name, partition.value, topic.partitions - 1));
  }
  return engine.OpenPartition(topic.name, partition);
}

}  // namespace cauce::cli
