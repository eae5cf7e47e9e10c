// The JSON form of a record, one object on one line: what `consume` prints
// with --format json and `produce` takes back unchanged.
//
//   {"topic":"t","partition":0,"offset":5,"timestamp":1700000000000,
//    "timestamp_type":"CreateTime","key":"k","value":{"base64":"/w=="},
//    "headers":[{"key":"h","value":null}]}
//
// Text that is valid UTF-8 is a string, other bytes are an object with their
// base64, null is null. Headers keep their order and repeat. For one thread at
// a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce::cli {

bool IsUtf8(std::string_view bytes);

void AppendBase64(std::string_view bytes, std::string& to);
// Strict: the standard alphabet, padded, nothing left over.
std::optional<std::string> DecodeBase64(std::string_view text);

// Appends a JSON string; `text` must be UTF-8.
void AppendJsonString(std::string_view text, std::string& to);

// Appends a key or a value: null, a string or {"base64":"..."}.
void AppendJsonBytes(const std::optional<std::string_view>& bytes,
                     std::string& to);

// Appends the envelope of `record`, without a newline.
void AppendEnvelope(std::string_view topic, PartitionId partition,
                    TimestampType timestamp_type, const RecordView& record,
                    std::string& to);

// Takes envelopes apart, reusing its memory.
class EnvelopeReader {
 public:
  struct Result {
    Record record;  // views the reader
    // Whether the line says what time the record has, or that it has none.
    bool has_timestamp = false;
    std::optional<PartitionId> partition;
  };

  // Valid until the next call. `topic`, `offset` and `timestamp_type` may
  // stand in the line and are not looked at; `value` must, the others may be
  // left out. InvalidArgument tells what is wrong with the line.
  absl::StatusOr<Result> Parse(std::string_view line);

 private:
  std::deque<std::string> texts_;  // that the record views
  std::vector<Header> headers_;
};

}  // namespace cauce::cli
