#include "engine/capi/call.h"

#include "fmt/format.h"

namespace cauce::capi {
namespace {

// The callback that this thread is within, or null. No state of an engine's:
// each thread has its own, and it is null again once the callback returns.
thread_local const CallbackScope* innermost = nullptr;

}  // namespace

CallbackScope::CallbackScope(std::string_view callback, Reach most)
    : callback_(callback), most_(most), outer_(innermost) {
  innermost = this;
}

CallbackScope::~CallbackScope() { innermost = outer_; }

absl::Status MayReach(Reach reach) {
  for (const CallbackScope* at = innermost; at != nullptr; at = at->outer_) {
    if (at->most_ >= reach) continue;
    return Misuse(fmt::format(
        "this function {} and was called by {}, which must return first",
        reach == Reach::kEnds    ? "closes or frees"
        : reach == Reach::kWaits ? "may wait"
                                 : "goes into the log",
        at->callback_));
  }
  return absl::OkStatus();
}

bool Turn::Take() {
  // An address that no other thread has while this one lives.
  const void* const me = &innermost;
  const void* nobody = nullptr;
  if (holder_.load(std::memory_order_relaxed) != me &&
      !holder_.compare_exchange_strong(nobody, me, std::memory_order_acquire))
    return false;
  ++depth_;
  return true;
}

void Turn::Give() {
  if (--depth_ == 0) holder_.store(nullptr, std::memory_order_release);
}

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kFreed:
      return "a freed handle";
    case Kind::kLent:
      return "what is a callback's";
    case Kind::kError:
      return "cauce_error_t";
    case Kind::kClient:
      return "cauce_client_t";
    case Kind::kPartition:
      return "cauce_partition_t";
    case Kind::kWatch:
      return "cauce_watch_t";
    case Kind::kCursor:
      return "cauce_cursor_t";
    case Kind::kProducer:
      return "cauce_producer_t";
    case Kind::kConsumer:
      return "cauce_consumer_t";
    case Kind::kPlaces:
      return "cauce_places_t";
    case Kind::kSettings:
      return "cauce_settings_t";
    case Kind::kCompaction:
      return "cauce_compaction_t";
    case Kind::kTopics:
      return "cauce_topics_t";
    case Kind::kMembers:
      return "cauce_members_t";
    case Kind::kGroups:
      return "cauce_groups_t";
    case Kind::kTransactions:
      return "cauce_transactions_t";
    case Kind::kGroupMetadata:
      return "cauce_group_metadata_t";
    case Kind::kStores:
      return "cauce_stores_t";
    case Kind::kStore:
      return "cauce_store_t";
    case Kind::kStoreDescriptions:
      return "cauce_store_descriptions_t";
    case Kind::kValue:
      return "cauce_value_t";
    case Kind::kRows:
      return "cauce_rows_t";
    case Kind::kSnapshot:
      return "cauce_snapshot_t";
    case Kind::kBackup:
      return "cauce_backup_t";
  }
  return "an unknown handle";
}

absl::Status NotLive(Kind kind, const void* handle) {
  if (handle == nullptr)
    return Misuse(fmt::format("the {} is null", NameOf(kind)));
  return Misuse(fmt::format(
      "{} is no {}, or one that was freed: use what a call returned, and free "
      "it once",
      handle, NameOf(kind)));
}

absl::Status Given(std::initializer_list<Named> pointers) {
  for (const Named& each : pointers) {
    if (each.pointer == nullptr)
      return Misuse(fmt::format("{} is null", each.name));
  }
  return absl::OkStatus();
}

}  // namespace cauce::capi
