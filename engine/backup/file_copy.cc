#include "engine/backup/file_copy.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

using TakePiece =
    absl::FunctionRef<absl::Status(int64_t position, std::string_view piece)>;

absl::Status ReadPieces(const FilePlace& source, int64_t bytes,
                        const TakePiece& take) {
  CAUCE_ASSIGN_OR_RETURN(const auto file,
                         source.files.Open(source.path, OpenMode::kRead));
  std::vector<char> buffer(
      static_cast<size_t>(std::clamp<int64_t>(bytes, 1, kPieceBytes)));
  for (int64_t at = 0; at < bytes;) {
    const std::span<char> wanted = std::span(buffer).first(
        static_cast<size_t>(std::min(kPieceBytes, bytes - at)));
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(at, wanted));
    if (read < wanted.size()) {
      return absl::UnavailableError(
          fmt::format("{}: has {} bytes, {} were there", source.path,
                      at + static_cast<int64_t>(read), bytes));
    }
    CAUCE_RETURN_IF_ERROR(take(at, {wanted.data(), wanted.size()}));
    at += static_cast<int64_t>(read);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint32_t> CopyFile(const FilePlace& source,
                                  const FilePlace& target, int64_t bytes,
                                  CopyMeter& meter) {
  const auto file = target.files.Open(target.path, OpenMode::kOpenOrCreate);
  CAUCE_RETURN_IF_ERROR(meter.End(file.status()));
  CAUCE_RETURN_IF_ERROR(meter.End((*file)->Truncate(0)));
  uint32_t crc = 0;
  CAUCE_RETURN_IF_ERROR(ReadPieces(
      source, bytes,
      [&](int64_t position, std::string_view piece) -> absl::Status {
        crc = Crc32cExtend(crc, piece);
        CAUCE_RETURN_IF_ERROR(meter.End((*file)->Write(position, piece)));
        return meter.Pass(static_cast<int64_t>(piece.size()));
      }));
  CAUCE_RETURN_IF_ERROR(meter.End((*file)->Sync()));
  return crc;
}

absl::StatusOr<uint32_t> SumFile(const FilePlace& source, int64_t bytes,
                                 CopyMeter& meter) {
  uint32_t crc = 0;
  CAUCE_RETURN_IF_ERROR(ReadPieces(
      source, bytes, [&](int64_t /*position*/, std::string_view piece) {
        crc = Crc32cExtend(crc, piece);
        return meter.Pass(static_cast<int64_t>(piece.size()));
      }));
  return crc;
}

}  // namespace cauce
