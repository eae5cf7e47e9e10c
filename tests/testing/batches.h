// Record batches that own their bytes, built in a line, also ones that no
// builder would make. Plain values.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/record/layout.h"

namespace cauce::test {

// A batch with bytes of its own. Views of it live as long as it does.
class OwnedBatch {
 public:
  explicit OwnedBatch(std::string bytes) : bytes_(std::move(bytes)) {}
  explicit OwnedBatch(const RecordBatch& batch) : bytes_(batch.bytes()) {}

  RecordBatch view() const {
    const auto batch = RecordBatch::Parse(bytes_);
    CAUCE_CHECK(batch.ok());
    return *batch;
  }
  const std::string& bytes() const { return bytes_; }

  // The same batch at another place in the log: the CRC does not cover it.
  OwnedBatch At(Offset base, LeaderEpoch epoch = LeaderEpoch{0}) const {
    std::string bytes = bytes_;
    StoreBig<int64_t>(bytes.data() + layout::kBaseOffset, base.value);
    StoreBig<int32_t>(bytes.data() + layout::kLeaderEpoch, epoch.value);
    return OwnedBatch(std::move(bytes));
  }

  // The same batch after `change` of its bytes, with a CRC that is right.
  template <class Change>
  OwnedBatch With(Change change) const {
    std::string bytes = bytes_;
    change(bytes);
    const std::string_view covered =
        std::string_view(bytes).substr(layout::kAttributes);
    StoreBig<uint32_t>(bytes.data() + layout::kCrc, Crc32c(covered));
    return OwnedBatch(std::move(bytes));
  }

 private:
  std::string bytes_;
};

inline OwnedBatch BatchOf(const std::vector<Record>& records,
                          const BatchFields& fields = {}) {
  BatchBuilder builder(fields, kRecordBytesMax);
  for (const Record& record : records) CAUCE_CHECK(builder.Add(record));
  const auto batch = builder.Finish();
  CAUCE_CHECK(batch.ok());
  return OwnedBatch(*batch);
}

// A batch of records that have these values, a key, and this timestamp.
inline OwnedBatch Batch(std::initializer_list<std::string_view> values,
                        Timestamp timestamp = {1'700'000'000'000},
                        const BatchFields& fields = {}) {
  std::vector<Record> records;
  for (const std::string_view value : values) {
    records.push_back({.key = "k", .value = value, .timestamp = timestamp});
  }
  return BatchOf(records, fields);
}

// One record of `bytes` value bytes.
inline OwnedBatch BatchOfBytes(size_t bytes,
                               Timestamp timestamp = {1'700'000'000'000}) {
  const std::string value(bytes, 'v');
  return Batch({value}, timestamp);
}

// A commit marker of a transaction, as its coordinator writes it.
inline OwnedBatch ControlBatch() {
  BatchFields fields;
  fields.control = true;
  fields.transactional = true;
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  static constexpr std::string_view kKey("\0\0\0\1", 4);
  static constexpr std::string_view kValue("\0\0\0\0\0\5", 6);
  return BatchOf({{.key = kKey, .value = kValue, .timestamp = {1}}}, fields);
}

}  // namespace cauce::test
