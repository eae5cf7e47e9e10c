// A record that was read, as a C program gets it: a view of the same bytes.
//
// Only its headers are decoded, into memory that the next records use again.
// For one thread at a time.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce::capi {

class RecordsOut {
 public:
  // Drops what was added.
  void Clear();
  // `partition` lives as long as the record.
  void Add(const RecordView& record, const TopicPartition& partition,
           TimestampType timestamp_type);

  // Until the next call of any other function; null where there are none.
  const cauce_record_t* const* items();
  size_t count() const { return count_; }

 private:
  // They keep their places as more are added.
  std::deque<cauce_record_t> records_;
  std::deque<std::vector<cauce_header_t>> headers_;
  size_t count_ = 0;  // of these that are in use
  std::vector<const cauce_record_t*> items_;
};

}  // namespace cauce::capi
