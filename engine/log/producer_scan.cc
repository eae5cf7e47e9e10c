#include "engine/log/producer_scan.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/producer_state.h"
#include "engine/log/producer_table.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Small batches are found several in a read; of large ones each read finds the
// header alone, and the rest is skipped.
constexpr size_t kReadBytes = 4096;

// A marker takes 78 bytes; one of any other kind is not much larger.
constexpr int64_t kMarkerBytesMax = 64 << 10;

// What a header says of its batch.
struct BatchHead {
  int64_t position;
  int64_t bytes;
  int16_t attributes;
  ProducedBatch produced;

  bool is_control() const { return (attributes & layout::kControlBit) != 0; }
  bool has_producer() const {
    return produced.producer_id >= ProducerId{0} && produced.epoch >= 0;
  }
};

// Goes from header to header through the file of one segment.
class HeadWalk {
 public:
  HeadWalk(std::shared_ptr<const File> file, const Segment& segment)
      : file_(std::move(file)),
        end_(segment.bytes()),
        next_(segment.base()),
        up_to_(segment.next()) {}

  // Nothing at the end, and where no batch can be: is_lost() tells which.
  absl::StatusOr<std::optional<BatchHead>> Next() {
    if (position_ >= end_) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(Fill());
    const std::string_view head = Buffered();
    is_lost_ = true;
    if (head.size() < static_cast<size_t>(kBatchHeaderBytes) ||
        !layout::MayBeBatch(head.data(), end_ - position_)) {
      return std::nullopt;
    }
    const char* const at = head.data();
    const int64_t base = LoadBig<int64_t>(at + layout::kBaseOffset);
    const int32_t delta = LoadBig<int32_t>(at + layout::kLastOffsetDelta);
    const bool in_order =
        delta >= 0 && base >= next_.value && base <= up_to_.value - delta - 1;
    if (!in_order) return std::nullopt;
    is_lost_ = false;
    const auto attributes = LoadBig<int16_t>(at + layout::kAttributes);
    const BatchHead found{
        .position = position_,
        .bytes = layout::ClaimedBytes(at),
        .attributes = attributes,
        .produced = {
            .producer_id = {LoadBig<int64_t>(at + layout::kProducerId)},
            .epoch = LoadBig<int16_t>(at + layout::kProducerEpoch),
            .base_sequence = LoadBig<int32_t>(at + layout::kBaseSequence),
            .last_offset_delta = delta,
            .base = {base},
            .max_timestamp = {LoadBig<int64_t>(at + layout::kMaxTimestamp)},
            .is_transactional = (attributes & layout::kTransactionalBit) != 0}};
    position_ += found.bytes;
    next_ = found.produced.last() + 1;
    return found;
  }
  bool is_lost() const { return is_lost_; }
  int64_t position() const { return position_; }
  int64_t bytes_read() const { return bytes_read_; }

 private:
  std::string_view Buffered() const {
    if (position_ < from_ || position_ >= from_ + Size()) return {};
    return std::string_view(buffer_, buffered_)
        .substr(static_cast<size_t>(position_ - from_));
  }
  int64_t Size() const { return static_cast<int64_t>(buffered_); }

  absl::Status Fill() {
    if (Buffered().size() >= static_cast<size_t>(kBatchHeaderBytes)) {
      return absl::OkStatus();
    }
    from_ = position_;
    buffered_ = 0;
    const auto wanted = std::min<int64_t>(end_ - position_, kReadBytes);
    CAUCE_ASSIGN_OR_RETURN(
        buffered_,
        file_->Read(position_, {buffer_, static_cast<size_t>(wanted)}));
    bytes_read_ += Size();
    return absl::OkStatus();
  }

  const std::shared_ptr<const File> file_;
  const int64_t end_;
  Offset next_;
  const Offset up_to_;
  int64_t position_ = 0;
  int64_t from_ = 0;  // of the buffer's first byte in the file
  size_t buffered_ = 0;
  int64_t bytes_read_ = 0;
  bool is_lost_ = false;
  char buffer_[kReadBytes];
};

}  // namespace

class ProducerScan::State {
 public:
  explicit State(const ProducerScanOptions& options) : options_(options) {}

  absl::StatusOr<Came> Take(Segment& segment, int64_t bytes_max) {
    if (segment.base() >= options_.end) return Came::kToTheEnd;
    CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                           segment.OpenFile());
    if (!walk_) walk_ = std::make_unique<HeadWalk>(file, segment);
    const int64_t before = walk_->bytes_read();
    auto came = Came::kWithin;
    while (came == Came::kWithin && walk_->bytes_read() - before < bytes_max) {
      CAUCE_ASSIGN_OR_RETURN(came, Step(segment, *file));
    }
    bytes_read_ += walk_->bytes_read() - before;
    if (came != Came::kWithin) walk_.reset();
    return came;
  }

  int64_t bytes_read() const { return bytes_read_; }
  bool has_open() const {
    constexpr Offset kNone{INT64_MAX};
    return table_.transactions().FirstOpen(kNone) != kNone;
  }

  ProducerView Finish() {
    Unsettle(table_.transactions().FirstOpen(Offset{INT64_MAX}));
    table_.Expire(options_.now, options_.expiration);
    for (const ProducerState& producer : table_.producers()) {
      ProducerEnd& end = view_.active[producer.id().value];
      end.epoch = producer.epoch();
      if (const auto last = producer.last_batch()) end.last_data = last->last;
    }
    return std::move(view_);
  }

 private:
  // Past one batch.
  absl::StatusOr<Came> Step(const Segment& segment, const File& file) {
    CAUCE_ASSIGN_OR_RETURN(const auto head, walk_->Next());
    if (!head) {
      if (!walk_->is_lost()) return Came::kThrough;
      Unsettle(segment.base());
      NoteDamage(segment, walk_->position(), "a batch should begin here");
      return Came::kToTheEnd;
    }
    if (head->produced.last() >= options_.end) return Came::kToTheEnd;
    if (!head->has_producer() && !head->is_control()) return Came::kWithin;
    CAUCE_ASSIGN_OR_RETURN(const bool taken, TakeBatch(segment, file, *head));
    if (taken) return Came::kWithin;
    Unsettle(head->produced.base);
    return Came::kToTheEnd;
  }

  void Unsettle(Offset at) {
    view_.stable_end = std::min(view_.stable_end, at);
  }

  void NoteDamage(const Segment& segment, int64_t position,
                  std::string_view what) {
    // Cut, or replaced, while it was read.
    if (segment.is_superseded()) return;
    view_.damage = MakeError(
        Reason::kCorruptBatch,
        fmt::format("{} at position {}: {}, and what the log tells of its "
                    "producers cannot be followed any further",
                    segment.path(), position, what));
  }

  // False where the batch cannot be followed.
  absl::StatusOr<bool> TakeBatch(const Segment& segment, const File& file,
                                 const BatchHead& head) {
    // What a marker decides must not hang on a bit that nothing has checked.
    const bool may_be_marker =
        head.is_control() ||
        (head.produced.base_sequence < 0 && head.bytes <= kMarkerBytesMax);
    if (!may_be_marker) {
      table_.Take(head.produced);
      return true;
    }
    if (view_.aborted.size() >= kAbortedMax) return false;
    CAUCE_ASSIGN_OR_RETURN(const auto batch, ReadWhole(file, head));
    if (!batch) {
      NoteDamage(segment, head.position,
                 "a batch that ends a transaction is not whole");
      return false;
    }
    if (!batch->is_control()) {
      table_.Take(head.produced);
      return true;
    }
    const auto marker = ParseEndMarker(*batch);
    // Without its record it tells that the whole transaction is gone.
    if (!marker) return true;
    const auto aborted = table_.Take(*marker);
    if (aborted) view_.aborted.push_back(*aborted);
    // All of what is looked at has been seen.
    table_.Forget(batch->next_offset());
    return true;
  }

  // Nothing where the batch is not whole.
  absl::StatusOr<std::optional<RecordBatch>> ReadWhole(const File& file,
                                                       const BatchHead& head) {
    if (head.bytes > kMarkerBytesMax) return std::nullopt;
    marker_.resize(static_cast<size_t>(head.bytes));
    CAUCE_ASSIGN_OR_RETURN(const size_t read,
                           file.Read(head.position, marker_));
    if (read < marker_.size()) return std::nullopt;
    const auto batch = RecordBatch::Parse(marker_);
    if (!batch.ok()) return std::nullopt;
    return *batch;
  }

  const ProducerScanOptions options_;
  ProducerView view_;
  ProducerTable table_;
  std::string marker_;
  std::unique_ptr<HeadWalk> walk_;  // where it is, within a segment
  int64_t bytes_read_ = 0;
};

ProducerScan::ProducerScan(const ProducerScanOptions& options)
    : state_(std::make_unique<State>(options)) {}
ProducerScan::~ProducerScan() = default;
ProducerScan::ProducerScan(ProducerScan&&) noexcept = default;
ProducerScan& ProducerScan::operator=(ProducerScan&&) noexcept = default;

absl::StatusOr<ProducerScan::Came> ProducerScan::Take(Segment& segment,
                                                      int64_t bytes_max) {
  return state_->Take(segment, bytes_max);
}

bool ProducerScan::has_open() const { return state_->has_open(); }

int64_t ProducerScan::bytes_read() const { return state_->bytes_read(); }

ProducerView ProducerScan::Finish() { return state_->Finish(); }

}  // namespace cauce
