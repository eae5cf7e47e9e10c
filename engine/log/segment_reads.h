// A segment's log as those read it who hold it for long: its newest bytes from
// memory, where they are kept, the rest from the file, which is open for no
// longer than one read takes.
//
// Thread-safe; must not outlive the pool and the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"
#include "engine/io/pooled_reads.h"
#include "engine/log/segment_tail.h"
#include "engine/log/tail_memory.h"

namespace cauce {

class SegmentReads final : public File {
 public:
  SegmentReads(std::shared_ptr<PooledFile> file, TailMemory* memory)
      : file_(std::move(file)), tail_(memory) {}

  SegmentTail& tail() const { return tail_; }

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override;
  absl::StatusOr<int64_t> Size() const override { return file_.Size(); }
  int64_t NextData(int64_t position) const override {
    return file_.NextData(position);
  }

  // Reason::kReadOnly, all four.
  absl::Status Write(int64_t position,
                     std::span<const std::string_view> parts) override;
  absl::Status Sync() override { return file_.Sync(); }
  absl::Status Truncate(int64_t size) override { return file_.Truncate(size); }
  absl::Status SetModified(absl::Time modified) override {
    return file_.SetModified(modified);
  }

 private:
  PooledReads file_;
  mutable SegmentTail tail_;
};

}  // namespace cauce
