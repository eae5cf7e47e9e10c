#include "tools/cli/topic_verbs.h"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "cauce/topic_id.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"
#include "tools/cli/backup_verbs.h"
#include "tools/cli/confirmation.h"
#include "tools/cli/format.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/opening_threads.h"
#include "tools/cli/options.h"
#include "tools/cli/table.h"
#include "tools/cli/topic_configs.h"

namespace cauce::cli {
namespace {

struct TopicOptions {
  std::string dir;
  Format format = Format::kText;
  std::string name;
  std::optional<int32_t> partitions;
  std::vector<std::string> configs;
  std::vector<std::string> unset;
  bool all = false;  // configs, also those by default
  bool yes = false;
  int64_t free_bytes_min = WritingOptions().free_bytes_min;
};

using Options = std::shared_ptr<TopicOptions>;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string ConfigsText(const std::map<std::string, std::string>& configs) {
  std::vector<std::string> pairs;
  for (const auto& [name, value] : configs) pairs.push_back(name + '=' + value);
  return fmt::format("{}", fmt::join(pairs, " "));
}

// What no topic could take is wrong before there is a directory to look at.
absl::StatusOr<TopicConfigOverrides> ParseConfigs(
    const std::vector<std::string>& pairs) {
  auto configs = ParsePairs(pairs, "--config");
  if (!configs.ok()) return configs.status();
  const auto valid = ParseTopicConfig(*configs);
  if (!valid.ok()) return Annotate(valid.status(), "--config");
  return configs;
}

Json ToJson(const TopicDescription& topic) {
  return {{"name", topic.name},
          {"id", TopicIdText(topic.id)},
          {"partitions", topic.partitions},
          {"configs", Json(topic.configs)},
          {"imported", topic.imported}};
}

// Ends a verb that changed something.
int Finish(Engine& engine, const absl::Status& status, Format format,
           const std::string& text, const Json& json) {
  if (!status.ok()) return Fail(status);
  if (absl::Status closed = engine.Close(); !closed.ok()) return Fail(closed);
  Print(format == Format::kJson ? Line(json) : text + '\n');
  return kOk;
}

int Create(const TopicOptions& options) {
  auto configs = ParseConfigs(options.configs);
  if (!configs.ok()) return UsageError(configs.status());
  const TopicSpec spec = {.partitions = options.partitions.value_or(1),
                          .configs = *std::move(configs)};
  // Before a directory is made for it.
  if (absl::Status bad = Validate(options.name, spec); !bad.ok()) {
    return UsageError(bad);
  }
  OpeningThreads threads;
  auto engine =
      OpenForWriting(options.dir, {.threads = &threads,
                                   .create_if_missing = true,
                                   .free_bytes_min = options.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = engine->CreateTopic(options.name, spec);
  if (ReasonOf(topic.status()) == Reason::kTopicExists) {
    return Fail(MakeError(
        Reason::kTopicExists,
        fmt::format("{}; cauce topic alter changes it",
                    MessageOf(topic.status()))));
  }
  if (!topic.ok()) return Fail(topic.status());
  return Finish(*engine, absl::OkStatus(), options.format,
                fmt::format("created {} with {} (id {})", topic->name,
                            Counted(topic->partitions, "partition"),
                            TopicIdText(topic->id)),
                ToJson(*topic));
}

int List(const TopicOptions& options) {
  const auto engine = OpenForReading(options.dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto topics = engine->ListTopics();
  if (!topics.ok()) return Fail(topics.status());
  if (options.format == Format::kJson) {
    Json list = Json::array();
    for (const TopicDescription& topic : *topics) list.push_back(ToJson(topic));
    Print(Line(list));
    return kOk;
  }
  Table table({"TOPIC", "PARTITIONS", "CONFIGS"});
  for (const TopicDescription& topic : *topics) {
    table.Add({topic.name, std::to_string(topic.partitions),
               ConfigsText(topic.configs)});
  }
  Print(table.ToString());
  return kOk;
}

Json ToJson(const Partition& partition) {
  return {{"partition", partition.name().partition.value},
          {"log_start", partition.log_start().value},
          {"high_watermark", partition.high_watermark().value},
          {"log_end", partition.log_end().value},
          {"leader_epoch", partition.leader_epoch().value},
          {"bytes", partition.bytes()}};
}

// What there is to say of one partition: where it cannot be opened, why not.
// An error only where the topic went.
absl::StatusOr<Json> Look(const Engine& engine, const TopicDescription& topic,
                          int32_t partition) {
  const auto opened = FindPartition(engine, topic, PartitionId{partition});
  if (opened.ok()) return ToJson(*opened);
  absl::Status failure = ReadFailure(engine, topic, opened.status());
  if (ReasonOf(failure) == Reason::kUnknownTopic) return failure;
  return Json{{"partition", partition}, {"error", MessageOf(failure)}};
}

// One partition a row; what could not be opened is told in a last column.
std::string LogsTable(const Json& logs, bool has_errors) {
  const std::vector<std::pair<std::string, std::string>> columns = {
      {"PARTITION", "partition"},
      {"LOG START", "log_start"},
      {"HIGH WATERMARK", "high_watermark"},
      {"LOG END", "log_end"},
      {"BYTES", "bytes"},
      {"EPOCH", "leader_epoch"}};
  std::vector<std::string> heads;
  for (const auto& [head, key] : columns) heads.push_back(head);
  if (has_errors) heads.push_back("ERROR");
  Table table(std::move(heads));
  for (const Json& log : logs) {
    std::vector<std::string> cells;
    for (const auto& [head, key] : columns) {
      cells.push_back(log.contains(key) ? log[key].dump() : "-");
    }
    if (has_errors) cells.push_back(log.value("error", ""));
    table.Add(std::move(cells));
  }
  return table.ToString();
}

void PrintDescription(const TopicDescription& topic, const Json& logs,
                      bool has_errors, const TopicOptions& options) {
  Print(fmt::format("topic       {}\nid          {}\npartitions  {}\n",
                    topic.name, TopicIdText(topic.id), topic.partitions));
  for (const auto& [name, value] : topic.configs) {
    if (options.all) break;  // below, with the others
    Print(fmt::format("config      {}={}\n", name, value));
  }
  if (topic.imported) {
    Print(
        "imported    its configs were never given here, so nothing of it is "
        "deleted\n");
  }
  Print('\n' + LogsTable(logs, has_errors));
  if (options.all) Print('\n' + ConfigsTable(topic.configs));
}

int Describe(const TopicOptions& options) {
  const auto engine = OpenForReading(options.dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.name);
  if (!topic.ok()) return Fail(topic.status());
  Json json = ToJson(*topic);
  if (options.all) json["all_configs"] = ConfigsJson(topic->configs);
  Json& logs = json["logs"] = Json::array();
  int errors = 0;
  for (int32_t i = 0; i < topic->partitions; ++i) {
    auto log = Look(*engine, *topic, i);
    if (!log.ok()) return Fail(log.status());
    errors += static_cast<int>(log->contains("error"));
    logs.push_back(*std::move(log));
  }
  if (options.format == Format::kJson) {
    Print(Line(json));
  } else {
    PrintDescription(*topic, logs, errors > 0, options);
  }
  if (errors == 0) return kOk;
  Note(fmt::format("{} of {} cannot be opened", errors,
                   Counted(topic->partitions, "partition")));
  return kFailed;
}

int Alter(const TopicOptions& options) {
  const auto configs = ParseConfigs(options.configs);
  if (!configs.ok()) return UsageError(configs.status());
  std::vector<ConfigChange> changes;
  for (const auto& [name, value] : *configs) changes.push_back({name, value});
  for (const std::string& name : options.unset) {
    if (configs->contains(name)) {
      return UsageError(fmt::format("{} is both set and unset", name));
    }
    changes.push_back({name, std::nullopt});
  }
  if (changes.empty() && !options.partitions) {
    return UsageError(
        "nothing to alter: give --config, --unset or "
        "--partitions");
  }
  OpeningThreads threads;
  auto engine = OpenForWriting(
      options.dir,
      {.threads = &threads, .free_bytes_min = options.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.name);
  if (!topic.ok()) return Fail(topic.status());
  const absl::Status status =
      engine->AlterTopic(topic->name, changes, options.partitions);
  // A name that is no config's was to be unset.
  if (ReasonOf(status) == Reason::kInvalidConfig) return UsageError(status);
  const auto altered = engine->DescribeTopic(topic->name);
  if (!altered.ok()) return Fail(altered.status());
  return Finish(*engine, status, options.format,
                fmt::format("altered {}: {}{}{}", altered->name,
                            Counted(altered->partitions, "partition"),
                            altered->configs.empty() ? "" : " ",
                            ConfigsText(altered->configs)),
                ToJson(*altered));
}

int Delete(const TopicOptions& options) {
  if (!options.yes && isatty(STDIN_FILENO) == 0) {
    return UsageError(fmt::format(
        "deleting {} deletes its records for good: say so with --yes",
        options.name));
  }
  OpeningThreads threads;
  auto engine = OpenForWriting(options.dir, {.threads = &threads});
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.name);
  if (!topic.ok()) return Fail(topic.status());
  const Answer answer =
      options.yes
          ? Answer::kYes
          : AskWhether(fmt::format(
                "delete {} with its {} and all their records, for good?",
                topic->name, Counted(topic->partitions, "partition")));
  if (answer != Answer::kYes) {
    Note("nothing was deleted");
    return answer == Answer::kInterrupted ? InterruptedExit() : kFailed;
  }
  return Finish(*engine, engine->DeleteTopic(topic->name), options.format,
                fmt::format("deleted {}", topic->name),
                {{"deleted", topic->name}});
}

Verb AddVerb(const Verb& noun, Action& action, const std::string& name,
             const std::string& description, const Options& options,
             int (*run)(const TopicOptions&), const std::string& example) {
  const Verb verb = noun.Add(name, description);
  verb.Footer("Example:\n  " + example);
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Does(action, [options, run] { return run(*options); });
  return verb;
}

void AddPartitions(const Verb& verb, const Options& options,
                   const std::string& description) {
  verb.Add("--partitions", options->partitions, description)
      .Takes(Between(1, kTopicPartitionsMax))
      .Type("N");
}

}  // namespace

void AddTopicVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("topic", "Topics and their configs");
  noun.NeedsVerb();
  const auto options = std::make_shared<TopicOptions>();
  const std::string kConfig = "A config by Kafka's name, as in retention.ms=-1";

  const Verb create =
      AddVerb(noun, action, "create", "Make a topic", options, Create,
              "cauce topic create orders --dir data --partitions 3 "
              "--config retention.ms=-1\n\n" +
                  ConfigsHelp());
  AddTopic(create, options->name);
  AddPartitions(create, options, "How many partitions (default: 1)");
  create.AddRepeated("--config", options->configs, kConfig).Type("NAME=VALUE");
  AddFreeBytesMin(create, options->free_bytes_min);

  AddVerb(noun, action, "list", "All topics", options, List,
          "cauce topic list --dir data --format json");

  const Verb describe =
      AddVerb(noun, action, "describe",
              "A topic's configs, and its partitions' "
              "offsets and sizes",
              options, Describe, "cauce topic describe orders --dir data");
  AddTopic(describe, options->name);
  describe.AddFlag("--all", options->all,
                   "Every config: its value, set or by default, and what it "
                   "means");

  const Verb alter =
      AddVerb(noun, action, "alter",
              "Change a topic's configs, or give it more "
              "partitions",
              options, Alter,
              "cauce topic alter orders --dir data --config segment.ms=3600000 "
              "--unset retention.ms\n\n" +
                  ConfigsHelp());
  AddTopic(alter, options->name);
  AddPartitions(alter, options,
                "Grow to this many; keys may then go to other partitions");
  alter.AddRepeated("--config", options->configs, kConfig).Type("NAME=VALUE");
  alter
      .AddRepeated("--unset", options->unset,
                   "Take a config back to its default")
      .Type("NAME");
  AddFreeBytesMin(alter, options->free_bytes_min);

  const Verb remove =
      AddVerb(noun, action, "delete", "Delete a topic and all its records",
              options, Delete, "cauce topic delete orders --dir data --yes");
  AddTopic(remove, options->name);
  remove.AddFlag("--yes,-y", options->yes, "Do not ask");

  AddBackupVerbs(noun, action);
}

}  // namespace cauce::cli
