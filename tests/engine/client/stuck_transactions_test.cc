// Transactions that are decided, and cannot end in one of their partitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "cauce/client.h"
#include "tests/engine/client/transaction_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;

constexpr char kFirstLog[] = "orders-0/00000000000000000000.log";

class StuckTransactions : public test::TransactionRig,
                          public ::testing::WithParamInterface<int> {
 protected:
  void OpenSo() { Open(nullptr, GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Threads, StuckTransactions, ::testing::Values(0, 1),
                         [](const auto& threads) {
                           return threads.param == 0 ? "InTheCall"
                                                     : "OnAThread";
                         });

TEST_P(StuckTransactions, HoldUpNoOtherPartition) {
  OpenSo();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  ASSERT_THAT(Send(*producer, "b", 1), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());
  const auto written = [this] {
    return files_.Count(FileCall::kWrite, "orders-1/00000000000000000000.log");
  };
  const int before = written();
  std::optional<int> at_first_sync;
  files_.set_during(FileCall::kSync, kFirstLog, [&] {
    if (!at_first_sync) at_first_sync = written() - before;
  });

  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  Initialized();
  files_.Mend();

  EXPECT_EQ(at_first_sync, 1) << "written before any is synced";
}

}  // namespace
}  // namespace cauce
