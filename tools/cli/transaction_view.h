// Transactions as people and programs see them. Ids may hold any bytes: as text
// they are escaped, as JSON they are what bytes of records are. Pure: any
// thread.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/admin.h"
#include "tools/cli/format.h"

namespace cauce::cli {

// For how long it has been open, or ending, at `now`; "-" where it is neither,
// and "0s" for a start that lies ahead.
std::string AgeText(const DescribedTransaction& transaction, absl::Time now);

Json TransactionJson(const DescribedTransaction& transaction, absl::Time now);
std::string TransactionText(const DescribedTransaction& transaction,
                            absl::Time now);
std::string TransactionsTable(const std::vector<DescribedTransaction>& all,
                              absl::Time now);

Json HangingJson(const std::vector<HangingTransaction>& all);
std::string HangingTable(const std::vector<HangingTransaction>& all);

}  // namespace cauce::cli
