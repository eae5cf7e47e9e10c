#include "tools/cli/bench_verbs.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/append_run.h"
#include "tools/cli/batch_bytes.h"
#include "tools/cli/bench_report.h"
#include "tools/cli/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/percentiles.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

struct BenchOptions {
  std::string dir;
  Format format = Format::kText;
  std::string topic = "cauce-bench";
  AppendRunOptions run;
  int64_t read_max = INT64_MAX;
  std::string flush = "group";
  std::string acks = "all";
  int partitions = 1;
  std::string compression = "none";
  bool keep = false;
  int64_t free_bytes_min = WritingOptions().free_bytes_min;
};

// 0 where nobody can wait for so many.
int64_t BytesTotal(const AppendRunOptions& options) {
  int64_t bytes = 0;
  const bool too_many =
      __builtin_mul_overflow(options.records, options.record_bytes, &bytes);
  return too_many ? 0 : bytes;
}

absl::Status RunAppend(Engine& engine, const BenchOptions& options) {
  std::vector<Partition> partitions;
  for (int32_t i = 0; i < options.partitions; ++i) {
    auto partition = engine.OpenPartition(options.topic, PartitionId{i});
    if (!partition.ok()) return partition.status();
    partitions.push_back(*std::move(partition));
  }
  AppendRunOptions run_options = options.run;
  run_options.codec = *ParseCodec(options.compression);
  run_options.ack = options.acks == "all" ? Ack::kDurable : Ack::kWritten;
  AppendRun run(run_options, partitions);
  Progress progress("appended", BytesTotal(run_options));
  const absl::Status ran = run.Run([&progress](int64_t records, int64_t bytes) {
    progress.Update(records, bytes);
  });
  progress.Finish();
  if (!ran.ok()) return ran;
  if (run.threads() < options.run.threads) {
    Note(
        fmt::format("the system had room for {} of the {} threads; these "
                    "appended everything",
                    run.threads(), options.run.threads));
  }
  const bool synced = options.flush == "group" && options.acks == "all";
  PrintReport(options.format, run.figures(), run.latency(),
              {{"acks", options.acks},
               {"flush", options.flush},
               {"durability", synced ? "an append returns after a sync"
                                     : "an append returns after the write"},
               {"record_bytes", options.run.record_bytes},
               {"batch_bytes", options.run.batch_bytes},
               {"compression", options.compression},
               {"threads", run.threads()},
               {"partitions", options.partitions}});
  return absl::OkStatus();
}

int Append(const BenchOptions& options) {
  const Codec codec = *ParseCodec(options.compression);
  if (absl::Status bad = CheckBatchBytes(options.run.batch_bytes, codec);
      !bad.ok()) {
    return UsageError(bad);
  }
  // Without threads of the engine: those that wait for an append sync, as is
  // measured. Other topics' partitions are recovered one by one for that.
  auto engine = OpenForWriting(
      options.dir,
      {.create_if_missing = true, .free_bytes_min = options.free_bytes_min});
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = engine->CreateTopic(
      options.topic, {.partitions = options.partitions,
                      .configs = {{"cauce.flush", options.flush},
                                  {"max.message.bytes", "1073741824"},
                                  {"retention.ms", "-1"}}});
  if (!topic.ok()) return Fail(topic.status());
  absl::Status status = RunAppend(*engine, options);
  if (!options.keep) {
    const absl::Status deleted = engine->DeleteTopic(options.topic);
    if (status.ok()) status = deleted;
  }
  const absl::Status closed = engine->Close();
  if (status.ok()) status = closed;
  if (!status.ok()) return Fail(status);
  return Interrupts::Signal() != 0 ? InterruptedExit() : kOk;
}

// Reads one partition, adding to `figures`.
absl::Status ReadPartition(const Partition& partition, int64_t records_max,
                           Figures& figures, Percentiles& latency,
                           Progress& progress) {
  Clock* const clock = SystemClock();
  Cursor cursor = partition.Read(partition.log_start());
  RecordReader reader;
  RecordBatch batch;
  while (figures.records < records_max && Interrupts::Signal() == 0) {
    const absl::Duration begun = clock->Monotonic();
    const auto more = cursor.NextBatch(&batch);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (absl::Status status = reader.Open(batch); !status.ok()) return status;
    RecordView record;
    while (reader.Next(&record)) {
      ++figures.records;
      figures.bytes += static_cast<int64_t>(record.key.value_or("").size() +
                                            record.value.value_or("").size());
    }
    if (!reader.status().ok()) return reader.status();
    latency.Add(clock->Monotonic() - begun);
    progress.Update(figures.records, figures.bytes);
  }
  return absl::OkStatus();
}

int Read(const BenchOptions& options) {
  const auto engine = OpenForReading(options.dir);
  if (!engine.ok()) return Fail(engine.status());
  const auto topic = FindTopic(*engine, options.dir, options.topic);
  if (!topic.ok()) return Fail(topic.status());
  Figures figures{"a batch read and decoded"};
  Percentiles latency;
  Progress progress("read", 0);
  for (int32_t i = 0; i < topic->partitions; ++i) {
    const auto partition = FindPartition(*engine, *topic, PartitionId{i});
    if (!partition.ok()) return Fail(partition.status());
    const absl::Status status =
        ReadPartition(*partition, options.read_max, figures, latency, progress);
    if (!status.ok()) {
      progress.Finish();
      return Fail(status);
    }
  }
  figures.elapsed = progress.elapsed();
  progress.Finish();
  PrintReport(options.format, figures, latency,
              {{"topic", topic->name}, {"partitions", topic->partitions}});
  return Interrupts::Signal() != 0 ? InterruptedExit() : kOk;
}

void AddAppendOptions(const Verb& verb, BenchOptions& options) {
  verb.Add("--records", options.run.records,
           "How many records (default: 1000000)")
      .Takes(AtLeast(1));
  verb.Add("--record-bytes", options.run.record_bytes,
           "Bytes of a record's value (default: 100)")
      .Takes(Between(0, 1 << 20));
  verb.Add("--batch-bytes", options.run.batch_bytes,
           "How large a batch grows (default: 65536; with a codec at "
           "most 67108864)")
      .Takes(Between(1, 1 << 29));
  verb.Add("--flush", options.flush,
           "cauce.flush of the topic: group (default) or os")
      .Takes(OneOf({"group", "os"}));
  verb.Add("--acks", options.acks, "1 or all (default)")
      .Takes(OneOf({"1", "all"}));
  verb.Add("--threads", options.run.threads,
           "How many append at once (default: 1)")
      .Takes(Between(1, 1024));
  verb.Add("--partitions", options.partitions,
           "How many partitions they share (default: 1)")
      .Takes(Between(1, 10'000));
  verb.Add("--compression", options.compression,
           "none (default), gzip, snappy, lz4 or zstd")
      .Takes(OneOf({"none", "gzip", "snappy", "lz4", "zstd"}));
  verb.AddFlag("--keep", options.keep,
               "Keep the topic, for `cauce bench read`");
}

}  // namespace

void AddBenchVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("bench", "Measure appends and reads");
  noun.NeedsVerb();
  const auto options = std::make_shared<BenchOptions>();

  const Verb append = noun.Add(
      "append", "Append records to a topic made for it, and tell how fast");
  append.Footer(
      "Each thread waits for its append before the next; those that wait "
      "share a sync.\nThe topic is deleted afterwards, but with --keep.\n\n"
      "Example:\n  cauce bench append --dir data --threads 4 --flush group");
  AddDir(append, options->dir);
  AddFormat(append, options->format);
  append
      .Add("--topic", options->topic, "What to call it (default: cauce-bench)")
      .Takes(TopicName())
      .Type("TOPIC");
  AddAppendOptions(append, *options);
  AddFreeBytesMin(append, options->free_bytes_min);
  append.Does(action, [options] { return Append(*options); });

  const Verb read = noun.Add(
      "read", "Read and decode a topic from its start, and tell how fast");
  read.Footer(
      "Example:\n  cauce bench append --dir data --keep\n"
      "  cauce bench read --dir data");
  AddDir(read, options->dir);
  AddFormat(read, options->format);
  read.Add("--topic", options->topic, "Which topic (default: cauce-bench)")
      .Takes(TopicName())
      .Type("TOPIC");
  read.Add("--records", options->read_max,
           "Stop after about so many (default: all)")
      .Takes(AtLeast(1));
  read.Does(action, [options] { return Read(*options); });
}

}  // namespace cauce::cli
