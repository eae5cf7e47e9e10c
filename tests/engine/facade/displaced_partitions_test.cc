#include "engine/facade/displaced_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

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
    const auto is_in_place = [](const std::string& name) {
      return name == "orders-0";
    };
    return displaced->Find(id, is_in_place).value_or("");
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
