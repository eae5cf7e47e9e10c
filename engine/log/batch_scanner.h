// Walks over the batches of a segment file from a position on, verifying each.
//
// Reads the file in large pieces into one buffer that grows to the largest
// batch and no further: a claimed length is believed only after the CRC over
// that many bytes was right. The CRC does not cover a batch's base offset, so
// a walk that is told which offsets to expect also checks that each batch
// continues the one before. Zeros where a batch would begin are the end of a
// log whose file was prepared ahead. For one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// Which offsets the batches of a walk may have.
struct BatchOffsets {
  // The first batch begins here, or later where compaction left a gap. Absent
  // where nobody knows: the first one is then taken as it stands.
  std::optional<Offset> next;
  // Every batch ends here or below.
  Offset up_to{INT64_MAX};
  // A batch of the log ended or began here once: neither one that is still
  // there nor a gap reaches across.
  Offset boundary{INT64_MIN};
  // From here on no batch was ever compacted away. So one that begins later
  // than expected has a damaged offset, unless the one behind it agrees: then
  // those in between are gone to the last byte.
  Offset no_gap_from{INT64_MAX};
  // Nor was one anywhere else. Below no_gap_from a batch that begins later is
  // then agreed with also by where it ends: at `up_to` or at `boundary`.
  bool doubts_gaps = false;
};

class BatchScanner {
 public:
  explicit BatchScanner(size_t read_bytes = 256 << 10);

  // Walks over [position, end) of `file` next. `name` is how errors call it.
  // Without `offsets` batches are returned wherever they say they belong.
  void Start(std::shared_ptr<const File> file, std::string name,
             int64_t position, int64_t end,
             const std::optional<BatchOffsets>& offsets = std::nullopt);

  // The same, but what is buffered of the file serves again where it is the
  // one that was walked over last.
  void Restart(std::shared_ptr<const File> file, std::string name,
               int64_t position, int64_t end,
               const std::optional<BatchOffsets>& offsets = std::nullopt);

  // The same in the file that it walks over, up to the end that it has.
  void Move(int64_t position, const std::optional<BatchOffsets>& offsets);

  // Has what stands from position() up to `to`, or end(), in its buffer, and
  // reads no further: for who looks for one batch and knows where it ends, at
  // the latest. Returns what is buffered from there on, until the next call.
  absl::StatusOr<std::string_view> Load(int64_t to);

  // The file has grown: the walk goes on to `end`, and to offset `up_to`.
  void ExtendTo(int64_t end, Offset up_to = Offset{INT64_MAX});

  // Returns the next batch, which is valid until the next call, or nothing at
  // the end of the log. Reason::kCorruptBatch, also for a batch that cannot
  // have the offsets it claims, and others of RecordBatch::Parse, with file and
  // position; the scanner then stays in front of the damage.
  absl::StatusOr<std::optional<RecordBatch>> Next();

  // Goes back to the batch that Next() returned last.
  void StepBack();

  // Where the next batch begins.
  int64_t position() const { return position_; }
  // Where the batch that Next() returned last begins.
  int64_t batch_position() const { return batch_position_; }
  int64_t end() const { return end_; }
  // What is expected of the next batch.
  const std::optional<BatchOffsets>& offsets() const { return offsets_; }

 private:
  // The end of the log, if there is nothing but zeros from here on.
  absl::StatusOr<std::optional<RecordBatch>> CheckZeros();
  // Bytes in the buffer from position_ on.
  std::string_view Buffered() const;
  // Makes at least `bytes` available from position_ on, or all up to end_;
  // reads `at_a_time`, where that is more.
  absl::Status Fill(size_t bytes, size_t at_a_time);
  // Whether a batch of `bytes` at position_ has the CRC its header says,
  // found without holding it in memory.
  absl::Status CheckLargeBatch(int64_t bytes);
  // Whether `batch`, which is whole, belongs where it stands: at position_.
  absl::Status CheckOffsets(const RecordBatch& batch) const;
  // Where the batch at `position` says it begins; nothing where there is none
  // that could be one.
  absl::StatusOr<std::optional<Offset>> BaseAt(int64_t position) const;
  absl::Status Damage(const absl::Status& cause) const;

  const size_t read_bytes_;
  std::shared_ptr<const File> file_;
  std::string name_;
  int64_t position_ = 0;
  int64_t batch_position_ = 0;
  int64_t end_ = 0;
  std::optional<BatchOffsets> offsets_;
  std::optional<Offset> batch_expected_;  // offsets_->next before that batch

  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  int64_t buffer_position_ = 0;  // of the buffer's first byte in the file
  size_t buffered_ = 0;
};

// How many offsets the batch takes that begins at `position` of `file`, and is
// whole whatever offset it claims, which its checksum does not cover; 0 where
// no whole batch begins there.
absl::StatusOr<int64_t> OffsetsOfWholeAt(std::shared_ptr<const File> file,
                                         std::string name, int64_t position,
                                         int64_t end);

}  // namespace cauce
