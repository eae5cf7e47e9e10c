// What do Send and Poll cost a record, in one process and in memory?
//
// Back of an envelope, a record of 100 B at 4 GHz: a lock and its release that
// nobody else wants are 20 ns, two looks at the clock 40 ns, encoding 10 ns,
// the batch's append and checksum 3 ns a record; decoding and the copy into
// what Poll returns 10 ns. So 10 M records/s, the goal, is 100 ns for both.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/producer.h"
#include "engine/base/check.h"

namespace cauce::bench {
namespace {

constexpr int kRecords = 100'000;  // a round

// A topic of one partition in memory, begun anew each round, so that it does
// not grow.
class MemoryTopic {
 public:
  explicit MemoryTopic(int threads) {
    auto client = Client::Open("memory:", {.threads = threads});
    CAUCE_CHECK(client.ok());
    client_ = *std::move(client);
    Begin();
  }

  void Begin() {
    if (is_there_) CAUCE_CHECK(client_->engine()->DeleteTopic("t").ok());
    CAUCE_CHECK(client_->engine()->CreateTopic("t").ok());
    is_there_ = true;
  }
  std::unique_ptr<Producer> NewProducer() {
    auto producer = client_->NewProducer({.batch_bytes = 64 << 10});
    CAUCE_CHECK(producer.ok());
    return *std::move(producer);
  }
  std::unique_ptr<Consumer> NewConsumer() {
    auto consumer = client_->NewConsumer({.reset = ResetTo::kEarliest});
    CAUCE_CHECK(consumer.ok());
    CAUCE_CHECK((*consumer)->Assign({{"t", PartitionId{0}}}).ok());
    return *std::move(consumer);
  }

 private:
  std::unique_ptr<Client> client_;
  bool is_there_ = false;
};

ProducerRecord RecordOf(const std::string& value, Timestamp time) {
  return {.topic = "t",
          .partition = PartitionId{0},
          .value = value,
          .timestamp = time};
}

void Send(Producer& producer, const std::string& value) {
  for (int i = 0; i < kRecords; ++i) {
    CAUCE_CHECK(producer.Send(RecordOf(value, kNoTimestamp)).ok());
  }
  CAUCE_CHECK(producer.Flush().ok());
}

void Poll(Consumer& consumer) {
  for (int seen = 0; seen < kRecords;) {
    const auto polled = consumer.Poll(absl::InfiniteDuration());
    CAUCE_CHECK(polled.ok());
    for (const ConsumerRecord& record : *polled) {
      benchmark::DoNotOptimize(record.value->data());
    }
    seen += static_cast<int>(polled->size());
  }
}

void SetRates(benchmark::State& state, const std::string& value) {
  const auto records = static_cast<int64_t>(state.iterations()) * kRecords;
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(records * std::ssize(value));
}

void BM_ProducerSend(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(0)), 'v');
  const bool calls_back = state.range(1) != 0;
  MemoryTopic topic(/*threads=*/1);
  for (auto _ : state) {
    state.PauseTiming();
    topic.Begin();
    const auto producer = topic.NewProducer();
    state.ResumeTiming();
    if (!calls_back) {
      Send(*producer, value);
      continue;
    }
    int acknowledged = 0;  // in turn
    for (int i = 0; i < kRecords; ++i) {
      CAUCE_CHECK(producer
                      ->Send(RecordOf(value, kNoTimestamp),
                             [&acknowledged](const auto& sent) {
                               if (sent.ok()) ++acknowledged;
                             })
                      .ok());
    }
    CAUCE_CHECK(producer->Flush().ok());
    CAUCE_CHECK(acknowledged == kRecords);
  }
  SetRates(state, value);
}

void BM_ConsumerPoll(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(0)), 'v');
  MemoryTopic topic(/*threads=*/1);
  Send(*topic.NewProducer(), value);
  const auto consumer = topic.NewConsumer();
  for (auto _ : state) {
    CAUCE_CHECK(consumer->Seek({"t", PartitionId{0}}, Offset{0}).ok());
    Poll(*consumer);
  }
  SetRates(state, value);
}

// By one thread, one after the other: what both cost together.
void BM_ClientSendAndPoll(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(0)), 'v');
  MemoryTopic topic(/*threads=*/1);
  for (auto _ : state) {
    state.PauseTiming();
    topic.Begin();
    const auto producer = topic.NewProducer();
    const auto consumer = topic.NewConsumer();
    state.ResumeTiming();
    Send(*producer, value);
    Poll(*consumer);
  }
  SetRates(state, value);
}

BENCHMARK(BM_ProducerSend)
    ->ArgNames({"record_bytes", "calls_back"})
    ->Args({100, 0})
    ->Args({100, 1})
    ->UseRealTime();
BENCHMARK(BM_ConsumerPoll)->ArgName("record_bytes")->Arg(100)->UseRealTime();
BENCHMARK(BM_ClientSendAndPoll)
    ->ArgName("record_bytes")
    ->Arg(100)
    ->UseRealTime();

}  // namespace
}  // namespace cauce::bench

BENCHMARK_MAIN();
