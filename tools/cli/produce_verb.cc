#include "tools/cli/produce_verb.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/envelope.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/line_format.h"
#include "tools/cli/line_reader.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"
#include "tools/cli/topic_writer.h"

namespace cauce::cli {
namespace {

struct ProduceOptions {
  std::string dir;
  std::string topic;
  Format format = Format::kText;
  std::optional<int32_t> partition;
  std::string acks = "all";
  std::string compression = "none";
  std::vector<std::string> headers;
  LineFormatOptions lines;
  bool repartition = false;
  bool print_acks = false;
  size_t batch_bytes = 64 << 10;
  int linger_ms = 5;
};

// The size of standard input where it is a file; else 0.
int64_t InputBytes() {
  struct stat info = {};
  const bool is_file = fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode);
  return is_file ? info.st_size : 0;
}

// A regular file can always be read at once, and poll says so; a terminal or a
// pipe may let us wait.
class Producer {
 public:
  Producer(const ProduceOptions& options, std::vector<Header> headers,
           LineFormat line_format, Doorbell& doorbell)
      : options_(options),
        headers_(std::move(headers)),
        doorbell_(doorbell),
        out_(STDOUT_FILENO),
        lines_(STDIN_FILENO),
        line_format_(std::move(line_format)),
        progress_("stored", InputBytes()) {}

  int Run(const Engine& engine, const TopicDescription& topic) {
    topic_ = topic.name;
    auto writer = TopicWriter::Open(
        engine, topic,
        {.ack = options_.acks == "all" ? Ack::kDurable : Ack::kWritten,
         .codec = *ParseCodec(options_.compression),
         .batch_bytes = options_.batch_bytes},
        doorbell_, [this](PartitionId partition, const AppendResult& stored) {
          if (options_.print_acks) PrintAck(partition, stored);
        });
    if (!writer.ok()) return Fail(writer.status());
    writer_ = *std::move(writer);
    const absl::Status read = ReadAll();
    // Whatever went wrong with the input, what was read before it is stored.
    const absl::Status stored = writer_->Finish();
    out_.Flush();
    return Report(read, stored);
  }

 private:
  // Hands every line to the writer; OK at the end of the input and when the
  // user has had enough. An append that failed is told by Finish.
  absl::Status ReadAll() {
    for (;;) {
      absl::Status status = TakeLines();
      if (!status.ok()) return status;
      if (lines_.at_end() || Interrupts::Signal() != 0 || out_.gone()) {
        return absl::OkStatus();
      }
      status = AwaitInput();
      if (!status.ok()) return status;
    }
  }

  absl::Status TakeLines() {
    read_at_ = Timestamp::From(clock_->Now());
    while (const auto line = lines_.Next()) {
      const absl::Status status = Take(*line);
      if (!status.ok()) {
        return Annotate(status, fmt::format("line {}", lines_.line_number()));
      }
    }
    if (absl::Status status = writer_->Reap(); !status.ok()) return status;
    ShowProgress();
    return absl::OkStatus();
  }

  absl::Status Take(std::string_view line) {
    std::optional<PartitionId> partition;
    if (options_.partition) partition = PartitionId{*options_.partition};
    if (options_.format == Format::kText) {
      Record record = line_format_.ToRecord(line);
      record.headers = headers_;
      if (!record.timestamp.has_value()) record.timestamp = read_at_;
      return writer_->Add(record, partition);
    }
    auto envelope = envelopes_.Parse(line);
    if (!envelope.ok()) return envelope.status();
    if (!envelope->has_timestamp) envelope->record.timestamp = read_at_;
    if (!partition && !options_.repartition) partition = envelope->partition;
    std::vector<Header> headers;
    if (!headers_.empty()) {
      headers.assign(envelope->record.headers.begin(),
                     envelope->record.headers.end());
      headers.insert(headers.end(), headers_.begin(), headers_.end());
      envelope->record.headers = headers;
    }
    return writer_->Add(envelope->record, partition);
  }

  // Waits for bytes to read and reads them. What was read before is sent on
  // its way once it has waited long enough for more.
  absl::Status AwaitInput() {
    const absl::Duration linger = absl::Milliseconds(options_.linger_ms);
    for (;;) {
      const absl::Duration now = clock_->Monotonic();
      if (!writer_->has_unsent()) {
        send_at_ = absl::InfiniteDuration();
      } else if (send_at_ == absl::InfiniteDuration()) {
        send_at_ = now + linger;
      } else if (now >= send_at_) {
        if (absl::Status status = writer_->Send(); !status.ok()) return status;
        continue;
      }
      const Doorbell::Woken woken =
          doorbell_.Wait(STDIN_FILENO, send_at_ - now);
      if (Interrupts::Signal() != 0) return absl::OkStatus();
      if (woken.rung) {
        if (absl::Status status = writer_->Reap(); !status.ok()) return status;
        ShowProgress();
      }
      if (woken.readable) return lines_.Fill();
    }
  }

  void ShowProgress() {
    progress_.Update(writer_->records_stored(), writer_->bytes_stored());
  }

  // A line for every offset, so that a script can check each of them.
  void PrintAck(PartitionId partition, const AppendResult& stored) {
    for (Offset offset = stored.base; offset < stored.next;
         offset = offset + 1) {
      const auto to = std::back_inserter(out_.buffer());
      if (options_.format == Format::kJson) {
        fmt::format_to(to,
                       "{{\"topic\":\"{}\",\"partition\":{},\"offset\":{}}}\n",
                       topic_, partition.value, offset.value);
      } else {
        fmt::format_to(to, "ack {} {}\n", partition.value, offset.value);
      }
      out_.Written();
    }
    out_.Flush();
  }

  int Report(const absl::Status& read, const absl::Status& stored) {
    const int signal = Interrupts::Signal();
    const absl::Duration elapsed = progress_.elapsed();
    if (signal != 0) Note("interrupted; what was read has been stored");
    const auto bytes = static_cast<double>(writer_->bytes_stored());
    Note(fmt::format("stored {} records, {}, in {:.3f} s ({}/s)",
                     writer_->records_stored(), BytesText(bytes),
                     absl::ToDoubleSeconds(elapsed),
                     BytesText(bytes / absl::ToDoubleSeconds(elapsed))));
    for (size_t i = 0; i < writer_->stored().size(); ++i) {
      const TopicWriter::Stored& lane = writer_->stored()[i];
      if (lane.records == 0) continue;
      Note(fmt::format("{}-{}: {} records, offsets {} to {}", topic_, i,
                       lane.records, lane.base.value, lane.next.value - 1));
    }
    if (const int64_t count = line_format_.without_key(); count > 0) {
      Note(fmt::format("{} lines had no key", count));
    }
    if (const int64_t count = line_format_.without_time(); count > 0) {
      Note(
          fmt::format("{} lines had no time of the form given: they have that "
                      "of being read",
                      count));
    }
    writer_.reset();
    // A failed append also ends the reading, with the same words.
    if (!stored.ok()) return Fail(stored);
    if (!read.ok()) return Fail(read);
    if (!out_.status().ok()) return Fail(out_.status());
    if (signal == 0 && out_.gone()) {
      Note("stopped: nobody reads the acknowledgements any more");
      return kFailed;
    }
    return signal != 0 ? InterruptedExit() : kOk;
  }

  const ProduceOptions& options_;
  const std::vector<Header> headers_;
  Doorbell& doorbell_;
  Clock* const clock_ = SystemClock();
  std::string topic_;
  Output out_;
  LineReader lines_;
  LineFormat line_format_;
  EnvelopeReader envelopes_;
  Progress progress_;
  std::unique_ptr<TopicWriter> writer_;
  Timestamp read_at_;  // for records without a time of their own
  absl::Duration send_at_ = absl::InfiniteDuration();  // what is unsent
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
  if (options.format == Format::kJson && text_only) {
    return "with --format json keys and times come from the JSON: leave out "
           "--key-separator, --key-pattern and --time-format";
  }
  if (options.format == Format::kText && options.repartition) {
    return "--repartition goes with --format json";
  }
  if (options.lines.key_separator && options.lines.key_separator->empty()) {
    return "--key-separator must not be empty";
  }
  if (options.acks == "0" && options.print_acks) {
    return "with --acks 0 nothing is acknowledged: leave out --print-acks";
  }
  return "";
}

int Produce(const ProduceOptions& options) {
  const auto headers = ParseHeaders(options.headers);
  if (!headers.ok()) return UsageError(headers.status());
  auto line_format = LineFormat::Make(options.lines);
  if (!line_format.ok()) return UsageError(line_format.status());
  const std::string_view wrong = WrongCombination(options);
  if (!wrong.empty()) return UsageError(wrong);

  // In this order: what is on its way rings until the executor is gone.
  Doorbell doorbell;
  const std::unique_ptr<Executor> executor = NewThreadPool(1);
  auto engine = OpenForWriting(options.dir, executor.get());
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.topic);
  if (!topic.ok()) return Fail(topic.status());
  if (options.partition) {
    const auto partition =
        FindPartition(*engine, *topic, PartitionId{*options.partition});
    if (!partition.ok()) return Fail(partition.status());
  }
  int exit = Producer(options, *headers, *std::move(line_format), doorbell)
                 .Run(*engine, *topic);
  if (absl::Status closed = engine->Close(); !closed.ok()) {
    exit = Fail(closed);
  }
  return exit;
}

}  // namespace

void AddProduceVerb(CLI::App& root, Action& action) {
  const auto options = std::make_shared<ProduceOptions>();
  CLI::App* verb = root.add_subcommand(
      "produce", "Store the lines of standard input in a topic");
  verb->footer(
      "Each line is a record's value. With --format json each line is an "
      "object as\n`consume --format json` prints it; \"partition\" is obeyed, "
      "\"topic\", \"offset\" and\n\"timestamp_type\" are not looked at.\n"
      "SIGINT and SIGTERM end it cleanly: whole lines that were read are "
      "stored, and what\nwas stored is told.\n\n"
      "Examples:\n"
      "  printf 'k1:one\\nk2:two\\n' | cauce produce orders --dir data "
      "--key-separator :\n"
      "  cauce produce packages --dir data --key-pattern ' (install|remove) "
      "([^ :]+)' \\\n"
      "    --time-format '%Y-%m-%d %H:%M:%S' < /var/log/dpkg.log\n"
      "  cauce consume orders --dir data --format json |\n"
      "    cauce produce copy --dir other --format json");
  AddDir(*verb, options->dir);
  AddFormat(*verb, options->format);
  verb->add_option("topic", options->topic, "The topic's name")
      ->required()
      ->type_name("TOPIC");
  verb->add_option("--partition", options->partition,
                   "Store in this partition (default: by key, else in turn)")
      ->type_name("N");
  verb->add_flag("--repartition", options->repartition,
                 "Choose partitions anew: ignore the JSON's");
  verb->add_option("--key-separator", options->lines.key_separator,
                   "The key stands before it, the value behind it")
      ->type_name("TEXT");
  verb->add_option("--key-pattern", options->lines.key_pattern,
                   "The key is what the last ( ) of this extended regular "
                   "expression matches; the value the whole line")
      ->excludes("--key-separator")
      ->type_name("REGEX");
  verb->add_option("--time-format", options->lines.time_format,
                   "The line begins with its local time, of this strftime "
                   "form")
      ->type_name("FORM");
  AddRepeated(*verb, "--header", options->headers, "A header for every record")
      ->type_name("NAME=VALUE");
  verb->add_option("--acks", options->acks,
                   "0, 1 (written) or all (durable; the default)")
      ->check(OneOf({"0", "1", "all"}))
      ->type_name("ACKS");
  verb->add_flag("--print-acks", options->print_acks,
                 "Print partition and offset of every record as soon as it is "
                 "acknowledged");
  verb->add_option("--compression", options->compression,
                   "none (default), gzip, snappy, lz4 or zstd")
      ->check(OneOf({"none", "gzip", "snappy", "lz4", "zstd"}))
      ->type_name("CODEC");
  verb->add_option("--batch-bytes", options->batch_bytes,
                   "How large a batch grows (default: 65536)")
      ->check(CLI::Range(size_t{1}, size_t{1} << 30))
      ->type_name("BYTES");
  verb->add_option("--linger", options->linger_ms,
                   "How long a batch waits for more input, in milliseconds "
                   "(default: 5)")
      ->check(CLI::Range(0, 60'000))
      ->type_name("MS");
  verb->callback(
      [&action, options] { action = [options] { return Produce(*options); }; });
}

}  // namespace cauce::cli
