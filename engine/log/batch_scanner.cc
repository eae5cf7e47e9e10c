#include "engine/log/batch_scanner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What a caller asks for at a time, and what he gets.
constexpr size_t kReadBytesMin = 4096;
constexpr size_t kReadBytesMax = 16 << 20;

// Batches above this are checked piece by piece before they get a buffer.
constexpr int64_t kTrustedBytesMax = 16 << 20;

}  // namespace

BatchScanner::BatchScanner(size_t read_bytes)
    : read_bytes_(
          std::clamp<size_t>(read_bytes, kReadBytesMin, kReadBytesMax)) {}

void BatchScanner::Start(std::shared_ptr<const File> file, std::string name,
                         int64_t position, int64_t end,
                         const std::optional<BatchOffsets>& offsets) {
  file_ = std::move(file);
  name_ = std::move(name);
  position_ = batch_position_ = buffer_position_ = position;
  end_ = end;
  offsets_ = offsets;
  buffered_ = 0;
}

void BatchScanner::Restart(std::shared_ptr<const File> file, std::string name,
                           int64_t position, int64_t end,
                           const std::optional<BatchOffsets>& offsets) {
  if (file != file_) {
    return Start(std::move(file), std::move(name), position, end, offsets);
  }
  name_ = std::move(name);
  end_ = end;
  Move(position, offsets);
}

void BatchScanner::Move(int64_t position,
                        const std::optional<BatchOffsets>& offsets) {
  const bool buffered =
      position >= buffer_position_ &&
      position <= buffer_position_ + static_cast<int64_t>(buffered_);
  if (!buffered) {
    buffer_position_ = position;
    buffered_ = 0;
  }
  position_ = batch_position_ = position;
  offsets_ = offsets;
}

absl::StatusOr<std::string_view> BatchScanner::Load(int64_t to) {
  const int64_t bytes = std::min(to, end_) - position_;
  if (bytes > 0) {
    CAUCE_RETURN_IF_ERROR(
        Fill(static_cast<size_t>(bytes), static_cast<size_t>(bytes)));
  }
  return Buffered();
}

void BatchScanner::ExtendTo(int64_t end, Offset up_to) {
  end_ = end;
  if (offsets_) offsets_->up_to = up_to;
}

void BatchScanner::StepBack() {
  position_ = batch_position_;
  if (offsets_) offsets_->next = batch_expected_;
}

absl::StatusOr<std::optional<RecordBatch>> BatchScanner::Next() {
  if (position_ >= end_) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(Fill(kBatchHeaderBytes, read_bytes_));
  std::string_view head = Buffered().substr(0, kBatchHeaderBytes);
  if (IsZeros(head)) return CheckZeros();
  if (static_cast<int64_t>(head.size()) == kBatchHeaderBytes) {
    const int64_t bytes = layout::ClaimedBytes(head.data());
    // What cannot be a batch is left for Parse to describe.
    const bool plausible = layout::MayBeBatch(head.data(), end_ - position_);
    if (plausible) {
      if (bytes > kTrustedBytesMax) {
        CAUCE_RETURN_IF_ERROR(CheckLargeBatch(bytes));
      }
      CAUCE_RETURN_IF_ERROR(Fill(static_cast<size_t>(bytes), read_bytes_));
    }
  }
  absl::StatusOr<RecordBatch> batch = RecordBatch::Parse(Buffered());
  if (!batch.ok()) return Damage(batch.status());
  CAUCE_RETURN_IF_ERROR(CheckOffsets(*batch));
  if (offsets_) {
    // What was taken as it stands is expected again after a step back.
    batch_expected_ = offsets_->next.value_or(batch->base_offset());
    offsets_->next = batch->next_offset();
  }
  batch_position_ = position_;
  position_ += static_cast<int64_t>(batch->bytes().size());
  return *batch;
}

absl::StatusOr<std::optional<RecordBatch>> BatchScanner::CheckZeros() {
  std::string piece(read_bytes_, '\0');
  for (int64_t at = position_;;) {
    // A file may be larger than its disk, and hardly anything be written.
    at = std::max(at, file_->NextData(at));
    if (at >= end_) break;
    const size_t wanted = static_cast<size_t>(
        std::min<int64_t>(end_ - at, static_cast<int64_t>(piece.size())));
    CAUCE_ASSIGN_OR_RETURN(const size_t read,
                           file_->Read(at, {piece.data(), wanted}));
    if (read == 0) break;
    if (!IsZeros({piece.data(), read})) {
      return Damage(MakeError(Reason::kCorruptBatch,
                              "zeros stand where a batch should, and other "
                              "bytes follow them"));
    }
    at += static_cast<int64_t>(read);
  }
  return std::nullopt;
}

std::string_view BatchScanner::Buffered() const {
  const size_t skip = static_cast<size_t>(position_ - buffer_position_);
  return {buffer_.get() + skip, buffered_ - skip};
}

absl::Status BatchScanner::Fill(size_t bytes, size_t at_a_time) {
  const size_t left = static_cast<size_t>(end_ - position_);
  bytes = std::min(bytes, left);
  size_t have = buffered_ - static_cast<size_t>(position_ - buffer_position_);
  if (have >= bytes) return absl::OkStatus();

  const size_t wanted = std::min(std::max(bytes, at_a_time), left);
  if (wanted > capacity_) {
    const size_t capacity = std::max(wanted, at_a_time);
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (have > 0) std::memcpy(grown.get(), Buffered().data(), have);
    buffer_ = std::move(grown);
    capacity_ = capacity;
  } else if (have > 0) {
    std::memmove(buffer_.get(), Buffered().data(), have);
  }
  buffer_position_ = position_;
  buffered_ = have;
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         file_->Read(position_ + static_cast<int64_t>(have),
                                     {buffer_.get() + have, wanted - have}));
  buffered_ += read;
  return absl::OkStatus();
}

absl::Status BatchScanner::CheckLargeBatch(int64_t bytes) {
  const uint32_t expected = LoadBig<uint32_t>(Buffered().data() + layout::kCrc);
  uint32_t actual = 0;
  std::string piece(read_bytes_, '\0');
  for (int64_t at = layout::kAttributes; at < bytes;) {
    const size_t wanted = static_cast<size_t>(
        std::min<int64_t>(bytes - at, static_cast<int64_t>(piece.size())));
    CAUCE_ASSIGN_OR_RETURN(const size_t read,
                           file_->Read(position_ + at, {piece.data(), wanted}));
    if (read == 0) break;
    actual = Crc32cExtend(actual, {piece.data(), read});
    at += static_cast<int64_t>(read);
  }
  if (actual == expected) return absl::OkStatus();
  return Damage(MakeError(
      Reason::kCorruptBatch,
      fmt::format("batch of {} bytes has CRC {:08x}, its header says {:08x}",
                  bytes, actual, expected)));
}

absl::Status BatchScanner::CheckOffsets(const RecordBatch& batch) const {
  if (!offsets_) return absl::OkStatus();
  const auto claims = [&](const std::string& expected) {
    return Damage(
        MakeError(Reason::kCorruptBatch,
                  fmt::format("a batch with offsets {} to {} stands where {}",
                              batch.base_offset().value,
                              batch.last_offset().value, expected)));
  };
  const Offset next = batch.next_offset();
  if (next > offsets_->up_to) {
    return claims(
        fmt::format("offsets below {} are expected", offsets_->up_to.value));
  }
  if (!offsets_->next) return absl::OkStatus();
  const Offset expected = *offsets_->next;
  if (batch.base_offset() == expected) return absl::OkStatus();
  if (batch.base_offset() < expected) {
    return claims(
        fmt::format("offset {} or later is expected", expected.value));
  }
  if (expected < offsets_->boundary && next > offsets_->boundary) {
    return claims(fmt::format("offset {} is expected, and the log ended at {}",
                              expected.value, offsets_->boundary.value));
  }
  // A gap that compaction left, or a damaged base offset. The batch behind
  // tells: it begins where this one ends, or later.
  const int64_t behind = position_ + static_cast<int64_t>(batch.bytes().size());
  CAUCE_ASSIGN_OR_RETURN(const auto follower, BaseAt(behind));
  const bool agrees = follower && *follower >= next;
  const bool meets_end =
      !follower && (next == offsets_->up_to || next == offsets_->boundary);
  const bool may_be_gap =
      expected < offsets_->no_gap_from && (!offsets_->doubts_gaps || meets_end);
  if (!agrees && !may_be_gap) {
    return claims(fmt::format(
        "offset {} is expected, and no batch behind it tells of a gap",
        expected.value));
  }
  if (!follower || *follower < expected || agrees) return absl::OkStatus();
  return claims(
      fmt::format("offset {} is expected, and the batch behind it "
                  "begins at {}",
                  expected.value, follower->value));
}

absl::StatusOr<std::optional<Offset>> BatchScanner::BaseAt(
    int64_t position) const {
  if (position > end_ - kBatchHeaderBytes) return std::nullopt;
  char head[layout::kHeadBytes];
  const auto skip = static_cast<size_t>(position - buffer_position_);
  if (skip + sizeof head <= buffered_) {
    std::memcpy(head, buffer_.get() + skip, sizeof head);
  } else {
    // Not into the buffer, which holds the batch in front of it.
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file_->Read(position, head));
    if (read < sizeof head) return std::nullopt;
  }
  if (!layout::MayBeBatch(head, end_ - position)) return std::nullopt;
  return Offset{LoadBig<int64_t>(head + layout::kBaseOffset)};
}

absl::Status BatchScanner::Damage(const absl::Status& cause) const {
  return Annotate(cause, fmt::format("{} at position {}", name_, position_));
}

absl::StatusOr<int64_t> OffsetsOfWholeAt(std::shared_ptr<const File> file,
                                         std::string name, int64_t position,
                                         int64_t end) {
  BatchScanner scanner;
  scanner.Start(std::move(file), std::move(name), position, end);
  const auto batch = scanner.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  if (!batch.ok() || !*batch) return 0;
  return (*batch)->next_offset() - (*batch)->base_offset();
}

}  // namespace cauce
