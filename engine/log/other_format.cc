#include "engine/log/other_format.h"

#include <zlib.h>

#include <algorithm>
#include <span>
#include <string>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;
// As much of a header as tells the format.
constexpr int64_t kHeadBytes = layout::kAttributes;
// Of messages of formats 0 and 1; a CRC-32 as zlib has it, of what follows it.
constexpr int kOldCrc = 12;
constexpr int kOldCovered = 16;
constexpr int64_t kOldBytesMin = 26;
// So many in a row behind another are no accident.
constexpr int kChainMin = 3;

// Extends `crc` with [from, end) of the file.
template <class Extend>
absl::StatusOr<uint32_t> CrcOf(const File& file, int64_t from, int64_t end,
                               uint32_t crc, Extend extend) {
  std::string piece;
  for (int64_t at = from; at < end; at += kPieceBytes) {
    piece.resize(static_cast<size_t>(std::min(kPieceBytes, end - at)));
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(at, piece));
    crc = extend(crc, std::string_view(piece.data(), read));
  }
  return crc;
}

uint32_t ExtendOld(uint32_t crc, std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()),
            static_cast<uInt>(bytes.size())));
}

uint32_t ExtendNew(uint32_t crc, std::string_view bytes) {
  return Crc32cExtend(crc, bytes);
}

// How many batches of format `magic` lie back to back from `position` on, by
// their lengths; kChainMin are enough.
absl::StatusOr<int> ChainLength(const File& file, int64_t position, int64_t end,
                                char magic) {
  int length = 0;
  while (length < kChainMin && position < end) {
    char head[kHeadBytes];
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(position, head));
    const int64_t bytes = layout::ClaimedBytes(head);
    const bool is_one = read == sizeof head && head[layout::kMagic] == magic &&
                        bytes >= kOldBytesMin && bytes <= end - position;
    if (!is_one) break;
    position += bytes;
    ++length;
  }
  return length;
}

}  // namespace

absl::StatusOr<bool> IsOfOtherFormat(const File& file, int64_t position,
                                     int64_t end, const absl::Status& why) {
  // Its CRC was right: its writer knew of a codec that we do not.
  if (ReasonOf(why) == Reason::kUnsupportedCodec) return true;
  if (ReasonOf(why) != Reason::kUnsupportedFormat) return false;
  char head[kHeadBytes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(position, head));
  if (read < sizeof head) return false;
  const int64_t behind = position + layout::ClaimedBytes(head);
  if (behind < position + kOldBytesMin || behind > end) return false;
  const char magic = head[layout::kMagic];
  if (magic == 0 || magic == 1) {
    CAUCE_ASSIGN_OR_RETURN(
        const uint32_t crc,
        CrcOf(file, position + kOldCovered, behind, 0, ExtendOld));
    return crc == LoadBig<uint32_t>(head + kOldCrc);
  }
  if (magic < layout::kMagicValue) return false;
  // The CRC of format 2 does not cover the magic.
  CAUCE_ASSIGN_OR_RETURN(
      const uint32_t crc,
      CrcOf(file, position + layout::kAttributes, behind, 0, ExtendNew));
  if (crc == LoadBig<uint32_t>(head + layout::kCrc)) return false;
  CAUCE_ASSIGN_OR_RETURN(const int chain,
                         ChainLength(file, behind, end, magic));
  return chain >= kChainMin;
}

}  // namespace cauce
