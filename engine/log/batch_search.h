// Finds whole batches among bytes whose beginnings nobody knows: for repair,
// which may take its time.
//
// A place counts as the beginning of a batch where its header is of format 2,
// its offsets are among those expected, and its CRC is right. Bytes inside of a
// record may look like that too, so a batch is believed at once only where the
// file goes on behind it as behind a batch; any other only where it does not
// contradict the batches that follow. The CRCs that are tried cost at most
// kTriedFactor times what is searched. Pure but for reading the file; for one
// thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_scanner.h"

namespace cauce {

struct FoundBatch {
  int64_t position = 0;
  int64_t end = 0;
  Offset base;
  Offset next;
};

class BatchSearch {
 public:
  static constexpr int64_t kTriedFactor = 16;
  // Added to it, so that a short file may hold one large batch.
  static constexpr int64_t kTriedBytes = 64 << 20;

  // Searches behind the first byte of `place`. Its `boundary` is not looked at:
  // what was damaged may have reached across.
  explicit BatchSearch(const DamagedPlace& place);

  // Returns the first batch to go on with; nothing where there is none. Fails
  // only where the file cannot be read.
  absl::StatusOr<std::optional<FoundBatch>> Run();

  // Returns the first batch from which whole ones lead, back to back, to the
  // end of `place` exactly: only there the file is known to go on. Nothing
  // inside of a record reaches that.
  absl::StatusOr<std::optional<FoundBatch>> RunToEnd();

  // Whether it ended early, having tried too many places in vain.
  bool gave_up() const { return tried_bytes_ > tried_bytes_max_; }

 private:
  // The first whole batch at `from` or behind it.
  absl::StatusOr<std::optional<FoundBatch>> FirstFrom(int64_t from);
  absl::StatusOr<std::optional<FoundBatch>> TryAt(int64_t position);
  // Whether the header at `head`, which stands at `position`, could be right.
  bool IsPlausible(const char* head, int64_t position) const;
  // Whether whole batches lead from `batch` to the end exactly.
  absl::StatusOr<bool> LeadsToEnd(const FoundBatch& batch);
  // Whether the bytes behind `batch` are those that follow a batch.
  absl::StatusOr<bool> IsConfirmed(const FoundBatch& batch) const;

  const DamagedPlace place_;
  const int64_t tried_bytes_max_;
  int64_t tried_bytes_ = 0;
  BatchScanner scanner_;
};

}  // namespace cauce
