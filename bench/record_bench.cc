// What do encoding and decoding cost a record, in memory and apart from files?
//
// Back of an envelope, a record of 8 + 100 B at 4 GHz: two copies and seven
// small integers are some 40 instructions with few branches, 7 to 10 ns either
// way; the checksum of 118 B at 60 GB/s is 2 ns.
#include <benchmark/benchmark.h>

#include "bench/payload.h"
#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"

namespace cauce::bench {
namespace {

constexpr size_t kBatchBytes = 64 << 10;

Payload PayloadFor(const benchmark::State& state) {
  return Payload(static_cast<size_t>(state.range(0)), kBatchBytes, 1);
}

void SetRates(benchmark::State& state, const Payload& payload) {
  const auto batches = static_cast<int64_t>(state.iterations());
  state.SetBytesProcessed(batches *
                          static_cast<int64_t>(payload.batch().size()));
  state.SetItemsProcessed(batches *
                          static_cast<int64_t>(payload.records().size()));
}

void BM_BatchBuilderAdd(benchmark::State& state) {
  const Payload payload = PayloadFor(state);
  BatchBuilder builder({}, kBatchBytes);
  for (auto _ : state) {
    builder.Clear();
    for (const Record& record : payload.records()) {
      benchmark::DoNotOptimize(builder.Add(record));
    }
  }
  SetRates(state, payload);
}

void BM_BatchBuilderAddAndFinish(benchmark::State& state) {
  const Payload payload = PayloadFor(state);
  BatchBuilder builder({}, kBatchBytes);
  for (auto _ : state) {
    for (const Record& record : payload.records()) builder.Add(record);
    benchmark::DoNotOptimize(builder.Finish());
  }
  SetRates(state, payload);
}

void BM_RecordReaderNext(benchmark::State& state) {
  const Payload payload = PayloadFor(state);
  const auto batch = RecordBatch::Parse(payload.batch());
  CAUCE_CHECK(batch.ok());
  RecordReader reader;
  RecordView record;
  for (auto _ : state) {
    CAUCE_CHECK(reader.Open(*batch).ok());
    while (reader.Next(&record)) benchmark::DoNotOptimize(record);
  }
  SetRates(state, payload);
}

void BM_RecordBatchParse(benchmark::State& state) {
  const Payload payload = PayloadFor(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(RecordBatch::Parse(payload.batch()));
  }
  SetRates(state, payload);
}

BENCHMARK(BM_BatchBuilderAdd)->ArgName("record_bytes")->Arg(100)->Arg(1024);
BENCHMARK(BM_BatchBuilderAddAndFinish)
    ->ArgName("record_bytes")
    ->Arg(100)
    ->Arg(1024);
BENCHMARK(BM_RecordReaderNext)->ArgName("record_bytes")->Arg(100)->Arg(1024);
BENCHMARK(BM_RecordBatchParse)->ArgName("record_bytes")->Arg(100)->Arg(1024);

}  // namespace
}  // namespace cauce::bench

BENCHMARK_MAIN();
