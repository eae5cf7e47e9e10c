#include "tools/cli/session.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

constexpr size_t kTopicsNamedMax = 5;

// What is wrong with the name of a directory; empty where nothing is.
std::string WrongDir(const std::string& dir) {
  if (dir.empty()) return "must not be empty; the directory one is in is .";
  if (dir == ":memory:") {
    return "what is in :memory: goes with the command that put it there; a "
           "directory of that name is ./:memory:";
  }
  return "";
}

absl::StatusOr<Engine> Open(const std::string& dir, EngineOptions options) {
  options.events = [](Severity severity, std::string_view line) {
    if (severity != Severity::kInfo) Note(line);
  };
  return Engine::Open(dir, options);
}

}  // namespace

int InterruptedExit() { return 128 + Interrupts::Signal(); }

void Note(std::string_view text) {
  const std::string line = fmt::format("cauce: {}\n", text);
  // One write, so that lines of different threads do not mix. Where it fails
  // there is nobody left to tell.
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());
}

int Fail(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  if (reason == Reason::kNone) {
    Note(MessageOf(status));
  } else {
    Note(fmt::format("{} ({})", MessageOf(status), ReasonName(reason)));
  }
  return kFailed;
}

int UsageError(std::string_view text) {
  Note(text);
  return kUsage;
}

int UsageError(const absl::Status& status) {
  return UsageError(MessageOf(status));
}

std::string Counted(int64_t count, std::string_view noun) {
  return Counted(count, noun, fmt::format("{}s", noun));
}

std::string Counted(int64_t count, std::string_view noun,
                    std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? noun : plural);
}

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

void AddDir(CLI::App& app, std::string& dir) {
  app.add_option("--dir", dir, "The data directory")
      ->required()
      ->check(WrongDir)
      ->type_name("DIR");
}

void AddTopic(CLI::App& app, std::string& topic) {
  app.add_option("topic", topic, "The topic's name")
      ->required()
      ->check(TopicName())
      ->type_name("TOPIC");
}

CLI::Validator TopicName() {
  return CLI::Validator(
      [](const std::string& name) {
        return std::string(MessageOf(ValidateTopicName(name)));
      },
      "");
}

void AddFormat(CLI::App& app, Format& format) {
  app.add_option_function<std::string>(
         "--format",
         [&format](const std::string& word) {
           format = word == "json" ? Format::kJson : Format::kText;
         },
         "text or json (default: text)")
      ->type_name("FORMAT")
      ->check(OneOf({"text", "json"}));
}

void AddFreeBytesMin(CLI::App& app, int64_t& bytes) {
  app.add_option("--free-bytes-min", bytes,
                 fmt::format("Write nothing that would leave less of the disk "
                             "free (default: {}; 0: use it to the last byte)",
                             EngineOptions().free_bytes_min))
      ->check(AtLeast(0))
      ->type_name("BYTES");
}

CLI::Option* AddRepeated(CLI::App& app, const std::string& name,
                         std::vector<std::string>& values,
                         const std::string& description) {
  return app.add_option(name, values, description + "; may be repeated")
      ->allow_extra_args(false);
}

CLI::Validator OneOf(std::vector<std::string> words) {
  return CLI::Validator(
      [words = std::move(words)](std::string& word) -> std::string {
        for (const std::string& known : words) {
          if (word == known) return "";
        }
        const std::string nearest = Nearest(word, words);
        return fmt::format(
            "\"{}\" is not one of {}{}", word, fmt::join(words, ", "),
            nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest));
      },
      "");
}

CLI::Validator Between(int64_t least, int64_t most) {
  return CLI::Validator(
      [least, most](std::string& text) -> std::string {
        int64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc() && at == end && number >= least &&
            number <= most) {
          return "";
        }
        // How large it may be is told to what was too large for any number.
        const bool open = most == std::numeric_limits<int64_t>::max() &&
                          error != std::errc::result_out_of_range;
        return fmt::format("is \"{}\", must be a whole number {}", text,
                           open ? fmt::format("{} or more", least)
                                : fmt::format("from {} to {}", least, most));
      },
      "");
}

CLI::Validator AtLeast(int64_t least) {
  return Between(least, std::numeric_limits<int64_t>::max());
}

absl::StatusOr<Engine> OpenForReading(const std::string& dir) {
  return Open(dir, {.access = Access::kReadOnly, .create_if_missing = false});
}

absl::StatusOr<Engine> OpenForWriting(const std::string& dir,
                                      const WritingOptions& options) {
  return Open(dir, {.create_if_missing = options.create_if_missing,
                    .executor = options.executor,
                    .free_bytes_min = options.free_bytes_min});
}

absl::StatusOr<TopicDescription> FindTopic(const Engine& engine,
                                           const std::string& dir,
                                           const std::string& name) {
  auto topic = engine.DescribeTopic(name);
  if (topic.ok() || ReasonOf(topic.status()) != Reason::kUnknownTopic) {
    return topic;
  }
  const auto topics = engine.ListTopics();
  if (!topics.ok()) return topic;
  std::vector<std::string> names;
  for (const TopicDescription& each : *topics) names.push_back(each.name);
  std::string hint;
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    hint = fmt::format("did you mean {}?", nearest);
  } else if (names.empty()) {
    hint = fmt::format(
        "there is none yet; make it: cauce topic create {} "
        "--dir {}",
        name, dir);
  } else {
    const size_t shown = std::min(names.size(), kTopicsNamedMax);
    hint =
        fmt::format("there {}: {}{}; make it: cauce topic create {} --dir {}",
                    names.size() == 1 ? "is" : "are",
                    fmt::join(names.begin(),
                              names.begin() + static_cast<long>(shown), ", "),
                    shown < names.size() ? ", ..." : "", name, dir);
  }
  return MakeError(Reason::kUnknownTopic,
                   fmt::format("no topic {} in {}; {}", name, dir, hint));
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

absl::StatusOr<std::map<std::string, std::string>> ParsePairs(
    const std::vector<std::string>& pairs, std::string_view option) {
  std::map<std::string, std::string> parsed;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(fmt::format(
          "{} {}: must be NAME=VALUE, as in retention.ms=-1", option, pair));
    }
    if (!parsed.emplace(pair.substr(0, equals), pair.substr(equals + 1))
             .second) {
      return absl::InvalidArgumentError(fmt::format(
          "{} {}: {} is given twice", option, pair, pair.substr(0, equals)));
    }
  }
  return parsed;
}

}  // namespace cauce::cli
