#include "bench/payload.h"

#include <random>

#include "cauce/record_batch.h"
#include "engine/base/check.h"

namespace cauce::bench {
namespace {

// A quarter into the year 2023: any moment in the past will do.
constexpr Timestamp kTime{1'680'000'000'000};

std::string RandomBytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

Payload::Payload(size_t value_bytes, size_t batch_bytes_max, uint32_t seed)
    : value_bytes_(value_bytes),
      random_bytes_(RandomBytes(batch_bytes_max, seed)) {
  BatchBuilder builder({}, batch_bytes_max);
  // A record takes more bytes than its key and value: these do not run out.
  for (std::string_view left = random_bytes_;;) {
    Record record;
    record.key = left.substr(0, kKeyBytes);
    record.value = left.substr(kKeyBytes, value_bytes);
    record.timestamp = kTime;
    if (!builder.Add(record)) break;
    records_.push_back(record);
    left.remove_prefix(kKeyBytes + value_bytes);
  }
  CAUCE_CHECK(!records_.empty());
  const auto built = builder.Finish();
  CAUCE_CHECK(built.ok());
  batch_ = std::string(built->bytes());

  const auto batch = RecordBatch::Parse(batch_);
  CAUCE_CHECK(batch.ok());
  RecordReader reader;
  CAUCE_CHECK(reader.Open(*batch).ok());
  RecordView view;
  while (reader.Next(&view)) {
    places_.push_back(
        {static_cast<size_t>(view.key->data() - batch_.data()),
         static_cast<size_t>(view.value->data() - batch_.data())});
  }
  CAUCE_CHECK(places_.size() == records_.size());
}

int64_t Payload::BatchesFor(int64_t bytes) const {
  const auto size = static_cast<int64_t>(batch_.size());
  return (bytes + size - 1) / size;
}

}  // namespace cauce::bench
