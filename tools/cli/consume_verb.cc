#include "tools/cli/consume_verb.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partitioner.h"
#include "fmt/format.h"
#include "tools/cli/envelope.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/output.h"
#include "tools/cli/print_pattern.h"
#include "tools/cli/progress.h"
#include "tools/cli/record_source.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

struct ConsumeOptions {
  std::string dir;
  std::string topic;
  Format format = Format::kText;
  std::string from = "start";
  std::optional<int32_t> partition;
  std::optional<std::string> key;
  bool to_end = false;
  bool follow = false;
  std::optional<int64_t> count;
  std::string print = "%v\\n";
  bool skip_damage = false;
};

// Where to begin: an offset, a time, or an end of the log.
struct From {
  enum class Kind { kStart, kEnd, kOffset, kTime };
  Kind kind = Kind::kStart;
  Offset offset;
  Timestamp time;
};

absl::StatusOr<From> ParseFrom(std::string_view text) {
  if (text == "start") return From{From::Kind::kStart};
  if (text == "end") return From{From::Kind::kEnd};
  if (text.starts_with("@")) {
    const auto time = ParseTime(text.substr(1));
    if (!time.ok()) return time.status();
    return From{From::Kind::kTime, {}, *time};
  }
  int64_t offset = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, offset);
  if (error == std::errc() && at == end && offset >= 0) {
    return From{From::Kind::kOffset, Offset{offset}};
  }
  return absl::InvalidArgumentError(fmt::format(
      "--from {}: must be start, end, an offset such as 42, or a time such as "
      "'@2023-11-14 22:13:20'",
      text));
}

absl::StatusOr<Offset> Resolve(const From& from, const Partition& partition) {
  switch (from.kind) {
    case From::Kind::kStart:
      return partition.log_start();
    case From::Kind::kEnd:
      return partition.high_watermark();
    case From::Kind::kTime: {
      const auto found = partition.FindByTime(from.time);
      if (!found.ok()) return found.status();
      return *found ? (*found)->offset : partition.high_watermark();
    }
    case From::Kind::kOffset:
      break;
  }
  if (from.offset < partition.log_start()) {
    Note(fmt::format("{} begins at offset {}: records before it are gone",
                     partition.name().ToString(), partition.log_start().value));
    return partition.log_start();
  }
  return from.offset;
}

absl::StatusOr<std::vector<SourcePart>> Parts(const Engine& engine,
                                              const TopicDescription& topic,
                                              const ConsumeOptions& options,
                                              const From& from) {
  std::optional<PartitionId> only;
  if (options.key) only = PartitionForKey(*options.key, topic.partitions);
  if (options.partition) only = PartitionId{*options.partition};
  std::vector<SourcePart> parts;
  Offset last_end{0};
  for (int32_t i = 0; i < topic.partitions; ++i) {
    if (only && only->value != i && only->value >= 0 &&
        only->value < topic.partitions) {
      continue;
    }
    auto partition =
        FindPartition(engine, topic, only.value_or(PartitionId{i}));
    if (!partition.ok()) return partition.status();
    const auto offset = Resolve(from, *partition);
    if (!offset.ok()) return offset.status();
    const Offset end = partition->high_watermark();
    last_end = std::max(last_end, end);
    // Another partition may have it.
    if (!options.follow && *offset > end) continue;
    parts.push_back({*std::move(partition), *offset,
                     options.follow ? std::nullopt : std::optional(end)});
  }
  if (parts.empty()) {
    return MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("there is no offset {} yet: the log ends at {}; --follow "
                    "waits for it",
                    options.from, last_end.value));
  }
  return parts;
}

class Consumer {
 public:
  Consumer(const ConsumeOptions& options, PrintPattern pattern)
      : options_(options),
        pattern_(std::move(pattern)),
        out_(STDOUT_FILENO),
        progress_("read", 0) {}

  int Run(const Engine& engine, const TopicDescription& topic,
          const From& from) {
    topic_ = topic.name;
    // Watched first and read then: what is written in between wakes us up.
    std::unique_ptr<FileWatch> watch;
    if (options_.follow) {
      auto made = Watch(topic);
      if (!made.ok()) return Fail(made.status());
      watch = *std::move(made);
    }
    auto parts = Parts(engine, topic, options_, from);
    if (!parts.ok()) return Fail(parts.status());
    RecordSource source(*std::move(parts), options_.skip_damage
                                               ? RecordSource::OnDamage::kSkip
                                               : RecordSource::OnDamage::kStop);
    absl::Status status;
    if (options_.count != 0) status = Read(source, watch.get());
    out_.Flush();
    if (!status.ok()) return Fail(status);
    if (!out_.status().ok()) return Fail(out_.status());
    if (Interrupts::Signal() != 0) return InterruptedExit();
    return source.damage_seen() ? kFailed : kOk;
  }

 private:
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      const TopicDescription& topic) const {
    std::vector<std::string> directories;
    for (int32_t i = 0; i < topic.partitions; ++i) {
      directories.push_back(
          fmt::format("{}/{}-{}", options_.dir, topic.name, i));
    }
    return PosixFileSystem()->Watch(directories);
  }

  absl::Status Read(RecordSource& source, FileWatch* watch) {
    for (;;) {
      const absl::Status status = source.ReadAvailable(
          [this](const RecordSource::Item& item) { return Take(item); });
      if (!status.ok() || done_ || watch == nullptr) return status;
      out_.Flush();
      if (out_.gone()) return absl::OkStatus();
      const auto changed = watch->Wait(absl::InfiniteDuration());
      if (!changed.ok()) return changed.status();
      if (Interrupts::Signal() != 0) return absl::OkStatus();
    }
  }

  RecordSource::Next Take(const RecordSource::Item& item) {
    const RecordView& record = item.record;
    if (!options_.key || record.key == *options_.key) {
      Print(item);
      ++taken_;
      bytes_ += static_cast<int64_t>(record.key.value_or("").size() +
                                     record.value.value_or("").size());
      progress_.Update(taken_, bytes_);
    }
    done_ =
        taken_ == options_.count || out_.gone() || Interrupts::Signal() != 0;
    return done_ ? RecordSource::Next::kStop : RecordSource::Next::kGoOn;
  }

  void Print(const RecordSource::Item& item) {
    std::string& buffer = out_.buffer();
    if (options_.format == Format::kJson) {
      AppendEnvelope(topic_, item.partition, item.timestamp_type, item.record,
                     buffer);
      buffer += '\n';
    } else {
      pattern_.Append(topic_, item.partition, taken_, item.record, buffer);
    }
    out_.Written();
  }

  const ConsumeOptions& options_;
  const PrintPattern pattern_;
  std::string topic_;
  Output out_;
  Progress progress_;
  int64_t taken_ = 0;
  int64_t bytes_ = 0;
  bool done_ = false;
};

int Consume(const ConsumeOptions& options) {
  const auto from = ParseFrom(options.from);
  if (!from.ok()) return UsageError(from.status());
  auto pattern = PrintPattern::Parse(options.print);
  if (!pattern.ok()) return UsageError(pattern.status());
  const auto engine = OpenForReading(options.dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.topic);
  if (!topic.ok()) return Fail(topic.status());
  return Consumer(options, *std::move(pattern)).Run(*engine, *topic, *from);
}

}  // namespace

void AddConsumeVerb(CLI::App& root, Action& action) {
  const auto options = std::make_shared<ConsumeOptions>();
  CLI::App* verb =
      root.add_subcommand("consume", "Print the records of a topic");
  verb->footer(
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
      "Examples:\n"
      "  cauce consume orders --dir data --print '%p %o %k %v\\n' --count 10\n"
      "  cauce consume orders --dir data --from '@2023-11-14 22:13:20'\n"
      "  cauce consume orders --dir data --from end --follow");
  AddDir(*verb, options->dir);
  AddFormat(*verb, options->format);
  verb->add_option("topic", options->topic, "The topic's name")
      ->required()
      ->type_name("TOPIC");
  verb->add_option("--from", options->from,
                   "start (default), end, an OFFSET, or @TIME: milliseconds, "
                   "RFC 3339 or local 'YYYY-MM-DD HH:MM:SS'")
      ->type_name("WHERE");
  verb->add_option("--partition", options->partition,
                   "This partition only (default: all)")
      ->type_name("N");
  verb->add_option("--key", options->key,
                   "Only records with this key, from its partition")
      ->type_name("KEY");
  verb->add_option("--count", options->count, "Stop after N records")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  CLI::Option* to_end =
      verb->add_flag("--to-end", options->to_end,
                     "Stop where the log ended when it was opened (default)");
  verb->add_flag("--follow,-f", options->follow,
                 "Wait for more instead of stopping at the end")
      ->excludes(to_end);
  verb->add_option("--print", options->print,
                   "How a record is printed (default: '%v\\n')")
      ->type_name("PATTERN");
  verb->add_flag("--skip-damage", options->skip_damage,
                 "Tell of damaged batches and read on behind them; the exit "
                 "code is 1");
  verb->callback(
      [&action, options] { action = [options] { return Consume(*options); }; });
}

}  // namespace cauce::cli
