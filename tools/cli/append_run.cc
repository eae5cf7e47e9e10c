#include "tools/cli/append_run.h"

#include <iterator>
#include <memory>
#include <string_view>

#include "cauce/env.h"
#include "fmt/format.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/interrupts.h"

namespace cauce::cli {
namespace {

constexpr absl::Duration kWatchInterval = absl::Milliseconds(200);

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

}  // namespace

AppendRun::AppendRun(const AppendRunOptions& options,
                     std::vector<Partition>& into)
    : options_(options),
      into_(into),
      payload_(Payload(options.record_bytes + 1024)),
      left_(options.records) {}

absl::Status AppendRun::Run(const Watch& watch) {
  Doorbell doorbell;
  // A pool each: one of several might be of fewer, and say nothing.
  std::vector<std::unique_ptr<Executor>> threads;
  while (std::ssize(threads) < options_.threads) {
    threads.push_back(NewThreadPool(1));
    if (threads.back() != nullptr) continue;
    threads.pop_back();
    break;
  }
  if (threads.empty()) {
    return absl::ResourceExhaustedError(fmt::format(
        "the system has no thread left, and {} are to append: end other "
        "programs, or raise the limit (ulimit -u)",
        options_.threads));
  }
  threads_ = static_cast<int>(threads.size());
  running_ = threads_;
  std::vector<absl::Status> results(threads.size());
  const absl::Duration begun = clock_->Monotonic();
  for (size_t i = 0; i < results.size(); ++i) {
    threads[i]->Schedule([this, i, &doorbell, &result = results[i]] {
      result = Work(into_[i % into_.size()]);
      running_.fetch_sub(1);
      doorbell.Ring();
    });
  }
  while (running_ > 0) {
    doorbell.Wait({.timeout = kWatchInterval});
    watch(records_, BytesOf(records_));
  }
  elapsed_ = clock_->Monotonic() - begun;
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

Figures AppendRun::figures() const {
  const int64_t records = records_;
  return {"an append", records, BytesOf(records), elapsed_};
}

int64_t AppendRun::BytesOf(int64_t records) const {
  return records * static_cast<int64_t>(options_.record_bytes);
}

absl::Status AppendRun::Work(Partition& partition) {
  BatchBuilder builder({.codec = options_.codec}, options_.batch_bytes);
  const AppendOptions append{.ack = options_.ack};
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
int64_t AppendRun::Fill(BatchBuilder& builder) {
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

}  // namespace cauce::cli
