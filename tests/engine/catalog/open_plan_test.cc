#include "engine/catalog/open_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/topic_name.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TopicId Id() {
  TopicId id;
  id.bytes.fill(0xab);
  return id;
}

TopicCatalog CatalogOf(const std::vector<TopicEntry>& topics) {
  TopicCatalog catalog;
  for (TopicEntry topic : topics) {
    if (!topic.imported) topic.id = Id();
    EXPECT_THAT(catalog.Add(topic), IsOk());
  }
  return catalog;
}

std::vector<DirectoryEntry> Directories(const std::vector<std::string>& names) {
  std::vector<DirectoryEntry> entries;
  for (const std::string& name : names) entries.push_back({name, true});
  return entries;
}

TopicPartition At(const std::string& topic, int32_t partition) {
  return {topic, PartitionId{partition}};
}

constexpr char kDeleted[] = "a-1.abababababababababababababababab-delete";

TEST(PlanOpen, OpensEveryPartitionOfALiveTopic) {
  const OpenPlan plan = PlanOpen(CatalogOf({{.name = "a", .partitions = 2}}),
                                 Directories({"a-0", "a-1"}));
  EXPECT_THAT(plan.open, ElementsAre(At("a", 0), At("a", 1)));
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.forget, IsEmpty());
  EXPECT_THAT(plan.missing, IsEmpty());
  EXPECT_THAT(plan.imported, IsEmpty());
}

TEST(PlanOpen, TellsWhichPartitionsOfALiveTopicAreMissing) {
  const OpenPlan plan = PlanOpen(CatalogOf({{.name = "a", .partitions = 3}}),
                                 Directories({"a-1"}));
  EXPECT_THAT(plan.open, ElementsAre(At("a", 1)));
  EXPECT_THAT(plan.missing, ElementsAre(At("a", 0), At("a", 2)));
}

TEST(PlanOpen, TakesBackACreationThatDidNotEnd) {
  const OpenPlan plan = PlanOpen(
      CatalogOf({{.name = "a", .partitions = 3, .state = TopicState::kCreating},
                 {.name = "b"}}),
      Directories({"a-0", "a-1", "b-0"}));
  EXPECT_THAT(plan.remove, ElementsAre("a-0", "a-1"));
  EXPECT_THAT(plan.forget, ElementsAre("a"));
  EXPECT_THAT(plan.open, ElementsAre(At("b", 0)));
}

TEST(PlanOpen, FinishesADeletionThatDidNotEnd) {
  const OpenPlan plan = PlanOpen(
      CatalogOf(
          {{.name = "a", .partitions = 3, .state = TopicState::kDeleting}}),
      Directories({"a-0", kDeleted}));
  EXPECT_THAT(plan.remove, ElementsAre(kDeleted, "a-0"));
  EXPECT_THAT(plan.forget, ElementsAre("a"));
  EXPECT_THAT(plan.open, IsEmpty());
  EXPECT_THAT(plan.missing, IsEmpty());
}

// On a full disk the catalogue could not be told.
TEST(PlanOpen, FinishesADeletionThatOnlyTheNameOfADirectoryTellsOf) {
  const TopicCatalog catalog = CatalogOf({{.name = "a", .partitions = 3}});
  const OpenPlan plan = PlanOpen(catalog, Directories({"a-0", kDeleted}));
  EXPECT_THAT(plan.remove, ElementsAre(kDeleted, "a-0"));
  EXPECT_THAT(plan.forget, ElementsAre("a"));
  EXPECT_THAT(plan.open, IsEmpty());
  EXPECT_THAT(plan.missing, IsEmpty());
  // Not by that of another topic, or of one that Kafka moved away.
  const OpenPlan others = PlanOpen(
      catalog, Directories({"a-0", "a-1", "a-2",
                            "a-0.12121212121212121212121212121212-delete",
                            "b-1.abababababababababababababababab-delete"}));
  EXPECT_THAT(others.forget, IsEmpty());
  EXPECT_THAT(others.open, ElementsAre(At("a", 0), At("a", 1), At("a", 2)));
}

TEST(PlanOpen, ForgetsATopicWhoseLastDirectoryIsGone) {
  const OpenPlan plan =
      PlanOpen(CatalogOf({{.name = "a", .state = TopicState::kDeleting}}), {});
  EXPECT_THAT(plan.forget, ElementsAre("a"));
}

TEST(PlanOpen, ImportsTopicsThatNobodyHereMade) {
  const OpenPlan plan = PlanOpen(CatalogOf({{.name = "a"}}),
                                 Directories({"a-0", "b-0", "b-4", "c-d-7"}));
  EXPECT_THAT(plan.imported,
              ElementsAre(FoundTopic{"b", 5}, FoundTopic{"c-d", 8}));
  EXPECT_THAT(plan.open,
              ElementsAre(At("a", 0), At("b", 0), At("b", 4), At("c-d", 7)));
  // The others may never have been on this broker.
  EXPECT_THAT(plan.missing, IsEmpty());
}

TEST(PlanOpen, GrowsAnImportedTopicByWhatIsFoundOfItLater) {
  const OpenPlan plan =
      PlanOpen(CatalogOf({{.name = "a", .partitions = 2, .imported = true}}),
               Directories({"a-0", "a-3"}));
  EXPECT_THAT(plan.grown, ElementsAre(FoundTopic{"a", 4}));
  EXPECT_THAT(plan.imported, IsEmpty());
  EXPECT_THAT(plan.open, ElementsAre(At("a", 0), At("a", 3)));
}

TEST(PlanOpen, LeavesAloneWhatAGrowthLeftThatDidNotEnd) {
  const OpenPlan plan = PlanOpen(CatalogOf({{.name = "a", .partitions = 1}}),
                                 Directories({"a-0", "a-1", "a-2"}));
  EXPECT_THAT(plan.open, ElementsAre(At("a", 0)));
  EXPECT_THAT(plan.left_alone, ElementsAre("a-1", "a-2"));
  EXPECT_THAT(plan.remove, IsEmpty());
}

TEST(PlanOpen, LeavesAloneNumbersThatNoTopicCanHave) {
  const OpenPlan plan =
      PlanOpen(TopicCatalog(), Directories({"a-100000", "b-2147483647"}));
  EXPECT_THAT(plan.imported, IsEmpty());
  EXPECT_THAT(plan.open, IsEmpty());
  EXPECT_THAT(plan.left_alone, ElementsAre("a-100000", "b-2147483647"));
}

TEST(PlanOpen, PassesOverEverythingElse) {
  std::vector<DirectoryEntry> entries =
      Directories({"lost+found", "notes", "__cluster_metadata-0",
                   "a-1.abababababababababababababababab-future",
                   "a-1.abababababababababababababababab-stray",
                   "a-1.ab-delete", "-delete"});
  entries.push_back({"b-0", false});  // a file
  entries.push_back({kDeleted, false});
  const OpenPlan plan = PlanOpen(TopicCatalog(), entries);
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.imported, IsEmpty());
  EXPECT_THAT(plan.open, IsEmpty());
  EXPECT_THAT(plan.left_alone, IsEmpty());
}

TEST(DeletedDirectoryName, IsAsKafkaWritesIt) {
  EXPECT_EQ(DeletedDirectoryName(At("a", 1), Id()), kDeleted);
  EXPECT_TRUE(IsDeletedDirectoryName(kDeleted));
  EXPECT_FALSE(IsDeletedDirectoryName("a-1"));
}

TEST(DeletedDirectoryName, SaysWhichTopicItWas) {
  EXPECT_TRUE(IsDeletedDirectoryOf(kDeleted, Id()));
  EXPECT_FALSE(IsDeletedDirectoryOf(kDeleted, TopicId()));
  EXPECT_FALSE(IsDeletedDirectoryOf("a-1", Id()));
}

TEST(DeletedDirectoryName, FitsAFileNameWhateverTheTopicsLength) {
  const std::string longest(kTopicNameBytesMax, 'a');
  const std::string name =
      DeletedDirectoryName(At(longest, kTopicPartitionsMax - 1), Id());
  EXPECT_EQ(name.size(), 255u);
  EXPECT_TRUE(IsDeletedDirectoryName(name));
}

}  // namespace
}  // namespace cauce
