#include "engine/log/producer_snapshot.h"

#include <unordered_set>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Where the fields of the file stand, and of an entry.
constexpr size_t kVersion = 0;
constexpr size_t kCrc = 2;  // of all that follows it
constexpr size_t kCount = 6;

constexpr size_t kProducerId = 0;
constexpr size_t kEpoch = 8;
constexpr size_t kLastSequence = 10;
constexpr size_t kLastOffset = 14;
constexpr size_t kOffsetDelta = 22;
constexpr size_t kTimestamp = 26;
constexpr size_t kCoordinatorEpoch = 34;
constexpr size_t kTransactionFirst = 38;

constexpr int16_t kVersionValue = 1;

void EncodeEntry(const ProducerState& producer, char* to) {
  const KnownBatch batch = producer.last_batch().value_or(KnownBatch{});
  StoreBig<int64_t>(to + kProducerId, producer.id().value);
  StoreBig<int16_t>(to + kEpoch, producer.epoch());
  StoreBig<int32_t>(to + kLastSequence, batch.last_sequence);
  StoreBig<int64_t>(to + kLastOffset, batch.last.value);
  StoreBig<int32_t>(to + kOffsetDelta, batch.last_offset_delta);
  StoreBig<int64_t>(to + kTimestamp, producer.last_timestamp().ms);
  StoreBig<int32_t>(to + kCoordinatorEpoch, producer.coordinator_epoch());
  StoreBig<int64_t>(to + kTransactionFirst,
                    producer.transaction().value_or(Offset{}).value);
}

absl::Status Corrupt(size_t position, std::string_view what) {
  return MakeError(Reason::kCorruptFile,
                   fmt::format("at position {}: {}", position, what));
}

absl::StatusOr<ProducerState> DecodeEntry(Offset at, const char* from,
                                          size_t position) {
  const ProducerId id{LoadBig<int64_t>(from + kProducerId)};
  const Offset transaction{LoadBig<int64_t>(from + kTransactionFirst)};
  ProducerState::Saved saved{
      .epoch = LoadBig<int16_t>(from + kEpoch),
      .coordinator_epoch = LoadBig<int32_t>(from + kCoordinatorEpoch),
      .last_timestamp = {LoadBig<int64_t>(from + kTimestamp)}};
  const KnownBatch batch{
      .last_sequence = LoadBig<int32_t>(from + kLastSequence),
      .last_offset_delta = LoadBig<int32_t>(from + kOffsetDelta),
      .last = {LoadBig<int64_t>(from + kLastOffset)},
      .timestamp = saved.last_timestamp};
  if (transaction >= Offset{0}) saved.transaction = transaction;
  if (batch.last >= Offset{0}) saved.last_batch = batch;
  const bool batch_fits =
      (batch.last == Offset{-1} && batch.last_sequence == -1 &&
       batch.last_offset_delta == 0) ||
      (batch.last < at && batch.last_offset_delta >= 0 &&
       batch.last_offset_delta <= batch.last.value &&
       batch.last_sequence >= -1);
  const bool fits = id >= ProducerId{0} && saved.epoch >= -1 && batch_fits &&
                    transaction >= Offset{-1} && transaction < at;
  if (!fits) {
    return Corrupt(
        position,
        fmt::format("producer {} cannot have epoch {}, sequence {} at offset "
                    "{}, {} offsets before it, and a transaction from offset "
                    "{}, below offset {}",
                    id.value, saved.epoch, batch.last_sequence,
                    batch.last.value, batch.last_offset_delta,
                    transaction.value, at.value));
  }
  return ProducerState(id, saved);
}

}  // namespace

std::string EncodeProducers(std::span<const ProducerState> producers) {
  CAUCE_CHECK(producers.size() <= kProducersMax);
  std::string bytes(
      kSnapshotHeaderBytes + producers.size() * kSnapshotEntryBytes, '\0');
  StoreBig<int16_t>(bytes.data() + kVersion, kVersionValue);
  StoreBig<int32_t>(bytes.data() + kCount,
                    static_cast<int32_t>(producers.size()));
  char* to = bytes.data() + kSnapshotHeaderBytes;
  for (const ProducerState& each : producers) {
    EncodeEntry(each, to);
    to += kSnapshotEntryBytes;
  }
  StoreBig<uint32_t>(bytes.data() + kCrc,
                     Crc32c(std::string_view(bytes).substr(kCount)));
  return bytes;
}

absl::StatusOr<std::vector<ProducerState>> DecodeProducers(
    Offset at, std::string_view bytes) {
  if (bytes.size() < kSnapshotHeaderBytes) {
    return Corrupt(bytes.size(), fmt::format("ends within its first {} bytes",
                                             kSnapshotHeaderBytes));
  }
  const auto version = LoadBig<int16_t>(bytes.data() + kVersion);
  if (version != kVersionValue) {
    return MakeError(
        version > kVersionValue ? Reason::kUnsupportedFormat
                                : Reason::kCorruptFile,
        fmt::format("has version {}, and {} is known", version, kVersionValue));
  }
  const uint32_t claimed = LoadBig<uint32_t>(bytes.data() + kCrc);
  const uint32_t crc = Crc32c(bytes.substr(kCount));
  if (crc != claimed) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("has CRC {:08x}, and its bytes make {:08x}", claimed, crc));
  }
  const auto count = LoadBig<int32_t>(bytes.data() + kCount);
  const size_t room = bytes.size() - kSnapshotHeaderBytes;
  if (count < 0 || static_cast<size_t>(count) > kProducersMax ||
      static_cast<size_t>(count) * kSnapshotEntryBytes != room) {
    return Corrupt(kCount, fmt::format("says that {} producers follow, in {} "
                                       "bytes, at {} each",
                                       count, room, kSnapshotEntryBytes));
  }
  std::vector<ProducerState> producers;
  producers.reserve(static_cast<size_t>(count));
  std::unordered_set<int64_t> seen;
  for (size_t from = kSnapshotHeaderBytes; from < bytes.size();
       from += kSnapshotEntryBytes) {
    CAUCE_ASSIGN_OR_RETURN(const ProducerState producer,
                           DecodeEntry(at, bytes.data() + from, from));
    if (!seen.insert(producer.id().value).second) {
      return Corrupt(
          from, fmt::format("producer {} is there twice", producer.id().value));
    }
    producers.push_back(producer);
  }
  return producers;
}

}  // namespace cauce
