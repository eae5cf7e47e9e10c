#include "engine/log/seen_ends.h"

#include <cstddef>
#include <string>

#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

// Of more headers in one place nothing is believed.
constexpr size_t kHeadersMax = 1 << 16;

bool MayBeMarker(const char* from) {
  const int16_t attributes = LoadBig<int16_t>(from + layout::kAttributes);
  const bool is_control = (attributes & layout::kControlBit) != 0;
  const bool is_transactional = (attributes & layout::kTransactionalBit) != 0;
  const bool has_sequence =
      LoadBig<int32_t>(from + layout::kBaseSequence) >= 0;
  const bool has_producer = LoadBig<int64_t>(from + layout::kProducerId) >= 0;
  // One of these is enough: any byte of the header may be wrong.
  return is_control || (!has_sequence && (is_transactional || has_producer));
}

}  // namespace

absl::StatusOr<std::optional<SeenEnds>> SeeEnds(const File& file,
                                                const UnreadableBytes& bytes,
                                                const OffsetRange& lost,
                                                bool may_have_gaps) {
  if (bytes.is_gap()) return std::nullopt;
  SeenEnds seen;
  Offset next = lost.base;
  int64_t position = bytes.position;
  for (size_t count = 0; position < bytes.end; ++count) {
    std::string head(kBatchHeaderBytes, '\0');
    CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(position, head));
    const char* const from = head.data();
    const bool may_be_one = read == head.size() && count < kHeadersMax &&
                            layout::MayBeBatch(from, bytes.end - position);
    if (!may_be_one) return std::nullopt;
    const Offset base{LoadBig<int64_t>(from + layout::kBaseOffset)};
    const int32_t delta = LoadBig<int32_t>(from + layout::kLastOffsetDelta);
    const bool continues = may_have_gaps ? base >= next : base == next;
    if (!continues || delta < 0 || lost.next - base <= delta) {
      return std::nullopt;
    }
    if (MayBeMarker(from)) {
      seen.insert({LoadBig<int64_t>(from + layout::kProducerId), base});
    }
    next = base + (int64_t{delta} + 1);
    position += layout::ClaimedBytes(from);
  }
  if (!may_have_gaps && next != lost.next) return std::nullopt;
  return seen;
}

}  // namespace cauce
