// The files that tell of producers and transactions, damaged at every byte, cut
// at every one, or gone. The log has all that they say: who may write, what a
// retry is answered and what is committed stay the same, and verification tells
// what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "engine/log/log.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;
using test::IsOkAndHolds;
using test::LogRig;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;

constexpr int64_t kSnapshotAt = 8;

class ProducerFilesDamage : public ::testing::Test {
 protected:
  // One segment, with two transactions of which the first was aborted, and one
  // that is open.
  void MakeLog(LogRig& rig) {
    rig.config().flush = FlushPolicy::kOs;
    ASSERT_THAT(rig.Open(), IsOk());
    TestProducer one(1);
    TestProducer two(2);
    const auto send = [&](const OwnedBatch& batch) {
      EXPECT_THAT(rig.log().Append(batch.view(), {}), IsOk());
      return batch;
    };
    send(one.InTransaction({"aborted"}));                             // 0
    EXPECT_THAT(rig.log().EndTransaction(one.Abort(), {}), IsOk());   // 1
    send(one.InTransaction({"committed"}));                           // 2
    EXPECT_THAT(rig.log().EndTransaction(one.Commit(), {}), IsOk());  // 3
    send(two.Plain({"plain"}));                                       // 4
    send(two.InTransaction({"open"}));                                // 5
    last_ = send(one.Plain({"behind", "it"}));                        // 6, 7
    ASSERT_THAT(rig.Close(), IsOk());
    rig.Leaves(test::Left::kDamaged);
  }

  void CheckLog(LogRig& rig) {
    ASSERT_THAT(rig.Open(), IsOk());
    EXPECT_THAT(rig.log().LastStableOffset(), IsOkAndHolds(Offset{5}));
    EXPECT_THAT(test::ReadValues(rig.shared_log(), Offset{0},
                                 {.isolation = Isolation::kReadCommitted}),
                IsOkAndHolds(ElementsAre("committed", "plain")));
    const auto again = rig.log().Append(last_.view(), {});
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->base, Offset{6});
    EXPECT_EQ(rig.log().log_end(), Offset{8});
  }

  static int64_t Damages(LogRig& rig) {
    const auto summary = VerifyDirectory(
        rig.disk().real_files(), rig.disk().data_directory(), {}, nullptr);
    EXPECT_THAT(summary, IsOk());
    return summary.ok() ? summary->damages + summary->notes : 0;
  }

  // Every damage of a file by the bytes that it has then; none for one that is
  // gone.
  static std::vector<std::string> Spoiled(const std::string& good) {
    std::vector<std::string> all;
    for (size_t at = 0; at < good.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        all.push_back(good);
        all.back()[at] = static_cast<char>(all.back()[at] ^ flip);
      }
      all.push_back(good.substr(0, at));
    }
    all.push_back(good + '\0');
    all.push_back(std::string(good.size(), '\0'));
    return all;
  }

  OwnedBatch last_{""};
};

TEST_F(ProducerFilesDamage, OfASnapshotIsFoundAndCostsNothing) {
  const std::string name =
      SegmentFileName(Offset{kSnapshotAt}, kSnapshotSuffix);
  std::vector<std::string> spoiled;
  {
    LogRig rig(DiskKind::kMemory);
    MakeLog(rig);
    ASSERT_EQ(Damages(rig), 0);
    spoiled = Spoiled(*rig.disk().Read(name));
  }
  for (const std::string& bytes : spoiled) {
    LogRig rig(DiskKind::kMemory);
    MakeLog(rig);
    rig.disk().Write(name, bytes);
    ASSERT_GT(Damages(rig), 0);
    CheckLog(rig);
    ASSERT_FALSE(HasFailure());
  }
  LogRig rig(DiskKind::kMemory);
  MakeLog(rig);
  rig.disk().Remove(name);
  CheckLog(rig);
}

TEST_F(ProducerFilesDamage, OfAListOfAbortsIsFoundAndLeadsNobodyAstray) {
  const std::string name = SegmentFileName(Offset{0}, kTxnIndexSuffix);
  std::vector<std::string> spoiled;
  {
    LogRig rig(DiskKind::kMemory);
    MakeLog(rig);
    spoiled = Spoiled(*rig.disk().Read(name));
  }
  // Nothing but Kafka's search goes by the last stable offset.
  constexpr size_t kLastStable = 26;
  for (const std::string& bytes : spoiled) {
    LogRig rig(DiskKind::kMemory);
    MakeLog(rig);
    const std::string good = *rig.disk().Read(name);
    rig.disk().Write(name, bytes);
    const bool tells =
        bytes.size() != good.size() ||
        bytes.substr(0, kLastStable) != good.substr(0, kLastStable);
    if (tells) {
      ASSERT_GT(Damages(rig), 0);
    }
    CheckLog(rig);
    ASSERT_FALSE(HasFailure());
  }
  LogRig rig(DiskKind::kMemory);
  MakeLog(rig);
  rig.disk().Remove(name);
  ASSERT_GT(Damages(rig), 0);
  CheckLog(rig);
}

}  // namespace
}  // namespace cauce
