// Writes transactions to a topic that is compacted all the while, by upkeep and
// on demand, until it is killed, and says what it does, each with one write to
// standard output:
//
//   opening
//   begin PARTITION COUNT       a transaction that gives every key this count
//   abort PARTITION             it gives them another, and takes that back
//   commit PARTITION COUNT      it ended, and that was acknowledged
//   failed MESSAGE              and it ends
//
//   kill_compactor DIRECTORY EPOCH COUNT...   of its producers, above those of
//                                             the ones before; from which count
//                                             on, for each partition
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int kKeys = 3;
constexpr std::string_view kTopic = "table";

// Less than a pipe takes at once, so lines of several threads never mix.
void Say(const std::string& line) {
  const std::string text = line + '\n';
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
}

[[noreturn]] void Fail(const absl::Status& status) {
  Say(fmt::format("failed {}", MessageOf(status)));
  std::abort();
}

// One partition's, which alone writes there.
class Producer {
 public:
  Producer(Partition partition, int16_t epoch, int64_t count)
      : partition_(std::move(partition)), epoch_(epoch), count_(count) {}

  void WriteForEver() {
    // What one before has begun ends so, and it may write no more.
    End(TransactionOutcome::kAbort);
    for (;;) {
      ++count_;
      if (count_ % 3 == 0) {
        Say(fmt::format("abort {}", number()));
        Send("taken back");
        End(TransactionOutcome::kAbort);
      }
      Say(fmt::format("begin {} {}", number(), count_));
      Send(fmt::format("{}", count_));
      End(TransactionOutcome::kCommit);
      Say(fmt::format("commit {} {}", number(), count_));
      if (count_ % 10 != 0) continue;
      const auto compacted = partition_.Compact();
      if (!compacted.ok()) Fail(compacted.status());
    }
  }

 private:
  int number() const { return partition_.name().partition.value; }

  // A batch for each key.
  void Send(const std::string& value) {
    for (int key = 0; key < kKeys; ++key) {
      BatchFields fields;
      fields.producer_id = ProducerId{number()};
      fields.producer_epoch = epoch_;
      fields.base_sequence = sequence_++;
      fields.transactional = true;
      BatchBuilder builder(fields);
      const std::string name = fmt::format("k{}", key);
      builder.Add({.key = name, .value = value, .timestamp = {1}});
      const auto batch = builder.Finish();
      if (!batch.ok()) Fail(batch.status());
      const auto stored = partition_.Append(*batch);
      if (!stored.ok()) Fail(stored.status());
    }
  }
  void End(TransactionOutcome outcome) {
    const auto ended =
        partition_.EndTransaction({ProducerId{number()}, epoch_, 0, outcome});
    if (!ended.ok()) Fail(ended.status());
  }

  Partition partition_;
  const int16_t epoch_;
  int64_t count_;
  int32_t sequence_ = 0;
};

void Run(const std::string& directory, int16_t epoch,
         const std::vector<int64_t>& counts) {
  Say("opening");
  const std::unique_ptr<Executor> executor = NewThreadPool(2);
  EngineOptions options;
  options.executor = executor.get();
  options.compaction_check_interval = absl::Milliseconds(1);
  auto engine = Engine::Open(directory, options);
  if (!engine.ok()) Fail(engine.status());
  TopicSpec spec;
  spec.partitions = static_cast<int32_t>(counts.size());
  spec.configs = {{"cleanup.policy", "compact"},
                  {"delete.retention.ms", "0"},
                  {"file.delete.delay.ms", "0"},
                  {"index.interval.bytes", "200"},
                  {"internal.segment.bytes", "3000"},
                  {"min.cleanable.dirty.ratio", "0.01"}};
  const auto made = engine->CreateTopic(kTopic, spec);
  const bool is_there = ReasonOf(made.status()) == Reason::kTopicExists;
  if (!made.ok() && !is_there) Fail(made.status());
  std::vector<std::thread> threads;
  for (size_t p = 0; p < counts.size(); ++p) {
    auto partition =
        engine->OpenPartition(kTopic, PartitionId{static_cast<int32_t>(p)});
    if (!partition.ok()) Fail(partition.status());
    threads.emplace_back([producer = Producer(*std::move(partition), epoch,
                                              counts[p])]() mutable {
      producer.WriteForEver();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cauce

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: kill_compactor DIRECTORY EPOCH COUNT...\n");
    return 2;
  }
  std::vector<int64_t> counts;
  for (int i = 3; i < argc; ++i) counts.push_back(std::atoll(argv[i]));
  cauce::Run(argv[1], static_cast<int16_t>(std::atoi(argv[2])), counts);
}
