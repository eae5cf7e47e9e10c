// Directories of partitions that somebody has exchanged: nobody is shown, or
// adds to, another topic's records, nothing of them goes, and all is as it was
// once they are put back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/topic_id.h"
#include "cauce/types.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::HasReason;
using test::IsOk;
using test::Remains;
using test::Stop;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kOrders{"orders", PartitionId{0}};
const TopicPartition kWhole{"orders", PartitionId{1}};
const TopicPartition kReturns{"returns", PartitionId{0}};
constexpr std::string_view kMetadata = "orders-0/partition.metadata";

void Exchange(FileTree& files) {
  FileTree exchanged;
  for (auto& [name, bytes] : files) {
    std::string to = name;
    if (name.starts_with("orders-0/")) to = "returns-0/" + name.substr(9);
    if (name.starts_with("returns-0/")) to = "orders-0/" + name.substr(10);
    exchanged[to] = bytes;
  }
  files = std::move(exchanged);
}

// Without what tells that somebody has it open, or closed it well.
FileTree OfPartitions(const FileTree& all) {
  FileTree some;
  for (const auto& [name, bytes] : all) {
    const bool is_exchanged =
        name.starts_with("orders-0/") || name.starts_with("returns-0/");
    if (is_exchanged) some[name] = bytes;
  }
  return some;
}

class ExchangedDirectories : public ::testing::TestWithParam<Stop> {
 protected:
  ExchangedDirectories() : directory_(GetParam(), Exchange) {}

  void ExpectOnlyTheOthersOpen(const Engine& engine) {
    const auto refused = engine.OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(refused, HasReason(Reason::kCorruptFile));
    const std::string message(refused.status().message());
    EXPECT_THAT(message, HasSubstr(DamagedDirectory::PathOf(kMetadata)));
    for (const char* const topic : {"orders", "returns"}) {
      const auto described = engine.DescribeTopic(topic);
      ASSERT_THAT(described, IsOk());
      EXPECT_THAT(message, HasSubstr(TopicIdText(described->id)));
    }
    EXPECT_THAT(engine.OpenPartition("returns", PartitionId{0}),
                HasReason(Reason::kCorruptFile));
    EXPECT_EQ(test::ReadOver(engine, kWhole).records,
              Remains::Of(GetParam()).records().at("orders-1"));
  }

  DamagedDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Stopped, ExchangedDirectories,
                         ::testing::ValuesIn(test::kEveryStop),
                         [](const auto& info) {
                           return test::CaseName("Exchanged", info.param);
                         });

TEST_P(ExchangedDirectories, AreReadByNobodyUnderAnothersName) {
  auto reader = directory_.Open(Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  ExpectOnlyTheOthersOpen(*reader);
}

TEST_P(ExchangedDirectories, AreNeitherWrittenNorDeletedAndTheOthersAre) {
  auto writer = directory_.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  ExpectOnlyTheOthersOpen(*writer);
  EXPECT_THAT(test::AppendOne(*writer, kWhole, "new"), IsOk());
  // Retention would have to look at it.
  ASSERT_THAT(writer->AlterTopic("orders", {{"retention.ms", "86400000"}}),
              IsOk());
  EXPECT_THAT(writer->RunUpkeep(), HasReason(Reason::kCorruptFile));
  EXPECT_THAT(writer->DeleteTopic("orders"), HasReason(Reason::kCorruptFile));
  ASSERT_THAT(writer->Close(), IsOk());
  EXPECT_EQ(OfPartitions(directory_.Gather()), OfPartitions(directory_.laid()));
}

TEST_P(ExchangedDirectories, AreWholeAgainOncePutBack) {
  ASSERT_THAT(directory_.Open(Access::kReadWrite)->Close(), IsOk());
  FileTree put_back = directory_.Gather();
  Exchange(put_back);
  DamagedDirectory mended(GetParam(),
                          [&](FileTree& files) { files = put_back; });
  // The mark of a clean stop speaks of what was looked at.
  EXPECT_EQ(put_back.contains(".kafka_cleanshutdown"),
            GetParam() == Stop::kClean);
  auto writer = mended.Open(Access::kReadWrite);
  ASSERT_THAT(writer, IsOk());
  for (const TopicPartition& each : {kOrders, kWhole, kReturns}) {
    EXPECT_EQ(test::ReadOver(*writer, each).records,
              Remains::Of(GetParam()).records().at(each.ToString()));
  }
  ASSERT_THAT(writer->Close(), IsOk());
  EXPECT_THAT(mended.VerifyAll(), IsEmpty());
}

TEST_P(ExchangedDirectories, AreToldByVerifyAndRepairWithNothingElse) {
  const auto findings = directory_.VerifyAll();
  EXPECT_THAT(findings, Contains(Field(&Finding::file,
                                       DamagedDirectory::PathOf(kMetadata))));
  EXPECT_THAT(findings,
              Each(Field(&Finding::file, HasSubstr("partition.metadata"))));

  const auto files = NewMemoryFileSystem();
  test::Lay(directory_.laid(), *files, DamagedDirectory::kDirectory);
  std::vector<std::string> left;
  const auto repaired = RepairDirectory(
      *files, DamagedDirectory::kDirectory,
      {.left = [&](const Finding& finding) { left.push_back(finding.file); }});
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->steps, 0);
  EXPECT_THAT(left, Contains(DamagedDirectory::PathOf(kMetadata)));
  EXPECT_EQ(OfPartitions(test::Gather(*files, DamagedDirectory::kDirectory)),
            OfPartitions(directory_.laid()));
}

}  // namespace
}  // namespace cauce
