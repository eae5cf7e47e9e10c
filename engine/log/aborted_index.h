// The aborted transactions whose markers stand in one segment, as its
// `.txnindex` file lists them.
//
// Markers follow each other in the order of their offsets; a transaction may
// begin in a segment before. Source of the format: Kafka's TransactionIndex and
// AbortedTxn: entries of 34 bytes, see engine/FORMAT.md. The log has all that
// it says. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"

namespace cauce {

struct AbortedTransaction {
  ProducerId producer_id;
  Offset first;  // of its records
  Offset last;   // its marker
  // Up to where all transactions had ended when it was aborted.
  Offset last_stable;

  friend bool operator==(const AbortedTransaction&,
                         const AbortedTransaction&) = default;
};

class AbortedIndex {
 public:
  static constexpr size_t kEntryBytes = 34;
  // Larger ones are neither written nor read: two million aborts.
  static constexpr int64_t kBytesMax = 64 << 20;

  // `aborted` ends behind those that are there.
  void Add(const AbortedTransaction& aborted);
  // The log ends at `end`: markers from there on are gone.
  void CutAt(Offset end);

  std::span<const AbortedTransaction> entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  size_t bytes() const { return entries_.size() * kEntryBytes; }

  // Adds to `found` those that have records in [from, up_to). Returns whether
  // that is all of them; else segments behind this one may hold more.
  bool Search(Offset from, Offset up_to,
              std::vector<AbortedTransaction>& found) const;

  std::string Encode() const;
  // The file of the segment that begins at `base`. Reason::kCorruptFile for
  // what no writer leaves, kUnsupportedFormat for entries of another version.
  static absl::StatusOr<AbortedIndex> Decode(Offset base,
                                             std::string_view bytes);
  // The entries in front of the first one that Decode refuses: where a power
  // loss has torn the end they are what was durable.
  static AbortedIndex DecodeFront(Offset base, std::string_view bytes);

 private:
  // Up to the first entry that does not fit, and why not.
  absl::Status Take(Offset base, std::string_view bytes);

  std::vector<AbortedTransaction> entries_;
};

}  // namespace cauce
