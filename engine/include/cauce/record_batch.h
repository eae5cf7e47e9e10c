// The record batch of Kafka's format 2: the unit that is written, stored,
// replicated and fetched, the same bytes everywhere.
//
// Source of the format: Apache Kafka, DefaultRecordBatch and DefaultRecord; the
// byte layout is in engine/FORMAT.md. A RecordBatch is a view that was checked
// once, at the door: whoever holds one knows that its length, magic and CRC
// hold. None of the classes here is thread-safe; each is for one thread at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/codec.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce {

// Bytes of a batch's header, which every batch has at least.
inline constexpr int64_t kBatchHeaderBytes = 61;

// A batch whose length, magic and CRC were found right. Borrows its bytes. The
// records inside are decoded, and checked, by RecordReader.
class RecordBatch {
 public:
  // No batch yet, without any bytes: appending, opening or validating it is
  // Reason::kInvalidRecord, and what its header says may not be asked.
  RecordBatch() = default;

  // Checks the batch at the front of `bytes`, which may go on behind it.
  // Reason::kCorruptBatch when the bytes end too early, the length is
  // impossible or the CRC is wrong; kUnsupportedFormat for magic 0, 1 and
  // above 2; kUnsupportedCodec for a codec number that nobody has assigned.
  static absl::StatusOr<RecordBatch> Parse(std::string_view bytes);

  // The whole batch, header included.
  std::string_view bytes() const { return bytes_; }
  // What follows the header: records, compressed by codec().
  std::string_view payload() const {
    return bytes_.empty() ? bytes_ : bytes_.substr(kBatchHeaderBytes);
  }

  Offset base_offset() const;
  // The batch covers the offsets [base_offset, next_offset), whether or not a
  // record is left at each of them.
  Offset next_offset() const { return base_offset() + last_offset_delta() + 1; }
  Offset last_offset() const { return base_offset() + last_offset_delta(); }
  int32_t last_offset_delta() const;
  LeaderEpoch leader_epoch() const;
  uint32_t crc() const;
  int16_t attributes() const;
  Codec codec() const { return static_cast<Codec>(attributes() & 0x07); }
  TimestampType timestamp_type() const;
  bool is_transactional() const { return (attributes() & 0x10) != 0; }
  bool is_control() const { return (attributes() & 0x20) != 0; }
  bool has_delete_horizon() const { return (attributes() & 0x40) != 0; }

  // The timestamp that record timestamps are stored relative to; holds the
  // delete horizon where has_delete_horizon().
  Timestamp base_timestamp() const;
  // The largest timestamp of the records; kNoTimestamp where they have none.
  Timestamp max_timestamp() const;
  ProducerId producer_id() const;
  int16_t producer_epoch() const;
  int32_t base_sequence() const;
  int32_t record_count() const;

 private:
  friend class BatchBuilder;
  explicit RecordBatch(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes_;
};

// How many bytes a batch's payload may grow to when it is decompressed.
inline constexpr size_t kDecompressedBytesMax = 64 << 20;

// Walks over the records of one batch after another, reusing its memory.
//   RecordReader reader;
//   CAUCE_RETURN_IF_ERROR(reader.Open(batch));
//   RecordView record;
//   while (reader.Next(&record)) Use(record);
//   return reader.status();
// Never reads outside the batch, whatever its bytes say.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;

  // Starts on `batch`, whose bytes must stay while records are read. A
  // compressed payload is decompressed into memory of the reader's own, at
  // most `decompressed_bytes_max` of it. Reason::kBatchTooLarge beyond,
  // kCorruptBatch where its stream is damaged, kInvalidRecord for a batch
  // without any bytes.
  absl::Status Open(const RecordBatch& batch,
                    size_t decompressed_bytes_max = kDecompressedBytesMax);

  // Passes by the records below `offset`, as far as it can tell them without
  // looking into them: not where the batch has gaps, nor where anything about
  // them is odd. So Next may still return some of those, and tells what is odd.
  void PassBelow(Offset offset);

  // Moves to the next record. Returns false behind the last one and on damage,
  // which status() tells apart. The views stay valid until Open.
  bool Next(RecordView* record);

  // The producer's own timestamp of the record that Next returned last: what
  // is stored where LogAppendTime gives every record another one.
  Timestamp stored_timestamp() const { return stored_timestamp_; }

  // The record that Next returned last as it is stored, its length included;
  // of a compressed batch, in the memory that Open decompressed it into.
  std::string_view stored_bytes() const {
    return {record_at_, static_cast<size_t>(at_ - record_at_)};
  }

  // OK, or Reason::kInvalidRecord with the offset and what is wrong: a length
  // that leaves the batch, a count that does not hold, offsets that go back.
  const absl::Status& status() const { return status_; }

 private:
  // Reads a record without headers whose lengths and deltas are small, as most
  // are. Returns false, having changed nothing, for any other and for damage.
  bool NextUsual(RecordView* record);
  bool NextOfAnyForm(RecordView* record);
  void Finish(RecordView* record, int32_t offset_delta, int64_t time_delta,
              const char* end);
  bool Fail(std::string_view what);
  bool AtEnd();

  const char* record_at_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  int32_t left_ = 0;
  int64_t delta_next_ = 0;  // the lowest offset delta the next record may have
  int32_t delta_max_ = 0;
  Offset base_offset_;
  int64_t base_timestamp_ = 0;
  bool append_time_ = false;
  Timestamp max_timestamp_;
  Timestamp stored_timestamp_;
  absl::Status status_;
  std::string decompressed_;
};

// What must hold of the records in a batch from outside, beyond its header.
struct RecordRules {
  // Every record has a key, as compaction demands.
  bool keys_required = false;
  // Records with a create time outside [earliest, latest] are refused.
  Timestamp earliest{INT64_MIN};
  Timestamp latest{INT64_MAX};
  size_t decompressed_bytes_max = kDecompressedBytesMax;
};

// Decodes the whole of `batch` and checks what a producer's batch must hold:
// offsets that count 0, 1, 2, …, a header that tells the true count, offsets
// and largest timestamp, and `rules`. Reason::kInvalidRecord,
// kInvalidTimestamp, kCorruptBatch, kBatchTooLarge.
absl::Status ValidateRecords(const RecordBatch& batch,
                             const RecordRules& rules = {});

// Everything a batch's header says that its records do not.
struct BatchFields {
  Codec codec = Codec::kNone;
  std::optional<int> codec_level;  // the codec's own default where absent
  TimestampType timestamp_type = TimestampType::kCreateTime;
  bool transactional = false;
  bool control = false;
  LeaderEpoch leader_epoch;
  ProducerId producer_id;
  int16_t producer_epoch = -1;
  int32_t base_sequence = -1;
  Offset base_offset{0};  // a log assigns its own when it appends
  // What timestamps are stored relative to; the first record's where absent.
  std::optional<Timestamp> base_timestamp;
  // Until when tombstones stay: takes the place of the base timestamp.
  std::optional<Timestamp> delete_horizon;
  // The header's largest timestamp; that of the records where absent. Readers
  // of a batch with kLogAppendTime see it as the time of every record.
  std::optional<Timestamp> max_timestamp;
  // The last offset the batch covers, relative to its base; that of the last
  // record where absent. Compaction keeps it when records go.
  std::optional<int32_t> last_offset_delta;
};

// Builds batches, one after the other, in memory that it reuses.
//   BatchBuilder builder;
//   for (...) if (!builder.Add(record)) { send builder.Finish(); ... }
class BatchBuilder {
 public:
  // `batch_bytes_max` bounds a batch before compression, above kRecordBytesMax
  // that does; a first record is taken whatever its size, up to the latter.
  explicit BatchBuilder(BatchFields fields = {},
                        size_t batch_bytes_max = 64 << 10);
  ~BatchBuilder();
  // One that was moved from may only be assigned to or destroyed.
  BatchBuilder(BatchBuilder&&) noexcept;
  BatchBuilder& operator=(BatchBuilder&&) noexcept;

  // Adds a record at the next offset. Returns false, and adds nothing, when
  // the batch would grow past its bound.
  bool Add(const Record& record) {
    return next_delta_ <= INT32_MAX &&
           AddAt(static_cast<int32_t>(next_delta_), record);
  }

  // The same at `base_offset + offset_delta`: for batches that have gaps. Adds
  // nothing below the next offset either.
  bool AddAt(int32_t offset_delta, const Record& record);

  // Completes the batch. Valid until the next Add, Clear or Finish; the next
  // Add begins a new batch with the same fields. Fails where the codec does,
  // with Reason::kBatchTooLarge where it would get more than
  // kDecompressedBytesMax of records, and with kInvalidOption for fields whose
  // offsets no batch can have; the records are dropped then. A batch without
  // records is legal (compaction leaves such).
  absl::StatusOr<RecordBatch> Finish();

  // Drops what was added since the last Finish.
  void Clear();

  bool empty() const { return count_ == 0; }
  int32_t record_count() const { return count_; }
  // Size that an uncompressed batch of what was added has.
  size_t bytes() const;

  // For the batches that follow. Nothing may have been added to this one yet.
  void SetFields(const BatchFields& fields);
  // Whose batches these are, of the one that is being built too; `sequence` is
  // that of its first record.
  void SetProducer(ProducerId id, int16_t epoch, int32_t sequence);

 private:
  // What records of one size, without headers, have in common as bytes. Many
  // records are like the one before: only their deltas, key and value change.
  struct Shape {
    size_t key_raw = SIZE_MAX;  // lengths, zig-zagged; at first like no other
    size_t value_raw = SIZE_MAX;
    // The least offset delta, zig-zagged, that takes as many bytes, one or
    // two, and how far behind it the last one is.
    size_t offset_raw_min = 0;
    size_t offset_span = 0;
    size_t total = 0;  // bytes of the whole record
    // Its length, attributes, a timestamp delta of one byte and an offset
    // delta, both 0, and the key's length, first byte lowest.
    uint64_t head = 0;
    size_t head_bytes = 0;
    int deltas_shift = 0;
    char value_length[2] = {};
    size_t value_length_bytes = 0;
  };

  // Adds a record of shape_. Returns false, having added nothing, for any
  // other, and where there might be no room.
  bool AddAlike(int32_t offset_delta, int64_t time_delta, const Record& record);
  bool AddOfAnyShape(int32_t offset_delta, int64_t time_delta,
                     const Record& record);
  void LearnShape(int32_t offset_delta, const Record& record);
  void Reserve(size_t more);
  absl::StatusOr<RecordBatch> Build();
  absl::Status CheckOffsets(int32_t last_delta) const;

  BatchFields fields_;
  size_t batch_bytes_max_;
  // Header and records; grown by doubling and never cleared to zeros.
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  // Up to where a record may be written without asking anything else.
  size_t room_ = 0;
  size_t size_ = kBatchHeaderBytes;
  Shape shape_;
  std::string compressed_;
  int32_t count_ = 0;
  int64_t next_delta_ = 0;
  int64_t base_timestamp_ = -1;
  int64_t max_timestamp_ = -1;
};

// The largest record a batch can hold.
inline constexpr size_t kRecordBytesMax = size_t{1} << 30;

// Control records, which mark where transactions end. Source: Kafka's
// ControlRecordType and EndTransactionMarker.
enum class ControlType : int16_t {
  kAbort = 0,
  kCommit = 1,
  kLeaderChange = 2,
  kSnapshotHeader = 3,
  kSnapshotFooter = 4,
  kKRaftVersion = 5,
  kKRaftVoters = 6,
};

// Returns the type that the key of a control record tells; kInvalidRecord for
// a key that is none. Types that Kafka has not assigned are returned as they
// are: readers skip them.
absl::StatusOr<ControlType> ParseControlKey(std::string_view key);

}  // namespace cauce
