// Walks over the entries of an index file as they stand there, believing
// nothing: for those who check or show them. Reads in small pieces, so that a
// file of any size needs little memory. For one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"

namespace cauce {

// `Entry` is OffsetEntry or TimeEntry.
template <class Entry>
class IndexWalk {
 public:
  // A file that is not there has no entries.
  static absl::StatusOr<IndexWalk> Open(FileSystem& files,
                                        const std::string& path, Offset base) {
    IndexWalk walk(path, base);
    auto file = files.Open(path, OpenMode::kRead);
    if (absl::IsNotFound(file.status())) return walk;
    if (!file.ok()) return file.status();
    walk.file_ = *std::move(file);
    return walk;
  }

  // Over no entries at all.
  IndexWalk(const std::string& path, Offset base) : path_(path), base_(base) {}

  bool exists() const { return file_ != nullptr; }
  const std::string& path() const { return path_; }

  // The next entry, which stays the next until Pop; nothing at the end, which
  // zeros are, as Kafka preallocates them. Reason::kCorruptFile for an entry
  // that cannot follow the one before it, and for half an entry.
  absl::StatusOr<std::optional<Entry>> Peek() {
    if (next_) return next_;
    if (file_ == nullptr || ended_) return std::nullopt;
    std::string bytes;
    CAUCE_ASSIGN_OR_RETURN(bytes, Bytes());
    if (IsZeros(bytes)) {
      // In a file with holes they may go on for days.
      CAUCE_ASSIGN_OR_RETURN(const int64_t size, file_->Size());
      if (size > kFileBytesMax) {
        return Damage(fmt::format("zeros stand where an entry should, and the "
                                  "file is {} bytes, of at most {}",
                                  size, kFileBytesMax));
      }
      CAUCE_ASSIGN_OR_RETURN(ended_, OnlyZerosAreLeft());
      if (ended_) return std::nullopt;
      // A writer may have written there meanwhile.
      piece_.clear();
      CAUCE_ASSIGN_OR_RETURN(bytes, Bytes());
    }
    if (bytes.size() < Entry::kBytes) {
      return Damage("ends in the middle of an entry");
    }
    const Entry entry = Entry::Decode(base_, bytes.data());
    const bool plausible =
        entry.MayBelongTo(base_) && (!last_ || last_->MayPrecede(entry));
    if (!plausible) {
      return Damage(
          fmt::format("the entry for offset {} cannot follow the one before it",
                      entry.offset.value));
    }
    next_ = entry;
    return next_;
  }

  // Where the entry that Peek() returned stands in the file.
  int64_t position() const { return position_; }

  void Pop() {
    last_ = next_;
    next_.reset();
    position_ += static_cast<int64_t>(Entry::kBytes);
  }

  // Nothing more is asked of this file.
  void Stop() {
    ended_ = is_stopped_ = true;
    next_.reset();
  }
  bool is_stopped() const { return is_stopped_; }

  // Where it has ended, it may have grown since: Peek() looks again.
  void LookAgain() {
    if (!is_stopped_) ended_ = false;
    piece_.clear();
  }

  // The entry that Pop() has passed last.
  const std::optional<Entry>& last() const { return last_; }

 private:
  // `segment.index.bytes`, to which brokers preallocate, is an int32.
  static constexpr int64_t kFileBytesMax = INT32_MAX;
  // A multiple of the size of either kind of entry.
  static constexpr size_t kPieceBytes = 24 << 10;

  absl::StatusOr<std::string> Bytes() {
    const int64_t piece_end =
        piece_position_ + static_cast<int64_t>(piece_.size());
    if (position_ >= piece_end || piece_.empty()) {
      piece_.resize(kPieceBytes);
      piece_position_ = position_;
      CAUCE_ASSIGN_OR_RETURN(
          const size_t got,
          file_->Read(position_, {piece_.data(), piece_.size()}));
      piece_.resize(got);
    }
    return piece_.substr(static_cast<size_t>(position_ - piece_position_),
                         Entry::kBytes);
  }

  // Zeros end an index where nothing else follows them.
  absl::StatusOr<bool> OnlyZerosAreLeft() {
    std::string piece(kPieceBytes, '\0');
    size_t got = piece.size();
    for (int64_t at = position_; got == piece.size();
         at += static_cast<int64_t>(got)) {
      CAUCE_ASSIGN_OR_RETURN(got,
                             file_->Read(at, {piece.data(), piece.size()}));
      if (!IsZeros({piece.data(), got})) return false;
    }
    return true;
  }

  absl::Status Damage(std::string_view what) {
    ended_ = true;
    return MakeError(Reason::kCorruptFile, fmt::format("{} at position {}: {}",
                                                       path_, position_, what));
  }

  std::string path_;
  Offset base_;
  std::shared_ptr<File> file_;
  std::string piece_;
  int64_t piece_position_ = 0;
  int64_t position_ = 0;
  std::optional<Entry> last_;
  std::optional<Entry> next_;
  bool ended_ = false;
  bool is_stopped_ = false;
};

}  // namespace cauce
