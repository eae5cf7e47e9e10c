#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/cauce.h"
#include "cauce/transaction_status.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/open_transaction.h"
#include "engine/capi/owned.h"
#include "engine/capi/places.h"
#include "engine/capi/unread.h"
#include "engine/capi/values.h"
#include "fmt/format.h"

namespace cauce::capi {
namespace {

using Transactions = OwnedList<cauce_transactions_t>;

cauce_transaction_t TransactionOf(const DescribedTransaction& transaction,
                                  Arena& arena) {
  std::vector<const cauce_place_t*> partitions;
  for (const TopicPartition& each : transaction.partitions)
    partitions.push_back(arena.Keep(PlaceOf(each, arena)));
  const size_t count = partitions.size();
  return {.id = arena.Text(transaction.id),
          .state = arena.Text(TransactionStatusName(transaction.status)),
          .producer_id = transaction.producer_id.value,
          .producer_epoch = transaction.producer_epoch,
          .reserved = 0,
          .timeout_ms = absl::ToInt64Milliseconds(transaction.timeout),
          .start_time = transaction.start
                            ? absl::ToUnixMillis(*transaction.start)
                            : CAUCE_NO_TIMESTAMP,
          .partitions = arena.Array(std::move(partitions)),
          .partition_count = count};
}

// As a list of those that hang has it.
absl::StatusOr<HangingTransaction> TakeHanging(
    const cauce_transaction_t& given) {
  if (given.partitions == nullptr || given.partition_count != 1 ||
      given.partitions[0] == nullptr)
    return Misuse("one that hangs is in one partition: take what "
                  "cauce_transactions_find_hanging has found");
  const cauce_place_t& place = *given.partitions[0];
  CAUCE_ASSIGN_OR_RETURN(TopicPartition partition, TakePartition(place));
  if (given.producer_epoch < std::numeric_limits<int16_t>::min() ||
      given.producer_epoch > std::numeric_limits<int16_t>::max())
    return Misuse(fmt::format("the producer's epoch is {}, it has 16 bits",
                              given.producer_epoch));
  return HangingTransaction{
      .partition = std::move(partition),
      .producer_id = ProducerId{given.producer_id},
      .producer_epoch = static_cast<int16_t>(given.producer_epoch),
      .start = Offset{place.log_start},
      .end = Offset{place.log_end}};
}

template <typename Found>
absl::Status GiveTransactions(const std::vector<Found>& found,
                              const std::vector<absl::Status>& unread,
                              cauce_transactions_t** to) {
  Transactions list(Kind::kTransactions);
  for (const Found& each : found)
    list.Add(TransactionOf(each, list.arena()));
  TellUnread(unread, list);
  return std::move(list).Give(to);
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_transactions_free(cauce_transactions_t* transactions) {
  return cauce::capi::FreeOwned(transactions,
                                cauce::capi::Kind::kTransactions);
}

cauce_reason_t cauce_transactions_list(cauce_client_t* client,
                                       cauce_transactions_t** transactions,
                                       cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"transactions", transactions}}));
        *transactions = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto listed,
                               on.admin->ListReadableTransactions());
        return cauce::capi::GiveTransactions(listed.found, listed.unread,
                                             transactions);
      });
}

cauce_reason_t cauce_transaction_describe(cauce_client_t* client,
                                          const char* id,
                                          cauce_transactions_t** transactions,
                                          cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            Given({{"the transactional id", id},
                   {"transactions", transactions}}));
        *transactions = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto found,
                               on.admin->DescribeTransaction(id));
        return cauce::capi::GiveTransactions(std::vector{found}, {},
                                             transactions);
      });
}

cauce_reason_t cauce_transactions_find_hanging(
    cauce_client_t* client, cauce_transactions_t** transactions,
    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"transactions", transactions}}));
        *transactions = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto found,
                               on.admin->FindHangingTransactions());
        return cauce::capi::GiveTransactions(found, {}, transactions);
      });
}

cauce_reason_t cauce_transaction_abort_hanging(
    cauce_client_t* client, const cauce_transaction_t* transaction,
    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"transaction", transaction}}));
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeHanging(*transaction));
        return on.admin->AbortTransaction(taken);
      });
}
