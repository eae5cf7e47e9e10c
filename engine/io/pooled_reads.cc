#include "engine/io/pooled_reads.h"

#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {

PooledReads::PooledReads(std::shared_ptr<PooledFile> file)
    : file_(std::move(file)) {}

absl::StatusOr<size_t> PooledReads::Read(int64_t position,
                                         std::span<char> into) const {
  CAUCE_ASSIGN_OR_RETURN(const auto file, file_->Acquire());
  return file->Read(position, into);
}

absl::StatusOr<int64_t> PooledReads::Size() const {
  CAUCE_ASSIGN_OR_RETURN(const auto file, file_->Acquire());
  return file->Size();
}

int64_t PooledReads::NextData(int64_t position) const {
  const auto file = file_->Acquire();
  return file.ok() ? (*file)->NextData(position) : position;
}

absl::Status PooledReads::Write(int64_t /*position*/,
                                std::span<const std::string_view> /*parts*/) {
  return Refuse("write");
}

absl::Status PooledReads::Sync() { return Refuse("sync"); }

absl::Status PooledReads::Truncate(int64_t /*size*/) {
  return Refuse("truncate");
}

absl::Status PooledReads::SetModified(absl::Time /*modified*/) {
  return Refuse("set time of modification");
}

absl::Status PooledReads::Refuse(std::string_view change) const {
  return MakeError(Reason::kReadOnly,
                   fmt::format("{}: {}: the file is lent for reading only",
                               file_->path(), change));
}

}  // namespace cauce
