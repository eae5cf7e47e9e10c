// A file that holds given bytes, to be read only: what a target hands to what
// reads a file. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"

namespace cauce::fuzz {

class ByteFile final : public File {
 public:
  explicit ByteFile(std::string bytes) : bytes_(std::move(bytes)) {}

  static std::shared_ptr<const File> Of(std::string_view bytes) {
    return std::make_shared<const ByteFile>(std::string(bytes));
  }

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    CAUCE_CHECK(position >= 0);
    const auto size = static_cast<int64_t>(bytes_.size());
    if (position >= size) return size_t{0};
    const size_t count =
        std::min(into.size(), static_cast<size_t>(size - position));
    std::copy_n(bytes_.begin() + position, count, into.begin());
    return count;
  }
  absl::StatusOr<int64_t> Size() const override {
    return static_cast<int64_t>(bytes_.size());
  }

  absl::Status Write(int64_t, std::span<const std::string_view>) override {
    return ReadOnly();
  }
  absl::Status Sync() override { return ReadOnly(); }
  absl::Status Truncate(int64_t) override { return ReadOnly(); }

 private:
  static absl::Status ReadOnly() {
    return MakeError(Reason::kReadOnly, "bytes of a fuzzer are only read");
  }

  const std::string bytes_;
};

}  // namespace cauce::fuzz
