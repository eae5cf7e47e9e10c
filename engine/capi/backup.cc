#include "cauce/backup.h"

#include <memory>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/cauce.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/open_transaction.h"
#include "engine/capi/options.h"
#include "engine/capi/owned.h"
#include "engine/capi/places.h"
#include "engine/capi/values.h"
#include "fmt/format.h"

namespace cauce::capi {
namespace {

BackupProgressSink SinkOf(cauce_progress_callback_t on_progress, void* user) {
  if (on_progress == nullptr) return nullptr;
  return [on_progress, user](const BackupProgress& far) -> absl::Status {
    const CallbackScope scope("a callback of progress", Reach::kLooks);
    if (on_progress(user, far.bytes, far.bytes_total) == 0)
      return absl::OkStatus();
    return absl::CancelledError(
        fmt::format("the callback of progress has ended it, after {} of {} "
                    "bytes: nothing is left but what the next one replaces",
                    far.bytes, far.bytes_total));
  };
}

// Damage that was copied as it is, which its readers will be told.
absl::Status Damage(const TopicPartition& partition) {
  return MakeError(Reason::kCorruptBatch,
                   fmt::format("{}: is damaged, and was taken as it is",
                               partition.ToString()));
}

using Told = Owned<cauce_backup_t>;

void TellPartitions(const BackupSummary& backup, Told& told) {
  std::vector<const cauce_place_t*> places;
  for (size_t i = 0; i < backup.partitions.size(); ++i) {
    const TopicPartition name{backup.topic,
                              PartitionId{static_cast<int32_t>(i)}};
    cauce_place_t place = PlaceOf(name, told.arena);
    place.log_start = backup.partitions[i].base.value;
    place.log_end = backup.partitions[i].next.value;
    for (const TopicPartition& each : backup.damaged) {
      if (each.partition == name.partition)
        Explain(Damage(name), place, told.arena);
    }
    places.push_back(told.arena.Keep(place));
  }
  told.partition_count = places.size();
  told.partitions = told.arena.Array(std::move(places));
}

void TellTransactions(const BackupSummary& backup, Told& told) {
  std::vector<const cauce_transaction_t*> transactions;
  for (const BackupTransaction& each : backup.transactions) {
    const auto number = static_cast<size_t>(each.partition.value);
    transactions.push_back(told.arena.Keep(
        TransactionOf({.partition = {backup.topic, each.partition},
                       .producer_id = each.producer_id,
                       .producer_epoch = each.producer_epoch,
                       .start = each.start,
                       .end = backup.partitions[number].next},
                      told.arena)));
  }
  told.transaction_count = transactions.size();
  told.transactions = told.arena.Array(std::move(transactions));
}

// Null is nobody who wants to know.
void GiveBackup(const BackupSummary& backup, cauce_backup_t** to) {
  if (to == nullptr) return;
  auto told = std::make_unique<Told>(Kind::kBackup);
  told->topic = told->arena.Text(backup.topic);
  told->taken = absl::ToUnixMillis(backup.taken);
  told->files = backup.files;
  told->bytes = backup.bytes;
  told->group_offsets = backup.offsets;
  TellPartitions(backup, *told);
  TellTransactions(backup, *told);
  *to = told.release();
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::Call;
using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_topic_backup(const char* directory, const char* topic,
                                  const char* target,
                                  const cauce_config_t* options,
                                  size_t option_count,
                                  cauce_progress_callback_t on_progress,
                                  void* user, cauce_backup_t** backup,
                                  cauce_error_t** error) {
  return Call(Reach::kWaits, error, [&]() -> absl::Status {
    if (backup != nullptr) *backup = nullptr;
    CAUCE_RETURN_IF_ERROR(Given({{"the directory", directory},
                                 {"the topic", topic},
                                 {"the target", target}}));
    CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                           cauce::capi::TakePairs(options, option_count));
    CAUCE_ASSIGN_OR_RETURN(cauce::BackupOptions taken,
                           cauce::capi::BackupOptionsOf(pairs));
    taken.progress = cauce::capi::SinkOf(on_progress, user);
    CAUCE_ASSIGN_OR_RETURN(
        const cauce::BackupSummary done,
        cauce::BackupTopic(directory, topic, target, taken));
    cauce::capi::GiveBackup(done, backup);
    return absl::OkStatus();
  });
}

cauce_reason_t cauce_backup_verify(const char* directory,
                                   cauce_progress_callback_t on_progress,
                                   void* user, cauce_backup_t** backup,
                                   cauce_error_t** error) {
  return Call(Reach::kWaits, error, [&]() -> absl::Status {
    if (backup != nullptr) *backup = nullptr;
    CAUCE_RETURN_IF_ERROR(Given({{"the directory", directory}}));
    CAUCE_ASSIGN_OR_RETURN(
        const cauce::BackupSummary found,
        cauce::VerifyBackup(*cauce::PosixFileSystem(), directory,
                            cauce::capi::SinkOf(on_progress, user)));
    cauce::capi::GiveBackup(found, backup);
    return absl::OkStatus();
  });
}

cauce_reason_t cauce_topic_restore(cauce_client_t* client,
                                   const char* directory,
                                   const cauce_config_t* options,
                                   size_t option_count,
                                   cauce_progress_callback_t on_progress,
                                   void* user, cauce_backup_t** backup,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        if (backup != nullptr) *backup = nullptr;
        CAUCE_RETURN_IF_ERROR(Given({{"the directory", directory}}));
        CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                               cauce::capi::TakePairs(options, option_count));
        CAUCE_ASSIGN_OR_RETURN(cauce::RestoreOptions taken,
                               cauce::capi::RestoreOptionsOf(pairs));
        taken.progress = cauce::capi::SinkOf(on_progress, user);
        CAUCE_ASSIGN_OR_RETURN(cauce::Engine* const engine,
                               cauce::capi::EngineOf(on));
        CAUCE_ASSIGN_OR_RETURN(
            const cauce::BackupSummary done,
            cauce::RestoreTopic(*engine, directory, taken));
        cauce::capi::GiveBackup(done, backup);
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_backup_free(cauce_backup_t* backup) {
  return cauce::capi::FreeOwned(backup, cauce::capi::Kind::kBackup);
}
