// Reads from a log's headers what compaction has to know of its producers: what
// of the log is settled, what was aborted, and which batch is a producer's
// last.
//
// Looks at the header of every batch and at all of every marker; takes other
// headers as they stand, since whoever rewrites a batch verifies it. What
// it cannot follow, or count, is left for another time: nothing from there on
// is stable. Goes by no file beside the log, and by no table of whoever writes
// to it, which may know more than the log has. Only reads; for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/segment.h"

namespace cauce {

// The end of what an active producer wrote: the batch that tells it stays, also
// without records, so that its sequence and its epoch are not forgotten.
struct ProducerEnd {
  // The last offset of the last batch of its epoch; absent where only a marker
  // is left, whose epoch counts then.
  std::optional<Offset> last_data;
  int16_t epoch = -1;
  friend bool operator==(const ProducerEnd&, const ProducerEnd&) = default;
};

// What is known of producers as a pass begins.
struct ProducerView {
  // Kafka's last stable offset: no transaction is open that began below.
  Offset stable_end{INT64_MAX};
  // Of which records are there, in the order of their markers.
  std::vector<AbortedTransaction> aborted;
  // By producer id.
  std::unordered_map<int64_t, ProducerEnd> active;
  // Why nothing is known of what lies behind; OK where nothing is damaged.
  absl::Status damage;
};

struct ProducerScanOptions {
  Offset end;  // what lies above is not looked at
  absl::Time now;
  // Who has written nothing for so long is not active any more.
  absl::Duration expiration = absl::Hours(24);
};

class ProducerScan {
 public:
  // The most transactions that one pass knows to be aborted: their lists, of
  // 34 bytes each, stay below AbortedIndex::kBytesMax.
  static constexpr size_t kAbortedMax = 1 << 20;

  explicit ProducerScan(const ProducerScanOptions& options);
  ~ProducerScan();
  ProducerScan(ProducerScan&&) noexcept;
  ProducerScan& operator=(ProducerScan&&) noexcept;

  enum class Came {
    kWithin,   // the same segment comes again
    kThrough,  // the one behind it comes next
    kToTheEnd  // there is nothing to see in those behind
  };
  // The segments of a log come one after the other, oldest first, each until it
  // was gone through, reading `bytes_max` or little more. Fails only where a
  // file cannot be read.
  absl::StatusOr<Came> Take(Segment& segment, int64_t bytes_max);

  // Whether a transaction has begun and not ended in what was gone through.
  bool has_open() const;

  // Of files, so far.
  int64_t bytes_read() const;

  ProducerView Finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cauce
