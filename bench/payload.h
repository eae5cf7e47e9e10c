// The records that a benchmark writes, and one batch of them as bytes: the same
// for whoever is measured.
//
// Keys and values are drawn once from a seed and do not compress. Batch after
// batch holds the same records, so that making them costs the sides nothing and
// caches treat them alike. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/record.h"

namespace cauce::bench {

// Where a record's key and value stand within the batch.
struct RecordPlace {
  size_t key_at = 0;
  size_t value_at = 0;
};

class Payload {
 public:
  // As many records as a batch of at most `batch_bytes_max` takes, each with a
  // key of kKeyBytes and a value of `value_bytes`.
  Payload(size_t value_bytes, size_t batch_bytes_max, uint32_t seed);

  // The records view memory that moves along; a copy would not.
  Payload(Payload&&) = default;
  Payload& operator=(Payload&&) = default;

  static constexpr size_t kKeyBytes = 8;

  const std::vector<Record>& records() const { return records_; }
  // A batch of all records, at base offset 0.
  std::string_view batch() const { return batch_; }
  const std::vector<RecordPlace>& places() const { return places_; }
  size_t value_bytes() const { return value_bytes_; }

  // How many batches come nearest to `bytes` from above.
  int64_t BatchesFor(int64_t bytes) const;

 private:
  size_t value_bytes_;
  std::string random_bytes_;  // what the records view
  std::vector<Record> records_;
  std::string batch_;
  std::vector<RecordPlace> places_;
};

}  // namespace cauce::bench
