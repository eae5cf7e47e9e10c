// A record batch as it comes from outside: the view of its header, the walk
// over its records and headers, the validation of a producer's batch; once as
// it is, and once with a length and a CRC that are right, as an attacker would
// send it.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/record/layout.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/testing/owned_record.h"

namespace cauce::fuzz {
namespace {

constexpr size_t kDecompressedMax = 1 << 20;
constexpr size_t kMessageMax = 1000;

// A record with what the wire says of its time, whosever time it shows.
struct Stored {
  test::OwnedRecord record;
  int64_t stored_timestamp = 0;
  friend bool operator==(const Stored&, const Stored&) = default;
};

struct Walked {
  std::vector<Stored> records;
  absl::Status status;
};

void CheckError(const absl::Status& status,
                std::initializer_list<Reason> reasons) {
  ExpectReason(status, reasons);
  CAUCE_CHECK(status.message().size() < kMessageMax);
}

Walked Walk(RecordReader& reader, const RecordBatch& batch) {
  Walked walked;
  walked.status = reader.Open(batch, kDecompressedMax);
  if (!walked.status.ok()) {
    CheckError(walked.status, {Reason::kCorruptBatch, Reason::kBatchTooLarge});
    return walked;
  }
  Offset next = batch.base_offset();
  RecordView view;
  while (reader.Next(&view)) {
    CAUCE_CHECK(view.offset >= next);
    CAUCE_CHECK(view.offset <= batch.last_offset());
    next = view.offset + 1;
    test::OwnedRecord own{test::Own(view.key),
                          test::Own(view.value),
                          {},
                          view.timestamp.ms,
                          view.offset.value};
    for (const Header& header : view.headers) {
      own.headers.emplace_back(header.key, test::Own(header.value));
    }
    CAUCE_CHECK(own.headers.size() == static_cast<size_t>(view.headers.size()));
    if (batch.timestamp_type() == TimestampType::kLogAppendTime) {
      CAUCE_CHECK(view.timestamp == batch.max_timestamp());
    } else {
      CAUCE_CHECK(view.timestamp == reader.stored_timestamp());
    }
    walked.records.push_back({std::move(own), reader.stored_timestamp().ms});
  }
  walked.status = reader.status();
  const auto count = static_cast<size_t>(batch.record_count());
  CAUCE_CHECK(walked.records.size() <= count);
  if (walked.status.ok()) {
    CAUCE_CHECK(walked.records.size() == count);
  } else {
    CheckError(walked.status, {Reason::kInvalidRecord});
  }
  return walked;
}

// What was read can be written, and reads as it did.
void CheckRebuilt(const RecordBatch& batch, const Walked& walked) {
  BatchFields fields;
  fields.codec = batch.codec();
  fields.codec_level =
      batch.codec() == Codec::kGzip ? std::optional<int>(1) : std::nullopt;
  fields.timestamp_type = batch.timestamp_type();
  fields.transactional = batch.is_transactional();
  fields.control = batch.is_control();
  fields.leader_epoch = batch.leader_epoch();
  fields.producer_id = batch.producer_id();
  fields.producer_epoch = batch.producer_epoch();
  fields.base_sequence = batch.base_sequence();
  fields.base_offset = batch.base_offset();
  fields.max_timestamp = batch.max_timestamp();
  fields.last_offset_delta = batch.last_offset_delta();
  (batch.has_delete_horizon() ? fields.delete_horizon : fields.base_timestamp) =
      batch.base_timestamp();
  BatchBuilder builder(fields, kRecordBytesMax);
  for (const Stored& stored : walked.records) {
    std::vector<Header> headers;
    for (const auto& [key, value] : stored.record.headers) {
      headers.push_back({key, value});
    }
    const int64_t delta = stored.record.offset - batch.base_offset().value;
    CAUCE_CHECK(builder.AddAt(static_cast<int32_t>(delta),
                              {stored.record.key,
                               stored.record.value,
                               headers,
                               {stored.stored_timestamp}}));
  }
  const auto built = builder.Finish();
  CAUCE_CHECK(built.ok());
  const auto parsed = RecordBatch::Parse(built->bytes());
  CAUCE_CHECK(parsed.ok());
  CAUCE_CHECK(parsed->base_offset() == batch.base_offset());
  CAUCE_CHECK(parsed->last_offset() == batch.last_offset());
  CAUCE_CHECK(parsed->base_timestamp() == batch.base_timestamp());
  CAUCE_CHECK(parsed->max_timestamp() == batch.max_timestamp());
  CAUCE_CHECK(parsed->producer_id() == batch.producer_id());
  RecordReader reader;
  const Walked again = Walk(reader, *parsed);
  CAUCE_CHECK(again.status.ok());
  CAUCE_CHECK(again.records == walked.records);
}

void CheckValidated(const RecordBatch& batch, const Walked& walked) {
  RecordRules rules;
  rules.decompressed_bytes_max = kDecompressedMax;
  const absl::Status valid = ValidateRecords(batch, rules);
  if (!valid.ok()) {
    CheckError(valid, {Reason::kInvalidRecord, Reason::kInvalidTimestamp,
                       Reason::kCorruptBatch, Reason::kBatchTooLarge});
  } else {
    CAUCE_CHECK(walked.status.ok());
    int64_t delta = 0;
    for (const Stored& stored : walked.records) {
      CAUCE_CHECK(stored.record.offset == (batch.base_offset() + delta).value);
      ++delta;
    }
    CAUCE_CHECK(delta == batch.last_offset_delta() + int64_t{1});
  }
  rules.keys_required = true;
  rules.earliest = Timestamp{0};
  const bool all_have_keys = std::ranges::all_of(
      walked.records,
      [](const Stored& stored) { return stored.record.key.has_value(); });
  const absl::Status strictly_valid = ValidateRecords(batch, rules);
  if (strictly_valid.ok()) CAUCE_CHECK(valid.ok() && all_have_keys);
}

// Returns how many bytes the batch at the front takes; nothing for none.
std::optional<size_t> CheckBatch(std::string_view bytes) {
  const auto batch = RecordBatch::Parse(bytes);
  if (!batch.ok()) {
    CheckError(batch.status(),
               {Reason::kCorruptBatch, Reason::kUnsupportedFormat,
                Reason::kUnsupportedCodec});
    return std::nullopt;
  }
  const std::string_view whole = batch->bytes();
  CAUCE_CHECK(whole.data() == bytes.data());
  CAUCE_CHECK(whole.size() >= kBatchHeaderBytes);
  CAUCE_CHECK(whole.size() <= bytes.size());
  CAUCE_CHECK(Crc32c(whole.substr(layout::kAttributes)) == batch->crc());
  CAUCE_CHECK(batch->base_offset() >= Offset{0});
  CAUCE_CHECK(batch->next_offset() > batch->base_offset());

  RecordReader reader;
  const Walked walked = Walk(reader, *batch);
  const Walked again = Walk(reader, *batch);
  CAUCE_CHECK(again.status == walked.status);
  CAUCE_CHECK(again.records == walked.records);
  CheckValidated(*batch, walked);
  if (walked.status.ok()) CheckRebuilt(*batch, walked);
  if (!walked.records.empty() && walked.records[0].record.key) {
    const auto type = ParseControlKey(*walked.records[0].record.key);
    if (!type.ok()) CheckError(type.status(), {Reason::kInvalidRecord});
  }
  return whole.size();
}

}  // namespace

void CheckInput(std::string_view input) {
  for (std::string_view left = input; !left.empty();) {
    const auto bytes = CheckBatch(left);
    if (!bytes) break;
    left.remove_prefix(*bytes);
  }
  // The payload may grow to the bound and a byte, in a string that doubles.
  ExpectSmallAllocations(4 * kDecompressedMax + 64 * input.size());
  if (input.size() < kBatchHeaderBytes) return;
  std::string mended(input);
  StoreBig<int32_t>(
      mended.data() + layout::kBatchLength,
      static_cast<int32_t>(mended.size() - layout::kLengthExcludes));
  mended[layout::kMagic] = layout::kMagicValue;
  test::FixCrc(mended);
  CheckBatch(mended);
  ExpectSmallAllocations(4 * kDecompressedMax + 64 * input.size());
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (CorpusFile& file : GoldenBatches(8 << 10)) {
    seeds.push_back(std::move(file.bytes));
  }
  for (const char* hex :
       {test::kThreeRecords, test::kCommitMarker, test::kEmptiedBatch}) {
    seeds.push_back(test::FromHex(hex));
  }
  return seeds;
}

}  // namespace cauce::fuzz
