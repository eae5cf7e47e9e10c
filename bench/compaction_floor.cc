#include "bench/compaction_floor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "bench/floor.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/base/table_memory.h"
#include "engine/log/key_hash.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr size_t kAhead = 32;

absl::Status ErrnoError(std::string_view call, const std::string& path) {
  return absl::UnavailableError(
      fmt::format("{}: {}: {}", path, call, std::strerror(errno)));
}

using Visit = absl::FunctionRef<absl::Status(const RecordBatch&)>;

// Every batch of a file, checked.
absl::Status Walk(const std::string& path, char* buffer, Visit visit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup done = [fd] { close(fd); };
  for (off_t at = 0;;) {
    const ssize_t got = pread(fd, buffer, kPieceBytes, at);
    if (got < 0) return ErrnoError("pread", path);
    if (got == 0) return absl::OkStatus();
    std::string_view left(buffer, static_cast<size_t>(got));
    while (std::ssize(left) >= layout::kRecords &&
           layout::ClaimedBytes(left.data()) <= std::ssize(left)) {
      CAUCE_ASSIGN_OR_RETURN(const RecordBatch batch, RecordBatch::Parse(left));
      CAUCE_RETURN_IF_ERROR(visit(batch));
      left.remove_prefix(batch.bytes().size());
    }
    if (left.size() == static_cast<size_t>(got)) {
      return absl::DataLossError(path + ": has less or more than batches");
    }
    at += got - static_cast<off_t>(left.size());
  }
}

// The last offset of each key, and which offsets were written over.
class Table {
 public:
  Table(int64_t records, int64_t keys)
      : slots_(std::bit_ceil(static_cast<size_t>(keys) * 2)),
        memory_(slots_ * sizeof(Entry)),
        entries_(static_cast<Entry*>(memory_.data())),
        dead_(static_cast<size_t>(records)) {}

  void Put(const KeyHash& key, int64_t offset) {
    if (count_ == kAhead) PutOldest();
    __builtin_prefetch(&entries_[key.low & (slots_ - 1)], 1);
    pending_[(first_ + count_++) % kAhead] = {key, offset};
  }
  void Finish() {
    while (count_ > 0) PutOldest();
  }
  bool IsDead(int64_t offset) const {
    return dead_[static_cast<size_t>(offset)];
  }

 private:
  struct Entry {
    uint64_t hash;
    int64_t offset_plus_one;  // 0 where there is no entry
  };
  struct Pending {
    KeyHash key;
    int64_t offset;
  };

  void PutOldest() {
    const Pending& next = pending_[first_];
    size_t slot = next.key.low & (slots_ - 1);
    while (entries_[slot].offset_plus_one != 0 &&
           entries_[slot].hash != next.key.high) {
      slot = (slot + 1) & (slots_ - 1);
    }
    Entry& entry = entries_[slot];
    if (entry.offset_plus_one != 0) {
      dead_[static_cast<size_t>(entry.offset_plus_one - 1)] = true;
    }
    entry = {next.key.high, next.offset + 1};
    first_ = (first_ + 1) % kAhead;
    --count_;
  }

  const size_t slots_;
  const TableMemory memory_;
  Entry* const entries_;
  std::vector<bool> dead_;
  std::array<Pending, kAhead> pending_;
  size_t first_ = 0;
  size_t count_ = 0;
};

class Output {
 public:
  explicit Output(int fd) : fd_(fd) { bytes_.reserve(2 * kPieceBytes); }

  // The records of `batch` that stay, under its header.
  absl::Status Take(const RecordBatch& batch, const Table& table,
                    RecordReader& reader) {
    const size_t begin = bytes_.size();
    bytes_.append(batch.bytes().substr(0, kBatchHeaderBytes));
    CAUCE_RETURN_IF_ERROR(reader.Open(batch));
    RecordView record;
    while (reader.Next(&record)) {
      if (table.IsDead(record.offset.value)) continue;
      bytes_.append(reader.stored_bytes());
      ++records_;
    }
    CAUCE_RETURN_IF_ERROR(reader.status());
    if (bytes_.size() == begin + kBatchHeaderBytes) {
      bytes_.resize(begin);
      return absl::OkStatus();
    }
    const std::string_view made = std::string_view(bytes_).substr(begin);
    StoreBig<uint32_t>(bytes_.data() + begin + layout::kCrc,
                       Crc32c(made.substr(layout::kAttributes)));
    return bytes_.size() < kPieceBytes ? absl::OkStatus() : Write();
  }
  absl::Status Finish() {
    CAUCE_RETURN_IF_ERROR(Write());
    return fdatasync(fd_) == 0 ? absl::OkStatus() : ErrnoError("sync", "it");
  }
  int64_t records() const { return records_; }

 private:
  absl::Status Write() {
    for (std::string_view left = bytes_; !left.empty();) {
      const ssize_t wrote = pwrite(fd_, left.data(), left.size(), at_);
      if (wrote < 0) return ErrnoError("pwrite", "the output");
      left.remove_prefix(static_cast<size_t>(wrote));
      at_ += wrote;
    }
    bytes_.clear();
    return absl::OkStatus();
  }

  const int fd_;
  std::string bytes_;
  off_t at_ = 0;
  int64_t records_ = 0;
};

}  // namespace

absl::StatusOr<double> RunFloorCompaction(const FloorCompaction& work) {
  const int fd =
      open(work.output.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError("open", work.output);
  const absl::Cleanup done = [&] {
    close(fd);
    unlink(work.output.c_str());
  };
  const auto buffer = std::make_unique<char[]>(kPieceBytes);
  const KeyHasher hasher({.low = 1, .high = 2});
  RecordReader reader;
  const double begin = MonotonicSeconds();
  Table table(work.records, work.keys);
  for (const std::string& log : work.logs) {
    CAUCE_RETURN_IF_ERROR(
        Walk(log, buffer.get(), [&](const RecordBatch& batch) {
          CAUCE_RETURN_IF_ERROR(reader.Open(batch));
          RecordView record;
          while (reader.Next(&record)) {
            table.Put(hasher(*record.key), record.offset.value);
          }
          return reader.status();
        }));
  }
  table.Finish();
  Output output(fd);
  for (const std::string& log : work.logs) {
    CAUCE_RETURN_IF_ERROR(
        Walk(log, buffer.get(), [&](const RecordBatch& batch) {
          return output.Take(batch, table, reader);
        }));
  }
  CAUCE_RETURN_IF_ERROR(output.Finish());
  const double seconds = MonotonicSeconds() - begin;
  if (output.records() == work.keys) return seconds;
  return absl::DataLossError(fmt::format("{} records are left of {} keys",
                                         output.records(), work.keys));
}

}  // namespace cauce::bench
