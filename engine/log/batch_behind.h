// Where reading can go on behind a damaged batch.
//
// A damaged batch may still tell where it ends, and an index knows where some
// batches begin; both are claims, which the batch found there must confirm by
// being whole and having offsets that fit. Pure but for reading the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/sparse_index.h"

namespace cauce {

// A batch that cannot be read, and what is known around it.
struct DamagedPlace {
  std::shared_ptr<const File> file;
  std::string name;  // how errors call the file
  int64_t position = 0;
  int64_t end = 0;       // of what may be looked at
  BatchOffsets offsets;  // what was expected there
};

// What a damaged batch says of itself, for what stands behind it to bear out.
struct BatchClaim {
  Offset base;
  Offset next;
  int64_t end = 0;  // its place in the file
  Timestamp largest;
};

// Of the one that `scanner` stands in front of; nothing where its bytes make no
// header.
absl::StatusOr<std::optional<BatchClaim>> ReadClaim(BatchScanner& scanner);

// Positions where batches may begin, growing; nothing once there are no more.
using NextPosition = std::function<absl::StatusOr<std::optional<int64_t>>()>;

// The positions above `position` that `index` knows, which must outlive them.
NextPosition EntriesBehind(const OffsetIndex& index, int64_t position);

// Returns the first batch found behind the damage, and leaves `scanner` behind
// it; nothing where none is known. Tries where the damaged batch says it ends,
// then `entries`. Fails only where the file or the entries cannot be read.
absl::StatusOr<std::optional<RecordBatch>> FindBatchBehind(
    BatchScanner& scanner, const DamagedPlace& damaged,
    const NextPosition& entries);

}  // namespace cauce
