#include "tools/cli/consume_verb.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/engine.h"
#include "cauce/read.h"
#include "fmt/format.h"
#include "tools/cli/consumer.h"
#include "tools/cli/format.h"
#include "tools/cli/group_consumer.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/print_pattern.h"
#include "tools/cli/read_from.h"

namespace cauce::cli {
namespace {

struct ConsumeOptions {
  std::string dir;
  std::string topic;
  std::string from = "start";
  bool to_end = false;
  std::optional<std::string> print;
  std::optional<std::string> group;
  bool no_commit = false;
  std::optional<int64_t> free_bytes_min;
  ConsumerOptions consumer;
};

// Options that do not go with --group; empty where there are none.
std::string_view WrongWithGroup(const ConsumeOptions& options) {
  if (!options.group) {
    if (options.no_commit) return "--no-commit goes with --group";
    return options.free_bytes_min
               ? "--free-bytes-min goes with --group: else nothing is written"
               : "";
  }
  if (options.consumer.partition || options.consumer.key) {
    return "with --group all partitions are read and what was printed is "
           "committed: leave out --partition and --key";
  }
  if (options.consumer.follow) {
    return "with --group nobody else can write meanwhile: leave out --follow";
  }
  if (options.from != "start" && options.from != "end") {
    return "with --group --from is start or end, where the group has committed "
           "nothing; `cauce group seek` moves it elsewhere";
  }
  return "";
}

int ConsumeAsMember(const ConsumeOptions& options, PrintPattern pattern) {
  GroupReading reading;
  reading.group = *options.group;
  reading.format = options.consumer.format;
  reading.count = options.consumer.count;
  reading.skip_damage = options.consumer.skip_damage;
  reading.isolation = options.consumer.isolation;
  reading.reset =
      options.from == "end" ? ResetTo::kLatest : ResetTo::kEarliest;
  reading.commits = !options.no_commit;
  reading.free_bytes_min =
      options.free_bytes_min.value_or(reading.free_bytes_min);
  return GroupConsumer(reading, std::move(pattern))
      .Run(options.dir, options.topic);
}

int Consume(const ConsumeOptions& options) {
  if (options.consumer.format == Format::kJson && options.print) {
    return UsageError(
        "with --format json each record is an object: leave out --print");
  }
  const auto from = ReadFrom::Parse(options.from);
  if (!from.ok()) return UsageError(from.status());
  auto pattern = PrintPattern::Parse(options.print.value_or("%v\\n"));
  if (!pattern.ok()) return UsageError(pattern.status());
  const std::string_view wrong = WrongWithGroup(options);
  if (!wrong.empty()) return UsageError(wrong);
  if (options.group) return ConsumeAsMember(options, *std::move(pattern));
  const auto engine = OpenForReading(options.dir);
  if (!engine.ok()) return Fail(engine.status());
  return Consumer(options.consumer, *from, *std::move(pattern))
      .Run(*engine, options.dir, options.topic);
}

}  // namespace

void AddConsumeVerb(const Verb& root, Action& action) {
  const auto options = std::make_shared<ConsumeOptions>();
  const Verb verb = root.Add("consume", "Print the records of a topic");
  verb.Footer(
      "Partitions are read one after the other, each in the order of its "
      "offsets. Another\nprocess may be writing; --follow waits for what it "
      "writes.\n\n"
      "--print takes text with these letters, and \\n \\t \\r \\\\ \\0 \\xHH:\n"
      "  %t topic  %p partition  %o offset  %d timestamp in ms  %i records "
      "before this one\n"
      "  %k key    %v value      %K %V their lengths   %h headers as k=v,k=v  "
      "%H how many\n"
      "  %% %{ %} the characters   %k{hex} %v{base64} bytes as text\n"
      "  %d{strftime[%F %T]} local time   %h{%k=%v } once for each header\n\n"
      "--format json prints an object a line, which `produce --format json` "
      "takes back.\nBytes that are not UTF-8 are {\"base64\":\"...\"}.\n\n"
      "--group goes on where the group is, and commits what was printed: each "
      "record is\nprinted at least once, however it ends. Nobody else may have "
      "the directory open for\nwriting meanwhile.\n\n"
      "Examples:\n"
      "  cauce consume orders --dir data --print '%p %o %k %v\\n' --count 10\n"
      "  cauce consume orders --dir data --from '@2023-11-14 22:13:20'\n"
      "  cauce consume orders --dir data --from end --follow\n"
      "  cauce consume orders --dir data --group billing >> bills");
  AddDir(verb, options->dir);
  AddFormat(verb, options->consumer.format);
  AddTopic(verb, options->topic);
  verb.Add("--from", options->from,
           "start (default), end, an OFFSET, or @TIME: milliseconds, "
           "RFC 3339 or local 'YYYY-MM-DD HH:MM:SS'")
      .Type("WHERE");
  verb.Add("--partition", options->consumer.partition,
           "This partition only (default: all)")
      .Takes(Between(0, kPartitionMax))
      .Type("N");
  verb.Add("--key", options->consumer.key,
           "Only records with this key, from its partition")
      .Type("KEY");
  verb.Add("--count", options->consumer.count, "Stop after N records")
      .Takes(AtLeast(0))
      .Type("N");
  const Option to_end =
      verb.AddFlag("--to-end", options->to_end,
                   "Stop where the log ended when it was opened (default)");
  verb.AddFlag("--follow,-f", options->consumer.follow,
               "Wait for more instead of stopping at the end")
      .Excludes(to_end);
  verb.Add("--print", options->print,
           "How a record is printed (default: '%v\\n')")
      .Type("PATTERN");
  verb.AddWord(
          "--isolation",
          [options](const std::string& word) {
            options->consumer.isolation = word == "read-committed"
                                              ? Isolation::kReadCommitted
                                              : Isolation::kReadUncommitted;
          },
          "read-uncommitted (default), or read-committed: nothing of "
          "transactions that were aborted or have not ended")
      .Type("LEVEL")
      .Takes(OneOf({"read-uncommitted", "read-committed"}));
  verb.AddFlag("--skip-damage", options->consumer.skip_damage,
               "Tell of damaged batches and read on behind them; the exit "
               "code is 1");
  verb.Add("--group", options->group,
           "Read as a member of this consumer group, from where it is")
      .Takes(GroupName())
      .Type("GROUP");
  verb.AddFlag("--no-commit", options->no_commit,
               "With --group: leave the group where it is");
  verb.Add("--free-bytes-min", options->free_bytes_min,
           fmt::format("With --group: note nothing of it that would leave less "
                       "than a quarter of this of the disk free (default: {}; "
                       "0: use it to the last byte)",
                       EngineOptions().free_bytes_min))
      .Takes(AtLeast(0))
      .Type("BYTES");
  verb.Does(action, [options] { return Consume(*options); });
}

}  // namespace cauce::cli
