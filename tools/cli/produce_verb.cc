#include "tools/cli/produce_verb.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/codec.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/batch_bytes.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/format.h"
#include "tools/cli/line_format.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/opening_threads.h"
#include "tools/cli/options.h"
#include "tools/cli/producer.h"

namespace cauce::cli {
namespace {

// How long retention and the like may keep a run from its own work. The next
// run goes on elsewhere.
constexpr absl::Duration kUpkeepMax = absl::Seconds(1);

struct ProduceOptions {
  std::string dir;
  std::string topic;
  std::optional<int32_t> partition;
  std::string acks = "all";
  std::string compression = "none";
  std::vector<std::string> headers;
  LineFormatOptions lines;
  int64_t linger_ms = 5;
  int64_t free_bytes_min = WritingOptions().free_bytes_min;
  ProducerOptions producer;
};

// `pairs` keep what the headers view.
absl::StatusOr<std::vector<Header>> ParseHeaders(
    const std::vector<std::string>& pairs) {
  std::vector<Header> headers;
  for (const std::string_view pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return absl::InvalidArgumentError(
          fmt::format("--header {}: must be NAME=VALUE", pair));
    }
    headers.push_back({pair.substr(0, equals), pair.substr(equals + 1)});
  }
  return headers;
}

std::string_view WrongCombination(const ProduceOptions& options) {
  const bool text_only = options.lines.key_separator ||
                         options.lines.key_pattern || options.lines.time_format;
  if (options.producer.format == Format::kJson && text_only) {
    return "with --format json keys and times come from the JSON: leave out "
           "--key-separator, --key-pattern and --time-format";
  }
  if (options.producer.format == Format::kText &&
      options.producer.repartition) {
    return "--repartition goes with --format json";
  }
  if (options.lines.key_separator && options.lines.key_separator->empty()) {
    return "--key-separator must not be empty";
  }
  if (options.lines.time_format && options.lines.time_format->empty()) {
    return "--time-format must not be empty";
  }
  if (options.lines.time_if_any && !options.lines.time_format) {
    return "--time-if-any goes with --time-format";
  }
  if (options.acks == "0" && options.producer.print_acks) {
    return "with --acks 0 nothing is acknowledged: leave out --print-acks";
  }
  return "";
}

int Produce(const ProduceOptions& options) {
  auto headers = ParseHeaders(options.headers);
  if (!headers.ok()) return UsageError(headers.status());
  auto line_format = LineFormat::Make(options.lines);
  if (!line_format.ok()) return UsageError(line_format.status());
  const std::string_view wrong = WrongCombination(options);
  if (!wrong.empty()) return UsageError(wrong);
  ProducerOptions producer = options.producer;
  producer.writer.codec = *ParseCodec(options.compression);
  if (absl::Status bad =
          CheckBatchBytes(producer.writer.batch_bytes, producer.writer.codec);
      !bad.ok()) {
    return UsageError(bad);
  }

  // In this order: what is on its way rings until the threads are gone.
  Doorbell doorbell;
  OpeningThreads threads;
  // Nobody else syncs what is on its way while the next lines are read.
  if (threads.executor() == nullptr) {
    return Fail(absl::ResourceExhaustedError(
        "the system has no thread left, and produce needs one: end other "
        "programs, or raise the limit (ulimit -u)"));
  }
  auto engine = OpenForWriting(
      options.dir,
      {.threads = &threads, .free_bytes_min = options.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.topic);
  if (!topic.ok()) return Fail(topic.status());
  if (options.partition) {
    const auto partition =
        FindPartition(*engine, *topic, PartitionId{*options.partition});
    if (!partition.ok()) return Fail(partition.status());
  }
  // Else retention would never run where all programs are short. Before and
  // not after: old records that this run imports are there for the next to
  // read. What it cannot do keeps nobody from storing.
  const absl::Status kept = engine->RunUpkeep(kUpkeepMax);
  if (!kept.ok()) Note(fmt::format("upkeep: {}", MessageOf(kept)));
  if (options.partition) producer.partition = PartitionId{*options.partition};
  producer.headers = *std::move(headers);
  producer.linger = absl::Milliseconds(options.linger_ms);
  producer.writer.ack =
      options.acks == "all" || options.acks == "-1" ? Ack::kDurable
                                                    : Ack::kWritten;
  int exit = Producer(producer, *std::move(line_format), doorbell)
                 .Run(*engine, *topic);
  if (absl::Status closed = engine->Close(); !closed.ok()) {
    exit = Fail(closed);
  }
  return exit;
}

}  // namespace

void AddProduceVerb(const Verb& root, Action& action) {
  const auto options = std::make_shared<ProduceOptions>();
  const Verb verb =
      root.Add("produce", "Store the lines of standard input in a topic");
  verb.Footer(
      "Each line is a record's value. With --format json each line is an "
      "object as\n`consume --format json` prints it; \"partition\" is obeyed, "
      "\"topic\", \"offset\" and\n\"timestamp_type\" are not looked at.\n"
      "SIGINT and SIGTERM end it cleanly: whole lines that were read are "
      "stored, and what\nwas stored is told. What a line cannot be is told "
      "with its number; lines before it\nare stored.\n\n"
      "Examples:\n"
      "  printf 'k1:one\\nk2:two\\n' | cauce produce orders --dir data "
      "--key-separator :\n"
      "  cauce produce packages --dir data --key-pattern ' (install|remove) "
      "([^ :]+)' \\\n"
      "    --time-format '%Y-%m-%d %H:%M:%S' < /var/log/dpkg.log\n"
      "  cauce consume orders --dir data --format json |\n"
      "    cauce produce copy --dir other --format json");
  AddDir(verb, options->dir);
  AddFormat(verb, options->producer.format);
  AddTopic(verb, options->topic);
  verb.Add("--partition", options->partition,
           "Store in this partition (default: by key, else to each in turn, "
           "a batch at a time)")
      .Takes(Between(0, kPartitionMax))
      .Type("N");
  verb.AddFlag("--repartition", options->producer.repartition,
               "Choose partitions anew: ignore the JSON's");
  const Option key_separator =
      verb.Add("--key-separator", options->lines.key_separator,
               "The key stands before it, the value behind it")
          .Type("TEXT");
  verb.Add("--key-pattern", options->lines.key_pattern,
           "The key is what the last ( ) of this extended regular "
           "expression matches; the value the whole line")
      .Excludes(key_separator)
      .Type("REGEX");
  verb.Add("--time-format", options->lines.time_format,
           "The line begins with its local time, of this strftime "
           "form; one that does not ends the run")
      .Type("FORM");
  verb.AddFlag("--time-if-any", options->lines.time_if_any,
               "A line without a time gets the time of reading");
  verb.AddRepeated("--header", options->headers, "A header for every record")
      .Type("NAME=VALUE");
  verb.Add("--acks", options->acks,
           "0, 1 (written), or all (durable; the default), which is -1 too")
      .Takes(OneOf({"0", "1", "all", "-1"}))
      .Type("ACKS");
  verb.AddFlag("--print-acks", options->producer.print_acks,
               "Print partition and offset of every record as soon as it is "
               "acknowledged");
  verb.Add("--compression", options->compression,
           "none (default), gzip, snappy, lz4 or zstd")
      .Takes(OneOf({"none", "gzip", "snappy", "lz4", "zstd"}))
      .Type("CODEC");
  verb.Add("--batch-bytes", options->producer.writer.batch_bytes,
           "How large a batch grows (default: 65536; with a codec at "
           "most 67108864)")
      .Takes(Between(1, 1 << 30))
      .Type("BYTES");
  verb.Add("--linger", options->linger_ms,
           "How long a batch waits for more input, in milliseconds "
           "(default: 5)")
      .Takes(Between(0, 60'000))
      .Type("MS");
  AddFreeBytesMin(verb, options->free_bytes_min);
  verb.Does(action, [options] { return Produce(*options); });
}

}  // namespace cauce::cli
