// Says what is wrong with a history: a function of it alone. Nothing that may
// be is an anomaly: of what nobody was told both outcomes may be.
#pragma once

#include "tests/history/anomaly.h"
#include "tests/history/history.h"
#include "tests/history/history_index.h"

namespace cauce::test {

// All that is wrong, each once.
Anomalies CheckHistory(const History& history);

// The parts of it: they add what they find.
void CheckRecords(const HistoryIndex& index, Anomalies& found);
void CheckTransactions(const HistoryIndex& index, Anomalies& found);
void CheckConsumers(const HistoryIndex& index, Anomalies& found);
void CheckGroups(const HistoryIndex& index, Anomalies& found);
void CheckMembers(const HistoryIndex& index, Anomalies& found);
void CheckPromises(const HistoryIndex& index, Anomalies& found);

}  // namespace cauce::test
