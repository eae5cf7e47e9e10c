#include "tests/history/history_check.h"

namespace cauce::test {

Anomalies CheckHistory(const History& history) {
  const HistoryIndex index(history);
  Anomalies found;
  CheckRecords(index, found);
  CheckTransactions(index, found);
  CheckConsumers(index, found);
  CheckGroups(index, found);
  CheckMembers(index, found);
  CheckPromises(index, found);
  return found;
}

}  // namespace cauce::test
