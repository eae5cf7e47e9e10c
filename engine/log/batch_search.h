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
  // How many bytes it may read: before it has found a batch, and behind that,
  // for one that is better confirmed. Past either it ends with what it has.
  struct Limits {
    int64_t first = INT64_MAX;
    int64_t better = INT64_MAX;
    int64_t tried = INT64_MAX;  // whose CRCs are tried
  };

  static constexpr int64_t kTriedFactor = 16;
  // Added to it, so that a short file may hold one large batch.
  static constexpr int64_t kTriedBytes = 64 << 20;

  // Searches behind the first byte of `place`. Its `boundary` is not looked at:
  // what was damaged may have reached across.
  explicit BatchSearch(const DamagedPlace& place) : BatchSearch(place, {}) {}
  BatchSearch(const DamagedPlace& place, const Limits& limits);

  // Returns the first batch to go on with; nothing where there is none. Fails
  // only where the file cannot be read.
  absl::StatusOr<std::optional<FoundBatch>> Run();

  // Returns the first batch from which whole ones lead, back to back, to the
  // end of `place` exactly: only there the file is known to go on. Nothing
  // inside of a record reaches that.
  absl::StatusOr<std::optional<FoundBatch>> RunToEnd();

  // How many bytes Run read that led to no batch, or to none that is better.
  int64_t vain_bytes() const { return vain_bytes_; }

  int64_t tried_bytes() const { return tried_bytes_; }

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
  const Limits limits_;
  int64_t left_bytes_ = INT64_MAX;  // to be read
  int64_t vain_bytes_ = 0;
  const int64_t tried_bytes_max_;
  int64_t tried_bytes_ = 0;
  BatchScanner scanner_{4 << 10};  // mostly for one batch
};

}  // namespace cauce
