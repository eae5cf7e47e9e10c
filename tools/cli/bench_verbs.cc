#include "tools/cli/bench_verbs.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/percentiles.h"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

struct BenchOptions {
  std::string dir;
  Format format = Format::kText;
  std::string topic = "cauce-bench";
  int64_t records = 1'000'000;
  size_t record_bytes = 100;
  size_t batch_bytes = 64 << 10;
  std::string flush = "group";
  std::string acks = "all";
  int threads = 1;
  int partitions = 1;
  std::string compression = "none";
  bool keep = false;
};

constexpr std::string_view kBuild =
#if defined(__OPTIMIZE__)
    "optimised"
#else
    "not optimised"
#endif
#if defined(__SANITIZE_ADDRESS__)
    ", address sanitizer"
#endif
#if defined(__SANITIZE_THREAD__)
    ", thread sanitizer"
#endif
#if defined(__clang__)
    ", clang " __clang_version__;
#else
    ", g++ " __VERSION__;
#endif

// What was measured.
struct Figures {
  std::string_view what;  // one sample is one of these
  int64_t records = 0;
  int64_t bytes = 0;
  absl::Duration elapsed;
};

std::string Microseconds(absl::Duration duration) {
  return fmt::format("{:.1f}", absl::ToDoubleMicroseconds(duration));
}

void Print(const BenchOptions& options, const Figures& figures,
           const Percentiles& latency, Json json) {
  const double seconds = absl::ToDoubleSeconds(figures.elapsed);
  const double records_per_second =
      static_cast<double>(figures.records) / seconds;
  const double bytes_per_second = static_cast<double>(figures.bytes) / seconds;
  constexpr std::pair<const char*, double> kShares[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
  if (options.format == Format::kJson) {
    json["records"] = figures.records;
    json["bytes"] = figures.bytes;
    json["seconds"] = seconds;
    json["records_per_second"] = records_per_second;
    json["bytes_per_second"] = bytes_per_second;
    Json& micros = json["latency_us"] = {{"of", figures.what}};
    micros["samples"] = latency.count();
    for (const auto& [name, share] : kShares) {
      micros[name] = absl::ToDoubleMicroseconds(latency.At(share));
    }
    micros["max"] = absl::ToDoubleMicroseconds(latency.max());
    json["build"] = kBuild;
    std::fputs(Line(json).c_str(), stdout);
    return;
  }
  std::string text = fmt::format(
      "{} records, {} in {:.3f} s: {:.0f} records/s, {}/s\nlatency of {} in "
      "us:",
      figures.records, BytesText(static_cast<double>(figures.bytes)), seconds,
      records_per_second, BytesText(bytes_per_second), figures.what);
  for (const auto& [name, share] : kShares) {
    text += fmt::format("  {} {}", name, Microseconds(latency.At(share)));
  }
  text += fmt::format("  max {}\n", Microseconds(latency.max()));
  for (const auto& [name, value] : json.items()) {
    text += fmt::format(
        "{}: {}\n", name,
        value.is_string() ? value.get<std::string>() : value.dump());
  }
  text += fmt::format("build: {}\n", kBuild);
  std::fputs(text.c_str(), stdout);
}

// Letters that compress to about two thirds, the same on every run.
std::string Payload(size_t bytes) {
  std::string text(bytes, '\0');
  uint64_t state = 0x9e3779b97f4a7c15;
  for (char& c : text) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>('a' + (state >> 60));
  }
  return text;
}

// The appends of several threads, each waiting for its own before the next.
class AppendRun {
 public:
  AppendRun(const BenchOptions& options, const std::vector<Partition*>& into)
      : options_(options),
        into_(into),
        payload_(Payload(options.record_bytes + 1024)),
        left_(options.records),
        running_(options.threads) {}

  absl::Status Run() {
    const std::unique_ptr<Executor> pool = NewThreadPool(options_.threads);
    std::vector<absl::Status> results(static_cast<size_t>(options_.threads));
    const absl::Duration begun = clock_->Monotonic();
    for (size_t i = 0; i < results.size(); ++i) {
      pool->Schedule([this, i, &result = results[i]] {
        result = Work(*into_[i % into_.size()]);
        running_.fetch_sub(1);
        running_.notify_all();
      });
    }
    for (int running = running_; running > 0; running = running_) {
      running_.wait(running);
    }
    elapsed_ = clock_->Monotonic() - begun;
    for (const absl::Status& result : results) {
      if (!result.ok()) return result;
    }
    return absl::OkStatus();
  }

  Figures figures() const {
    const int64_t records = records_;
    return {"an append", records,
            records * static_cast<int64_t>(options_.record_bytes), elapsed_};
  }
  const Percentiles& latency() const { return latency_; }

 private:
  absl::Status Work(Partition& partition) {
    BatchBuilder builder({.codec = *ParseCodec(options_.compression)},
                         options_.batch_bytes);
    const AppendOptions append{.ack = options_.acks == "all" ? Ack::kDurable
                                                             : Ack::kWritten};
    while (Interrupts::Signal() == 0) {
      const int64_t records = Fill(builder);
      if (records == 0) break;
      const auto batch = builder.Finish();
      if (!batch.ok()) return batch.status();
      const absl::Duration begun = clock_->Monotonic();
      const auto result = partition.Append(*batch, append);
      if (!result.ok()) return result.status();
      latency_.Add(clock_->Monotonic() - begun);
      records_ += records;
    }
    return absl::OkStatus();
  }

  // Takes records that are still to be appended until a batch is full.
  int64_t Fill(BatchBuilder& builder) {
    int64_t taken = 0;
    while (left_.fetch_sub(1) > 0) {
      // Neighbours differ, so that a codec does not see one record repeated.
      const size_t skip = static_cast<size_t>(taken * 37) % 1024;
      const auto value =
          std::string_view(payload_).substr(skip, options_.record_bytes);
      if (!builder.Add({.value = value})) {
        left_.fetch_add(1);
        break;
      }
      ++taken;
    }
    return taken;
  }

  const BenchOptions& options_;
  const std::vector<Partition*>& into_;
  const std::string payload_;
  Clock* const clock_ = SystemClock();
  std::atomic<int64_t> left_;
  std::atomic<int> running_;
  std::atomic<int64_t> records_ = 0;
  absl::Duration elapsed_;
  Percentiles latency_;
};

absl::Status RunAppend(Engine& engine, const BenchOptions& options) {
  std::vector<Partition> partitions;
  for (int32_t i = 0; i < options.partitions; ++i) {
    auto partition = engine.OpenPartition(options.topic, PartitionId{i});
    if (!partition.ok()) return partition.status();
    partitions.push_back(*std::move(partition));
  }
  std::vector<Partition*> into;
  for (Partition& partition : partitions) into.push_back(&partition);
  AppendRun run(options, into);
  if (absl::Status status = run.Run(); !status.ok()) return status;
  const bool synced = options.flush == "group" && options.acks == "all";
  Print(options, run.figures(), run.latency(),
        {{"acks", options.acks},
         {"flush", options.flush},
         {"durability", synced ? "an append returns after a sync"
                               : "an append returns after the write"},
         {"record_bytes", options.record_bytes},
         {"batch_bytes", options.batch_bytes},
         {"compression", options.compression},
         {"threads", options.threads},
         {"partitions", options.partitions}});
  return absl::OkStatus();
}

int Append(const BenchOptions& options) {
  auto engine = OpenForWriting(options.dir, nullptr, /*create=*/true);
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
                           Figures& figures, Percentiles& latency) {
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
  const Progress watch("read", 0);
  for (int32_t i = 0; i < topic->partitions; ++i) {
    const auto partition = FindPartition(*engine, *topic, PartitionId{i});
    if (!partition.ok()) return Fail(partition.status());
    const absl::Status status =
        ReadPartition(*partition, options.records, figures, latency);
    if (!status.ok()) return Fail(status);
  }
  figures.elapsed = watch.elapsed();
  Print(options, figures, latency,
        {{"topic", topic->name}, {"partitions", topic->partitions}});
  return Interrupts::Signal() != 0 ? InterruptedExit() : kOk;
}

void AddAppendOptions(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--records", options.records,
                  "How many records (default: 1000000)")
      ->check(AtLeast(1));
  verb.add_option("--record-bytes", options.record_bytes,
                  "Bytes of a record's value (default: 100)")
      ->check(Between(0, 1 << 20));
  verb.add_option("--batch-bytes", options.batch_bytes,
                  "How large a batch grows (default: 65536)")
      ->check(Between(1, 1 << 29));
  verb.add_option("--flush", options.flush,
                  "cauce.flush of the topic: group (default) or os")
      ->check(OneOf({"group", "os"}));
  verb.add_option("--acks", options.acks, "1 or all (default)")
      ->check(OneOf({"1", "all"}));
  verb.add_option("--threads", options.threads,
                  "How many append at once (default: 1)")
      ->check(Between(1, 1024));
  verb.add_option("--partitions", options.partitions,
                  "How many partitions they share (default: 1)")
      ->check(Between(1, 10'000));
  verb.add_option("--compression", options.compression,
                  "none (default), gzip, snappy, lz4 or zstd")
      ->check(OneOf({"none", "gzip", "snappy", "lz4", "zstd"}));
  verb.add_flag("--keep", options.keep,
                "Keep the topic, for `cauce bench read`");
}

}  // namespace

void AddBenchVerbs(CLI::App& root, Action& action) {
  CLI::App* noun = root.add_subcommand("bench", "Measure appends and reads");
  noun->require_subcommand(1);
  const auto options = std::make_shared<BenchOptions>();

  CLI::App* append = noun->add_subcommand(
      "append", "Append records to a topic made for it, and tell how fast");
  append->footer(
      "Each thread waits for its append before the next; those that wait "
      "share a sync.\nThe topic is deleted afterwards.\n\n"
      "Example:\n  cauce bench append --dir data --threads 4 --flush group");
  AddDir(*append, options->dir);
  AddFormat(*append, options->format);
  append->add_option("--topic", options->topic,
                     "What to call it (default: cauce-bench)");
  AddAppendOptions(*append, *options);
  append->callback(
      [&action, options] { action = [options] { return Append(*options); }; });

  CLI::App* read = noun->add_subcommand(
      "read", "Read and decode a topic from its start, and tell how fast");
  read->footer(
      "Example:\n  cauce bench append --dir data --keep\n"
      "  cauce bench read --dir data");
  AddDir(*read, options->dir);
  AddFormat(*read, options->format);
  read->add_option("--topic", options->topic,
                   "Which topic (default: cauce-bench)");
  read->add_option_function<int64_t>(
          "--records",
          [options](int64_t records) { options->records = records; },
          "Stop after about so many (default: all)")
      ->check(AtLeast(1));
  read->callback([&action, options, read] {
    if (read->count("--records") == 0) options->records = INT64_MAX;
    action = [options] { return Read(*options); };
  });
}

}  // namespace cauce::cli
