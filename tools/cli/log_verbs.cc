#include "tools/cli/log_verbs.h"

#include <unistd.h>

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/compact_verb.h"
#include "tools/cli/finding.h"
#include "tools/cli/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/json_text.h"
#include "tools/cli/look_progress.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"
#include "tools/cli/repair_verb.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

struct LogOptions {
  std::string dir;
  Format format = Format::kText;
  std::vector<std::string> files;
  std::string topic;
  std::optional<int32_t> partition;
  bool records = false;
  bool index = false;
  bool progress = false;
};

std::string_view TimeTypeName(const RecordBatch& batch) {
  return batch.timestamp_type() == TimestampType::kCreateTime ? "CreateTime"
                                                              : "LogAppendTime";
}

Json BatchJson(std::string_view file, const DumpedEntry& entry) {
  const RecordBatch& batch = *entry.batch;
  return {{"file", file},
          {"position", entry.position},
          {"bytes", batch.bytes().size()},
          {"base_offset", batch.base_offset().value},
          {"last_offset", batch.last_offset().value},
          {"records", batch.record_count()},
          {"codec", CodecName(batch.codec())},
          {"timestamp_type", TimeTypeName(batch)},
          {"max_timestamp", batch.max_timestamp().ms},
          {"leader_epoch", batch.leader_epoch().value},
          {"producer_id", batch.producer_id().value},
          {"producer_epoch", batch.producer_epoch()},
          {"base_sequence", batch.base_sequence()},
          {"transactional", batch.is_transactional()},
          {"control", batch.is_control()},
          {"crc", batch.crc()}};
}

std::string BatchText(const DumpedEntry& entry) {
  const RecordBatch& batch = *entry.batch;
  std::string text = fmt::format(
      "  position {}: offsets {} to {}, {}, {} bytes, {}, {} {}, "
      "epoch {}, crc {:08x}",
      entry.position, batch.base_offset().value, batch.last_offset().value,
      Counted(batch.record_count(), "record"), batch.bytes().size(),
      CodecName(batch.codec()), TimeTypeName(batch),
      FormatTime(batch.max_timestamp()), batch.leader_epoch().value,
      batch.crc());
  if (batch.producer_id().value >= 0) {
    text += fmt::format(", producer {} epoch {} sequence {}",
                        batch.producer_id().value, batch.producer_epoch(),
                        batch.base_sequence());
  }
  if (batch.is_transactional()) text += ", transactional";
  if (batch.is_control()) text += ", control";
  return text + '\n';
}

Json AbortJson(std::string_view file, const DumpedEntry& entry) {
  const DumpedAbort& abort = *entry.abort;
  return {{"file", file},
          {"position", entry.position},
          {"producer_id", abort.producer_id.value},
          {"first_offset", abort.first.value},
          {"last_offset", abort.last.value},
          {"last_stable_offset", abort.last_stable.value}};
}

std::string AbortText(const DumpedAbort& abort) {
  return fmt::format(
      "  producer {}: offsets {} to {} were aborted, all below {} had ended\n",
      abort.producer_id.value, abort.first.value, abort.last.value,
      abort.last_stable.value);
}

Json ProducerJson(std::string_view file, const DumpedEntry& entry) {
  const DumpedProducer& producer = *entry.producer;
  return {{"file", file},
          {"position", entry.position},
          {"producer_id", producer.producer_id.value},
          {"producer_epoch", producer.epoch},
          {"last_sequence", producer.last_sequence},
          {"last_offset", producer.last_offset.value},
          {"last_offset_delta", producer.last_offset_delta},
          {"last_timestamp", producer.last_timestamp.ms},
          {"coordinator_epoch", producer.coordinator_epoch},
          {"transaction_first_offset",
           producer.transaction.value_or(Offset{}).value}};
}

std::string ProducerText(const DumpedProducer& producer) {
  std::string text = fmt::format(
      "  producer {} epoch {}: last sequence {} at offset {}, {}, coordinator "
      "epoch {}",
      producer.producer_id.value, producer.epoch, producer.last_sequence,
      producer.last_offset.value, FormatTime(producer.last_timestamp),
      producer.coordinator_epoch);
  if (producer.transaction) {
    text += fmt::format(", transaction open from offset {}",
                        producer.transaction->value);
  }
  return text + '\n';
}

// Prints what DumpFile hands out.
class Dumper {
 public:
  explicit Dumper(const LogOptions& options)
      : options_(options), out_(STDOUT_FILENO) {}

  int Run(const std::vector<std::string>& files) {
    absl::Status status;
    for (const std::string& file : files) {
      is_headed_ = false;
      // What is damaged does not keep the rest from being shown.
      const auto fail = [&](const absl::Status& damage) {
        out_.Flush();
        Fail(damage);
        status = damage;
      };
      const auto fail_within = [&](const absl::Status& damage) {
        Head(file);
        fail(damage);
      };
      const absl::Status dumped = DumpFile(
          *PosixFileSystem(), file,
          [&](const DumpedEntry& entry) { return Take(file, entry); },
          fail_within);
      if (dumped.ok()) Head(file);
      out_.Flush();
      if (!dumped.ok()) fail(dumped);
      if (!records_status_.ok()) Fail(records_status_);
    }
    if (!out_.status().ok()) return Fail(out_.status());
    if (Interrupts::Signal() != 0) return InterruptedExit();
    return status.ok() && records_status_.ok() ? kOk : kFailed;
  }

 private:
  // Once it is known that there is something below it.
  void Head(const std::string& file) {
    const bool was_headed = std::exchange(is_headed_, true);
    if (was_headed || options_.format == Format::kJson) return;
    out_.Write(file + '\n');
  }

  bool Take(const std::string& file, const DumpedEntry& entry) {
    Head(file);
    const bool json = options_.format == Format::kJson;
    if (entry.batch != nullptr) {
      TakeBatch(file, entry);
    } else if (entry.abort != nullptr) {
      out_.Write(json ? Line(AbortJson(file, entry)) : AbortText(*entry.abort));
    } else if (entry.producer != nullptr) {
      out_.Write(json ? Line(ProducerJson(file, entry))
                      : ProducerText(*entry.producer));
    } else {
      TakeIndexEntry(file, entry);
    }
    return !out_.gone() && Interrupts::Signal() == 0;
  }

  void TakeBatch(const std::string& file, const DumpedEntry& entry) {
    const bool json = options_.format == Format::kJson;
    out_.Write(json ? Line(BatchJson(file, entry)) : BatchText(entry));
    if (!options_.records) return;
    absl::Status status = reader_.Open(*entry.batch);
    RecordView record;
    while (status.ok() && reader_.Next(&record)) PrintRecord(record);
    if (status.ok()) status = reader_.status();
    if (status.ok()) return;
    records_status_ = Annotate(
        status, fmt::format("{} at position {}", file, entry.position));
  }

  void PrintRecord(const RecordView& record) {
    std::string& to = out_.buffer();
    if (options_.format == Format::kJson) {
      fmt::format_to(std::back_inserter(to),
                     "{{\"offset\":{},\"timestamp\":{},\"key\":",
                     record.offset.value, record.timestamp.ms);
    } else {
      fmt::format_to(std::back_inserter(to), "    offset {}: {}, key ",
                     record.offset.value, FormatTime(record.timestamp));
    }
    AppendJsonBytes(record.key, to);
    to += options_.format == Format::kJson ? ",\"value\":" : ", value ";
    AppendJsonBytes(record.value, to);
    if (options_.format == Format::kJson) {
      fmt::format_to(std::back_inserter(to), ",\"headers\":{}}}\n",
                     record.headers.size());
    } else if (record.headers.empty()) {
      to += '\n';
    } else {
      to += ", " +
            Counted(static_cast<int64_t>(record.headers.size()), "header") +
            '\n';
    }
    out_.Written();
  }

  void TakeIndexEntry(const std::string& file, const DumpedEntry& entry) {
    if (options_.format == Format::kJson) {
      Json json = {{"file", file},
                   {"position", entry.position},
                   {"offset", entry.offset.value}};
      if (entry.batch_position) {
        json["batch_position"] = *entry.batch_position;
      } else {
        json["timestamp"] = entry.timestamp.ms;
      }
      out_.Write(Line(json));
    } else if (entry.batch_position) {
      out_.Write(fmt::format("  offset {}: its batch begins at position {}\n",
                             entry.offset.value, *entry.batch_position));
    } else {
      out_.Write(fmt::format("  {}: the greatest time up to offset {}\n",
                             FormatTime(entry.timestamp), entry.offset.value));
    }
  }

  const LogOptions& options_;
  Output out_;
  RecordReader reader_;
  bool is_headed_ = false;  // the file that is being dumped
  absl::Status records_status_;
};

int Dump(const LogOptions& options) {
  const bool by_name = !options.topic.empty() || options.partition.has_value();
  if (!options.files.empty() && (by_name || !options.dir.empty())) {
    return UsageError("give either files, or --dir, --topic and --partition");
  }
  if (!options.files.empty()) return Dumper(options).Run(options.files);
  if (options.dir.empty() || options.topic.empty() || !options.partition) {
    return UsageError(
        "what to dump? Give files, or --dir, --topic and --partition");
  }
  // As opening does: --dir may be a symbolic link.
  const auto dir = PosixFileSystem()->Resolve(options.dir);
  if (!dir.ok()) return Fail(WhyNotOpened(options.dir, dir.status()));
  const auto files = ListSegmentFiles(
      *PosixFileSystem(),
      fmt::format("{}/{}-{}", *dir, options.topic, *options.partition),
      options.index ? SegmentFiles::kLogsAndIndexes : SegmentFiles::kLogs);
  if (!files.ok()) {
    // Or the partition's, if the directory is there.
    const absl::Status why = WhyNotOpened(options.dir, files.status());
    return Fail(why != files.status() || !absl::IsNotFound(why)
                    ? why
                    : absl::NotFoundError(fmt::format(
                          "{}; cauce topic list shows which topics there are",
                          MessageOf(why))));
  }
  return Dumper(options).Run(*files);
}

int Verify(const LogOptions& options) {
  Output out(STDOUT_FILENO);
  const bool json = options.format == Format::kJson;
  LookProgress progress("verified", options.progress
                                        ? LookProgress::Shown::kAlways
                                        : LookProgress::Shown::kOnTerminal);
  const auto summary = VerifyDirectory(
      *PosixFileSystem(), options.dir,
      {.progress =
           [&progress](const VerifyProgress& far) { progress.Update(far); }},
      [&](const Finding& finding) {
        progress.Finish();
        out.Write(json ? Line(FindingJson(finding)) : FindingText(finding));
        out.Flush();
      });
  progress.Finish();
  if (!summary.ok())
    return Fail(WhyNotOpened(options.dir, summary.status()));
  if (json) {
    out.Write(Line({{"partitions", summary->partitions},
                    {"segments", summary->segments},
                    {"batches", summary->batches},
                    {"records", summary->records},
                    {"bytes", summary->bytes},
                    {"notes", summary->notes},
                    {"damages", summary->damages}}));
  } else {
    out.Write(
        fmt::format("verified {}, {}, {}, {}, {}: {}\n",
                    Counted(summary->partitions, "partition"),
                    Counted(summary->segments, "segment"),
                    Counted(summary->batches, "batch", "batches"),
                    Counted(summary->records, "record"),
                    BytesText(static_cast<double>(summary->bytes)),
                    summary->damages == 0
                        ? "no damage"
                        : Counted(summary->damages, "place is", "places are") +
                              " damaged"));
  }
  out.Flush();
  if (!out.status().ok()) return Fail(out.status());
  return summary->damages == 0 ? kOk : kFailed;
}

}  // namespace

void AddLogVerbs(const Verb& root, Action& action) {
  const Verb noun =
      root.Add("log", "Look into segments and indexes, and mend them");
  noun.NeedsVerb();
  const auto options = std::make_shared<LogOptions>();

  const Verb dump = noun.Add("dump",
                             "Show the batches and index entries of "
                             "segment files");
  dump.Footer(
      "Examples:\n"
      "  cauce log dump --dir data --topic orders --partition 0 --records\n"
      "  cauce log dump data/orders-0/00000000000000000000.timeindex");
  dump.Add("files", options->files,
           "Segment files: .log, .index, .timeindex, .txnindex or .snapshot")
      .Type("FILE...");
  dump.Add("--dir", options->dir, "The data directory").Type("DIR");
  dump.Add("--topic", options->topic, "The topic whose logs to show")
      .Takes(TopicName())
      .Type("TOPIC");
  dump.Add("--partition", options->partition, "Which of its partitions")
      .Takes(Between(0, kPartitionMax))
      .Type("N");
  dump.AddFlag("--records", options->records, "Show every record too");
  dump.AddFlag("--index", options->index,
               "Show the index files and snapshots too");
  AddFormat(dump, options->format);
  dump.Does(action, [options] { return Dump(*options); });

  const Verb verify =
      noun.Add("verify", "Check every batch, record and index of a directory");
  verify.Footer(
      "Never writes. Damage makes the exit code 1; what a killed writer leaves "
      "and the next\nopening mends is a note and does not.\n\n"
      "Example:\n  cauce log verify --dir data");
  AddDir(verify, options->dir);
  AddFormat(verify, options->format);
  verify.AddFlag("--progress", options->progress,
                 "Tell the progress also where standard error is no terminal");
  verify.Does(action, [options] { return Verify(*options); });

  AddRepairVerb(noun, action);
  AddCompactVerb(noun, action);
}

}  // namespace cauce::cli
