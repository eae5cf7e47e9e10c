// A topic "t" of one partition that is written with the public API, and what
// was written to it. Its clock stands still but for the appends. For one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/written_producers.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce::test {

using Configs = std::map<std::string, std::string>;

// Segments of a few dozen batches, and an index entry for nearly each.
inline const Configs kSmallSegments = {{"internal.segment.bytes", "65536"},
                                       {"index.interval.bytes", "512"}};

// The paths below `folder` that end so, in the order of their names: that of
// their offsets.
inline std::vector<std::string> FilesIn(const std::string& folder,
                                        const std::vector<std::string>& ends) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (std::ranges::any_of(
            ends, [&](const auto& end) { return path.ends_with(end); })) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  return files;
}

// A record as a reader shall see it: with its offset, and the log's time where
// the log gave it one.
struct WrittenRecord {
  OwnedRecord record;
  bool has_append_time = false;
  int32_t sequence = -1;
  ProducerId producer_id;
  bool is_transactional = false;
  std::optional<TransactionEnd> end;  // a marker: no consumer sees it
};

class WrittenTopic {
 public:
  WrittenTopic(std::string directory, const Configs& configs)
      : directory_(std::move(directory)) {
    Open();
    EXPECT_THAT(engine_->CreateTopic("t", {.configs = configs}), IsOk());
  }

  void Open() {
    auto engine = Engine::Open(directory_, {.clock = &clock_});
    ASSERT_THAT(engine, IsOk());
    engine_ = std::make_unique<Engine>(*std::move(engine));
  }

  void Close() {
    EXPECT_THAT(engine_->Close(), IsOk());
    engine_.reset();
    ExpectVerified(*PosixFileSystem(), directory_, Left::kWhole);
  }

  Engine& engine() { return *engine_; }
  Partition partition() { return *engine_->OpenPartition("t", PartitionId{0}); }

  void Append(const Records& records, const BatchFields& fields = {},
              const AppendOptions& options = {}) {
    clock_.Advance(absl::Milliseconds(3));
    BatchBuilder builder(fields, 16 << 20);
    for (const OwnedRecord& record : records) {
      ASSERT_TRUE(Add(builder, record));
    }
    const auto batch = builder.Finish();
    ASSERT_THAT(batch, IsOk());
    const auto appended = partition().Append(*batch, options);
    ASSERT_THAT(appended, IsOk());
    Note(records, fields, *appended);
  }

  void End(const TransactionEnd& end, const AppendOptions& options = {}) {
    clock_.Advance(absl::Milliseconds(3));
    const auto appended = partition().EndTransaction(end, options);
    ASSERT_THAT(appended, IsOk());
    WrittenRecord& note = written_.emplace_back();
    note.record.offset = static_cast<int64_t>(written_.size()) - 1;
    note.record.timestamp = Timestamp::From(clock_.Now()).ms;
    note.has_append_time = appended->append_time.has_value();
    note.producer_id = end.producer_id;
    note.end = end;
    EXPECT_EQ(appended->next.value, static_cast<int64_t>(written_.size()));
    producers_.End(end, appended->base, note.record.timestamp);
  }

  // Takes the records at and above `next` off what is expected.
  void ForgetFrom(Offset next) {
    written_.resize(static_cast<size_t>(next - Offset{0}));
    producers_.ForgetFrom(next);
  }

  // Every record, from offset 0 on.
  const std::vector<WrittenRecord>& written() const { return written_; }
  const WrittenProducers& producers() const { return producers_; }
  SimClock& clock() { return clock_; }
  const std::string& directory() const { return directory_; }
  std::string folder() const { return directory_ + "/t-0"; }

 private:
  void Note(const Records& records, const BatchFields& fields,
            const AppendResult& appended) {
    int32_t sequence = fields.base_sequence;
    int64_t latest = -1;
    for (const OwnedRecord& record : records) {
      WrittenRecord& note = written_.emplace_back();
      note.record = record;
      note.record.offset = static_cast<int64_t>(written_.size()) - 1;
      if (appended.append_time) {
        note.has_append_time = true;
        note.record.timestamp = appended.append_time->ms;
      }
      note.producer_id = fields.producer_id;
      note.is_transactional = fields.transactional;
      latest = std::max(latest, note.record.timestamp);
      if (sequence < 0) continue;
      note.sequence = sequence;
      sequence = sequence == INT32_MAX ? 0 : sequence + 1;
    }
    producers_.Append(fields, appended.base, appended.next, latest);
    EXPECT_EQ(appended.next.value, static_cast<int64_t>(written_.size()));
  }

  std::string directory_;
  SimClock clock_;
  std::unique_ptr<Engine> engine_;
  std::vector<WrittenRecord> written_;
  WrittenProducers producers_;
};

}  // namespace cauce::test
