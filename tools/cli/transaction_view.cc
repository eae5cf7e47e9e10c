#include "tools/cli/transaction_view.h"

#include <algorithm>
#include <optional>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/plain_text.h"
#include "tools/cli/table.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

std::optional<absl::Duration> AgeOf(const DescribedTransaction& transaction,
                                    absl::Time now) {
  if (!transaction.start) return std::nullopt;
  return std::max(now - *transaction.start, absl::ZeroDuration());
}

Json PartitionsJson(const std::vector<TopicPartition>& partitions) {
  Json list = Json::array();
  for (const TopicPartition& each : partitions) {
    list.push_back({{"topic", BytesJson(each.topic)},
                    {"partition", each.partition.value}});
  }
  return list;
}

}  // namespace

std::string AgeText(const DescribedTransaction& transaction, absl::Time now) {
  const auto age = AgeOf(transaction, now);
  if (!age) return "-";
  const std::string text =
      absl::FormatDuration(absl::Trunc(*age, absl::Seconds(1)));
  return text == "0" ? "0s" : text;
}

Json TransactionJson(const DescribedTransaction& transaction, absl::Time now) {
  const auto age = AgeOf(transaction, now);
  return {{"transactional_id", BytesJson(transaction.id)},
          {"state", TransactionStatusName(transaction.status)},
          {"producer_id", transaction.producer_id.value},
          {"producer_epoch", transaction.producer_epoch},
          {"timeout_ms", absl::ToInt64Milliseconds(transaction.timeout)},
          {"start", transaction.start
                        ? Json(absl::ToUnixMillis(*transaction.start))
                        : Json(nullptr)},
          {"age_ms",
           age ? Json(absl::ToInt64Milliseconds(*age)) : Json(nullptr)},
          {"partitions", PartitionsJson(transaction.partitions)}};
}

std::string TransactionText(const DescribedTransaction& transaction,
                            absl::Time now) {
  std::string text = fmt::format(
      "id        {}\nstate     {}\nproducer  {}\nepoch     {}\n"
      "timeout   {}\nstart     {}\nage       {}\n",
      PlainText(transaction.id), TransactionStatusName(transaction.status),
      transaction.producer_id.value, transaction.producer_epoch,
      absl::FormatDuration(transaction.timeout),
      transaction.start ? FormatTime(Timestamp{absl::ToUnixMillis(
                              *transaction.start)})
                        : "-",
      AgeText(transaction, now));
  if (transaction.partitions.empty()) return text;
  Table table({"TOPIC", "PARTITION"});
  for (const TopicPartition& each : transaction.partitions) {
    table.Add({PlainText(each.topic), std::to_string(each.partition.value)});
  }
  return text + '\n' + table.ToString();
}

std::string TransactionsTable(const std::vector<DescribedTransaction>& all,
                              absl::Time now) {
  Table table({"ID", "STATE", "AGE", "TIMEOUT", "PRODUCER", "EPOCH",
               "PARTITIONS"});
  for (const DescribedTransaction& each : all) {
    table.Add({PlainText(each.id),
               std::string(TransactionStatusName(each.status)),
               AgeText(each, now), absl::FormatDuration(each.timeout),
               std::to_string(each.producer_id.value),
               std::to_string(each.producer_epoch),
               std::to_string(each.partitions.size())});
  }
  return table.ToString();
}

Json HangingJson(const std::vector<HangingTransaction>& all) {
  Json list = Json::array();
  for (const HangingTransaction& each : all) {
    list.push_back({{"topic", BytesJson(each.partition.topic)},
                    {"partition", each.partition.partition.value},
                    {"producer_id", each.producer_id.value},
                    {"producer_epoch", each.producer_epoch},
                    {"start", each.start.value},
                    {"log_end", each.end.value}});
  }
  return list;
}

std::string HangingTable(const std::vector<HangingTransaction>& all) {
  Table table({"TOPIC", "PARTITION", "PRODUCER", "EPOCH", "START", "END"});
  for (const HangingTransaction& each : all) {
    table.Add({PlainText(each.partition.topic),
               std::to_string(each.partition.partition.value),
               std::to_string(each.producer_id.value),
               std::to_string(each.producer_epoch),
               std::to_string(each.start.value),
               std::to_string(each.end.value)});
  }
  return table.ToString();
}

}  // namespace cauce::cli
