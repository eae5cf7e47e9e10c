#include "engine/capi/group_metadata.h"

#include <memory>
#include <utility>

#include "engine/capi/call.h"

namespace cauce::capi {
namespace {

struct KeptMetadata final : cauce_group_metadata_t {
  Magic magic{Kind::kGroupMetadata};
  ConsumerGroupMetadata metadata;
};

}  // namespace

absl::Status GiveGroupMetadata(ConsumerGroupMetadata metadata,
                               cauce_group_metadata_t** to) {
  auto kept = std::make_unique<KeptMetadata>();
  kept->metadata = std::move(metadata);
  kept->group = kept->metadata.group.c_str();
  kept->member_id = kept->metadata.member_id.c_str();
  kept->instance = kept->metadata.instance.has_value()
                       ? kept->metadata.instance->c_str()
                       : nullptr;
  kept->generation = kept->metadata.generation;
  *to = kept.release();
  return absl::OkStatus();
}

absl::StatusOr<const ConsumerGroupMetadata*> TakeGroupMetadata(
    const cauce_group_metadata_t* metadata) {
  const auto* const kept = static_cast<const KeptMetadata*>(metadata);
  if (kept == nullptr || !kept->magic.Is(Kind::kGroupMetadata))
    return NotLive(Kind::kGroupMetadata, metadata);
  return &kept->metadata;
}

}  // namespace cauce::capi

cauce_reason_t cauce_group_metadata_free(cauce_group_metadata_t* metadata) {
  if (metadata == nullptr) return CAUCE_OK;
  auto* const kept = static_cast<cauce::capi::KeptMetadata*>(metadata);
  if (!kept->magic.Retire(cauce::capi::Kind::kGroupMetadata))
    return CAUCE_MISUSE;
  delete kept;
  return CAUCE_OK;
}
