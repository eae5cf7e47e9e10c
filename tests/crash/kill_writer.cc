// Writes to a directory from several threads until it is killed, and says what
// the engine acknowledged, each with one write to standard output:
//
//   opening                     the directory is being opened, or recovered
//   ack TOPIC PARTITION OFFSET VALUE
//   making TOPIC, made TOPIC, deleting TOPIC, deleted TOPIC
//   failed MESSAGE              and it ends
//
//   kill_writer DIRECTORY NAME   every value begins with NAME
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int kThreads = 4;
constexpr int kPartitions = 5;
// One that is synced before it is acknowledged, and one that is not.
constexpr std::array<std::string_view, 2> kTopics = {"synced", "written"};

// Less than a pipe takes at once, so lines of several threads never mix.
void Say(const std::string& line) {
  const std::string text = line + '\n';
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
}

[[noreturn]] void Fail(const absl::Status& status) {
  Say(fmt::format("failed {}", MessageOf(status)));
  std::abort();
}

void MakeTopic(Engine& engine, std::string_view name, int partitions) {
  TopicSpec spec;
  spec.partitions = partitions;
  // Small, so that a few appends roll.
  spec.configs = {{"internal.segment.bytes", "4000"},
                  {"index.interval.bytes", "200"}};
  if (name == kTopics[1]) spec.configs["cauce.flush"] = "os";
  const auto made = engine.CreateTopic(name, spec);
  const bool is_there = ReasonOf(made.status()) == Reason::kTopicExists;
  if (!made.ok() && !is_there) Fail(made.status());
}

// Every thread writes to every partition.
void WriteForEver(const Engine& engine, const std::string& name, int thread) {
  std::vector<Partition> partitions;
  for (const std::string_view topic : kTopics) {
    for (int p = 0; p < kPartitions; ++p) {
      auto partition = engine.OpenPartition(topic, PartitionId{p});
      if (!partition.ok()) Fail(partition.status());
      partitions.push_back(*std::move(partition));
    }
  }
  for (size_t i = static_cast<size_t>(thread);; ++i) {
    Partition& partition = partitions[i % partitions.size()];
    std::string value = fmt::format("{}-{}-{}-", name, thread, i);
    value.resize(value.size() + i * 37 % 500, 'x');
    const Record record = {.value = value};
    const auto stored = partition.Append({&record, 1});
    if (!stored.ok()) Fail(stored.status());
    Say(fmt::format("ack {} {} {} {}", partition.name().topic,
                    partition.name().partition.value, stored->base.value,
                    value));
  }
}

// Topics that come and go beside those that stay.
void MakeAndDeleteForEver(Engine& engine) {
  for (int i = 0;; ++i) {
    const std::string name = fmt::format("side-{}", i % 3);
    Say("making " + name);
    MakeTopic(engine, name, 2);
    Say("made " + name);
    const auto partition = engine.OpenPartition(name, PartitionId{1});
    if (!partition.ok()) Fail(partition.status());
    if (const absl::Status kept = engine.RunUpkeep(); !kept.ok()) Fail(kept);
    Say("deleting " + name);
    const absl::Status deleted = engine.DeleteTopic(name);
    if (!deleted.ok()) Fail(deleted);
    Say("deleted " + name);
  }
}

void Run(const std::string& directory, const std::string& name) {
  Say("opening");
  const std::unique_ptr<Executor> executor = NewThreadPool(2);
  EngineOptions options;
  options.executor = executor.get();
  auto engine = Engine::Open(directory, options);
  if (!engine.ok()) Fail(engine.status());
  for (const std::string_view topic : kTopics) {
    MakeTopic(*engine, topic, kPartitions);
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] { WriteForEver(*engine, name, thread); });
  }
  MakeAndDeleteForEver(*engine);
}

}  // namespace
}  // namespace cauce

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: kill_writer DIRECTORY NAME\n");
    return 2;
  }
  cauce::Run(argv[1], argv[2]);
}
