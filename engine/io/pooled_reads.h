// A pooled file as one that is open for reading, without keeping it open: each
// call acquires it and lets go of it at the end, so that whoever holds this for
// long, as a cursor does, takes no descriptor from others in between.
//
// Invariant: holds no descriptor between two calls. A file that the pool has
// closed is opened again by the name it has by then; errors are those of
// PooledFile::Acquire as well. Changes are refused: they belong to whoever pins
// the file until it is synced. Thread-safe; must not outlive the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"

namespace cauce {

class PooledReads final : public File {
 public:
  explicit PooledReads(std::shared_ptr<PooledFile> file);

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override;
  absl::StatusOr<int64_t> Size() const override;
  int64_t NextData(int64_t position) const override;

  // Reason::kReadOnly, all four.
  absl::Status Write(int64_t position,
                     std::span<const std::string_view> parts) override;
  absl::Status Sync() override;
  absl::Status Truncate(int64_t size) override;
  absl::Status SetModified(absl::Time modified) override;

 private:
  absl::Status Refuse(std::string_view change) const;

  const std::shared_ptr<PooledFile> file_;
};

}  // namespace cauce
