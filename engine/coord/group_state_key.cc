#include "engine/coord/group_state_key.h"

#include "engine/base/status_macros.h"

namespace cauce {

absl::StatusOr<GroupStateKey> DecodeGroupStateKey(std::string_view key) {
  CAUCE_ASSIGN_OR_RETURN(const int16_t kind, KindOfStateKey(key));
  switch (kind) {
    case kLegacyOffsetCommitKind:
    case kOffsetCommitKind:
      return DecodeOffsetCommitKey(key);
    case kGroupMetadataKind:
      return DecodeGroupMetadataKey(key);
    default:
      return UnknownStateKey{kind};
  }
}

}  // namespace cauce
