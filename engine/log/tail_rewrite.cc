#include "engine/log/tail_rewrite.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/status_macros.h"

namespace cauce {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

absl::Status RewriteTail(File& file, int64_t from, int64_t to) {
  std::string piece;
  while (from < to) {
    piece.resize(static_cast<size_t>(std::min(kPieceBytes, to - from)));
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(from, piece));
    if (read == 0) break;
    CAUCE_RETURN_IF_ERROR(
        file.Write(from, std::string_view(piece.data(), read)));
    from += static_cast<int64_t>(read);
  }
  return absl::OkStatus();
}

}  // namespace cauce
