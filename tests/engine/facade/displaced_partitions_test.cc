#include "engine/facade/displaced_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;

constexpr TopicId kOrders{.bytes = {1}};
constexpr TopicId kOther{.bytes = {2}};
constexpr std::string_view kLog = "00000000000000000000.log";

class Displaced : public ::testing::Test {
 protected:
  void Put(const std::string& name, const TopicId& id, std::string_view log) {
    const std::string directory = "/data/" + name;
    ASSERT_THAT(files_->CreateDirectories(directory), IsOk());
    ASSERT_THAT(WritePartitionMetadata(*files_, directory, id), IsOk());
    ASSERT_THAT(ReplaceFile(*files_, directory, kLog, log), IsOk());
  }

  std::string Find(const TopicId& id) {
    const auto displaced = DisplacedPartitions::In(*files_, "/data");
    EXPECT_THAT(displaced, IsOk());
    if (!displaced.ok()) return "";
    const auto found = displaced->Find("orders", id, IsOpen);
    if (!found) return "";
    EXPECT_THAT(found->read, IsOk());
    return found->path;
  }

  static bool IsOpen(const TopicPartition& name) {
    return name == TopicPartition{"orders", PartitionId{0}} ||
           name == TopicPartition{"bills", PartitionId{0}};
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(Displaced, IsFoundByItsIdWhateverItIsCalled) {
  for (const char* name : {"a", "orders-1.bak", "old-orders-1", "orders-7"}) {
    SCOPED_TRACE(name);
    Put(name, kOrders, "records");
    EXPECT_EQ(Find(kOrders), "/data/" + std::string(name));
    EXPECT_EQ(Find(kOther), "");
    ASSERT_THAT(files_->RemoveFile("/data/" + std::string(name) +
                                   "/partition.metadata"),
                IsOk());
  }
}

TEST_F(Displaced, IsNoneThatIsInItsPlaceOrHoldsNothing) {
  Put("orders-0", kOrders, "records");
  Put("orders-1.bak", kOrders, "");
  EXPECT_EQ(Find(kOrders), "");
}

TEST_F(Displaced, IsFoundByAnotherTopicsName) {
  Put("bills-0", kOrders, "records");
  EXPECT_EQ(Find(kOrders), "/data/bills-0");
}

// Whose it is nobody knows: it may be the one that is missing.
TEST_F(Displaced, MayBeWhatCannotBeRead) {
  struct Fault {
    test::FileCall call;
    std::string_view suffix;
  };
  Put("orders-1.bak", kOrders, "records");
  for (const Fault& fault :
       {Fault{test::FileCall::kOpen, "/partition.metadata"},
        Fault{test::FileCall::kRead, "/partition.metadata"},
        Fault{test::FileCall::kList, "/orders-1.bak"},
        Fault{test::FileCall::kInfo, ".log"}}) {
    SCOPED_TRACE(fault.suffix);
    test::FailingFileSystem failing(*files_);
    failing.Fail(fault.call, fault.suffix,
                 MakeError(Reason::kDiskFailed, "input/output error"));
    const auto displaced = DisplacedPartitions::In(failing, "/data");
    ASSERT_THAT(displaced, IsOk());
    const auto found = displaced->Find("orders", kOrders, IsOpen);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->path, "/data/orders-1.bak");
    EXPECT_THAT(found->read, HasReason(Reason::kDiskFailed));
  }
}

TEST_F(Displaced, MayBeWhatHasADamagedId) {
  Put("orders-1.bak", kOther, "records");
  ASSERT_THAT(ReplaceFile(*files_, "/data/orders-1.bak", kPartitionMetadataFile,
                          "version: 0\ntopic_id: ?\n"),
              IsOk());
  const auto displaced = DisplacedPartitions::In(*files_, "/data");
  ASSERT_THAT(displaced, IsOk());
  const auto found = displaced->Find("orders", kOrders, IsOpen);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->read, HasReason(Reason::kCorruptFile));
}

// That is told where it is looked at itself.
TEST_F(Displaced, IsNoPartitionInItsPlaceThatCannotBeRead) {
  Put("bills-0", kOther, "records");
  ASSERT_THAT(ReplaceFile(*files_, "/data/bills-0", kPartitionMetadataFile, ""),
              IsOk());
  EXPECT_EQ(Find(kOrders), "");
}

// What certainly is one goes before what may be.
TEST_F(Displaced, IsRatherWhatHasTheIdThanWhatCannotBeRead) {
  Put("a", kOther, "records");
  ASSERT_THAT(ReplaceFile(*files_, "/data/a", kPartitionMetadataFile, ""),
              IsOk());
  Put("b", kOrders, "records");
  EXPECT_EQ(Find(kOrders), "/data/b");
}

// A topic of a broker before 2.8: all of them would be its own.
TEST_F(Displaced, IsNotFoundByNoId) {
  ASSERT_THAT(files_->CreateDirectories("/data/a-0"), IsOk());
  ASSERT_THAT(ReplaceFile(*files_, "/data/a-0", kLog, "records"), IsOk());
  EXPECT_EQ(Find(TopicId()), "");
}

TEST_F(Displaced, IsNotPassedByWhereNoMoreFilesMayBeOpened) {
  Put("orders-1.bak", kOrders, "records");
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, "/partition.metadata",
               absl::ResourceExhaustedError("too many open files"));
  EXPECT_THAT(DisplacedPartitions::In(failing, "/data"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace cauce
