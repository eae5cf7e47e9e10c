#include "engine/catalog/topic_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/crc32c.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kDirectory = "/data";

TopicId Id(uint8_t number) {
  TopicId id;
  id.bytes.fill(number);
  return id;
}

TopicEntry Topic(const std::string& name, int32_t partitions = 1) {
  return {.name = name, .id = Id(7), .partitions = partitions};
}

TopicCatalog TwoTopics() {
  TopicCatalog catalog;
  TopicEntry orders = Topic("orders", 3);
  orders.configs = {{"cleanup.policy", ""}, {"retention.ms", "-1"}};
  EXPECT_THAT(catalog.Add(orders), IsOk());
  EXPECT_THAT(catalog.Add({.name = "old", .partitions = 2, .imported = true}),
              IsOk());
  return catalog;
}

std::string WithCrc(const std::string& text) {
  return fmt::format("{}crc32c {:08x}\n", text, Crc32c(text));
}

TEST(TopicCatalog, IsWrittenAsFormatMdSays) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.SetState("orders", TopicState::kDeleting), IsOk());
  EXPECT_EQ(catalog.Format(),
            WithCrc("cauce.topics 1\n"
                    "generation 0\n"
                    "topics 2\n"
                    "topic old 2 AAAAAAAAAAAAAAAAAAAAAA live imported\n"
                    "topic orders 3 BwcHBwcHBwcHBwcHBwcHBw deleting given\n"
                    "config cleanup.policy=\n"
                    "config retention.ms=-1\n"));
}

TEST(TopicCatalog, IsReadBackAsItWasWritten) {
  TopicCatalog catalog = TwoTopics();
  TopicEntry made = Topic("new");
  made.state = TopicState::kCreating;
  ASSERT_THAT(catalog.Add(made), IsOk());

  const auto read = TopicCatalog::Parse("f", catalog.Format());

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->topics(), catalog.topics());
}

TEST(TopicCatalog, TakesATopicOnce) {
  TopicCatalog catalog = TwoTopics();
  EXPECT_THAT(catalog.Add(Topic("orders")), HasReason(Reason::kTopicExists));
  EXPECT_THAT(catalog.Add({.name = "orders", .imported = true}),
              HasReason(Reason::kTopicExists));
}

TEST(TopicCatalog, TheLogOfKafkasControllersIsNoTopic) {
  TopicCatalog catalog;
  EXPECT_THAT(catalog.Add(Topic("__cluster_metadata")),
              HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(catalog.Add(Topic("__cluster_metadata2")), IsOk());
}

TEST(TopicCatalog, TakesNoTopicThatKafkaWouldNot) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Add(Topic("a.b")), IsOk());
  EXPECT_THAT(catalog.Add(Topic("a b")), HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(catalog.Add(Topic("a_b")), HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(catalog.Add(Topic("x", 0)),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(catalog.Add(Topic("x", kTopicPartitionsMax + 1)),
              HasReason(Reason::kInvalidPartitions));
  TopicEntry bad = Topic("x");
  bad.configs = {{"retention.ms", "soon"}};
  EXPECT_THAT(catalog.Add(bad), HasReason(Reason::kInvalidConfig));
  EXPECT_EQ(catalog.Find("x"), nullptr);
}

TEST(TopicCatalog, TakesAnImportedTopicWhoseNameCollides) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Add(Topic("a.b")), IsOk());
  EXPECT_THAT(catalog.Add({.name = "a_b", .imported = true}), IsOk());
}

TEST(TopicCatalog, EditsOnlyTopicsThatItHas) {
  TopicCatalog catalog;
  EXPECT_THAT(catalog.Remove("x"), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(catalog.SetState("x", TopicState::kLive),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(catalog.SetConfigs("x", {}), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(catalog.Grow("x", 2), HasReason(Reason::kUnknownTopic));
}

TEST(TopicCatalog, GrowsATopicAndNeverShrinksIt) {
  TopicCatalog catalog = TwoTopics();
  EXPECT_THAT(catalog.Grow("orders", 3), HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(catalog.Grow("orders", 2), HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(catalog.Grow("orders", kTopicPartitionsMax + 1),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(catalog.Grow("orders", 4), IsOk());
  EXPECT_EQ(catalog.Find("orders")->partitions, 4);
}

TEST(TopicCatalog, ReplacesConfigsWholeAndOnlyWithGoodOnes) {
  TopicCatalog catalog = TwoTopics();
  EXPECT_THAT(catalog.SetConfigs("orders", {{"colour", "red"}}),
              HasReason(Reason::kInvalidConfig));
  EXPECT_THAT(
      catalog.Find("orders")->configs,
      ElementsAre(Pair("cleanup.policy", ""), Pair("retention.ms", "-1")));
  EXPECT_THAT(catalog.SetConfigs("orders", {{"segment.ms", " +5"}}), IsOk());
  EXPECT_THAT(catalog.Find("orders")->configs,
              ElementsAre(Pair("segment.ms", "5")));
}

TEST(TopicCatalog, CallsAnImportedTopicAdoptedOnceItsConfigsAreGiven) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.GiveId("old", TopicId{.bytes = {1}}), IsOk());
  for (int again = 0; again < 2; ++again) {
    ASSERT_THAT(catalog.SetConfigs("old", {}), IsOk());
    EXPECT_FALSE(catalog.Find("old")->imported);
    EXPECT_TRUE(catalog.Find("old")->adopted);
    EXPECT_THAT(catalog.Format(), HasSubstr(" live adopted\n"));
    const auto parsed = TopicCatalog::Parse("f", catalog.Format());
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(parsed->topics(), catalog.topics());
  }
  ASSERT_THAT(catalog.SetConfigs("orders", {}), IsOk());
  EXPECT_FALSE(catalog.Find("orders")->adopted);
}

TEST(TopicCatalog, RemembersThatATopicWasCompacted) {
  TopicCatalog catalog = TwoTopics();
  const TopicEntry& orders = *catalog.Find("orders");
  EXPECT_FALSE(MayHaveGaps(orders));
  EXPECT_TRUE(MayHaveGaps(*catalog.Find("old"))) << "imported";
  for (const char* policy : {"compact", "compact,delete", "delete", ""}) {
    ASSERT_THAT(catalog.SetConfigs("orders", {{"cleanup.policy", policy}}),
                IsOk());
    EXPECT_TRUE(MayHaveGaps(orders)) << policy;
    const auto parsed = TopicCatalog::Parse("f", catalog.Format());
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(parsed->topics(), catalog.topics());
  }
  EXPECT_THAT(catalog.Format(), HasSubstr(" live compacted\n"));

  // An adopted one says as much already.
  ASSERT_THAT(catalog.GiveId("old", TopicId{.bytes = {1}}), IsOk());
  for (const char* policy : {"compact", "delete"}) {
    ASSERT_THAT(catalog.SetConfigs("old", {{"cleanup.policy", policy}}),
                IsOk());
  }
  EXPECT_TRUE(catalog.Find("old")->adopted);
  EXPECT_FALSE(catalog.Find("old")->compacted);
}

TEST(TopicCatalogDeathTest, NeverBringsBackWhatIsBeingDeleted) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.SetState("orders", TopicState::kDeleting), IsOk());
  EXPECT_DEATH(catalog.SetState("orders", TopicState::kLive).IgnoreError(),
               "CAUCE_CHECK failed");
}

TEST(TopicCatalog, IsCorruptWhereverItIsCutOff) {
  for (const std::string& cut : test::Truncations(TwoTopics().Format())) {
    EXPECT_THAT(TopicCatalog::Parse("f", cut), HasReason(Reason::kCorruptFile));
  }
}

TEST(TopicCatalog, IsCorruptWhateverBitIsTurned) {
  for (const std::string& flipped : test::BitFlips(TwoTopics().Format())) {
    EXPECT_THAT(TopicCatalog::Parse("f", flipped),
                HasReason(Reason::kCorruptFile));
  }
}

// Behind a checksum that is right: nothing of ours writes these.
TEST(TopicCatalog, RefusesEverySensibleLookingMistake) {
  const std::string head = "cauce.topics 1\ngeneration 1\n";
  const std::string id = "BwcHBwcHBwcHBwcHBwcHBw";
  const std::string topic = "topic a 1 " + id + " live given\n";
  for (const std::string& text : std::vector<std::string>{
           "",
           "\n",
           "cauce.topics 0\ngeneration 1\ntopics 0\n",
           "cauce.topics x\ngeneration 1\ntopics 0\n",
           "cauce.topics 1\ntopics 0\n",
           "cauce.topics 1\ngeneration -1\ntopics 0\n",
           "cauce.topics 1\ngeneration 9223372036854775807\ntopics 0\n",
           head,
           head + "topics -1\n",
           head + "topics 1\n",
           head + "topics 2147483647\n" + topic,
           head + "topics 0\n" + topic,
           head + "topics 1\n\n",
           head + "topics 1\n" + topic + topic,
           head + "topics 1\nconfig a=b\n" + topic,
           head + "topics 1\n" + topic + "config\n",
           head + "topics 1\n" + topic + "config ab\n",
           head + "topics 1\n" + topic + "config =b\n",
           head + "topics 1\n" + topic + "config a=b\nconfig a=c\n",
           head + "topics 1\n" + topic + "config a=\x01\n",
           head + "topics 1\n" + topic + "colour red\n",
           head + "topics 1\ntopic a 0 " + id + " live given\n",
           head + "topics 1\ntopic a 100001 " + id + " live given\n",
           head + "topics 1\ntopic a/b 1 " + id + " live given\n",
           head + "topics 1\ntopic a 1 short live given\n",
           head + "topics 1\ntopic a 1 " + id + " dead given\n",
           head + "topics 1\ntopic a 1 " + id + " live taken\n",
           head + "topics 1\ntopic a 1 " + id + " live given \n",
           head + "topics 1\ntopic a 1 AAAAAAAAAAAAAAAAAAAAAA live given\n"}) {
    EXPECT_THAT(TopicCatalog::Parse("f", WithCrc(text)),
                HasReason(Reason::kCorruptFile))
        << text;
  }
}

TEST(TopicCatalog, KeepsAConfigThatItDoesNotKnow) {
  const std::string bytes = WithCrc(
      "cauce.topics 1\ngeneration 1\ntopics 1\n"
      "topic a 1 BwcHBwcHBwcHBwcHBwcHBw live given\n"
      "config a.newer.key=a=b\n");
  const auto catalog = TopicCatalog::Parse("f", bytes);
  ASSERT_THAT(catalog, IsOk());
  EXPECT_EQ(catalog->Format(), bytes);
}

class CatalogFiles : public ::testing::Test {
 protected:
  CatalogFiles() { EXPECT_THAT(real_->CreateDirectories(kDirectory), IsOk()); }

  absl::StatusOr<std::string> Bytes(std::string_view name) {
    return ReadWholeFile(*real_, JoinPath(kDirectory, name), 1 << 20);
  }
  void Put(std::string_view name, std::string_view bytes) {
    EXPECT_THAT(ReplaceFile(*real_, kDirectory, name, bytes), IsOk());
  }

  const std::unique_ptr<FileSystem> real_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*real_};
};

TEST_F(CatalogFiles, AreAnEmptyCatalogueWhereThereAreNone) {
  const auto catalog = TopicCatalog::Load(files_, kDirectory);
  ASSERT_THAT(catalog, IsOk());
  EXPECT_THAT(catalog->topics(), IsEmpty());
  EXPECT_EQ(catalog->damage(), "");
}

TEST_F(CatalogFiles, HoldWhatWasSaved) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());

  const auto loaded = TopicCatalog::Load(files_, kDirectory);

  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->topics(), catalog.topics());
  EXPECT_EQ(loaded->damage(), "");
}

TEST_F(CatalogFiles, MayLoseEitherCopy) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  const std::string bytes = *Bytes(kCatalogFile);
  for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
    for (const std::string& cut : test::Truncations(bytes)) {
      Put(name, cut);
      const auto loaded = TopicCatalog::Load(files_, kDirectory);
      ASSERT_THAT(loaded, IsOk());
      EXPECT_EQ(loaded->topics(), catalog.topics());
      EXPECT_THAT(loaded->damage(), HasSubstr(std::string(name)));
    }
    ASSERT_THAT(real_->RemoveFile(JoinPath(kDirectory, name)), IsOk());
    const auto loaded = TopicCatalog::Load(files_, kDirectory);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->topics(), catalog.topics());
    Put(name, bytes);
  }
}

TEST_F(CatalogFiles, AreMendedByTheNextSave) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  Put(kCatalogFile, "nonsense");

  auto loaded = TopicCatalog::Load(files_, kDirectory);
  ASSERT_THAT(loaded, IsOk());
  ASSERT_THAT(loaded->Save(files_, kDirectory), IsOk());

  EXPECT_EQ(loaded->damage(), "");
  EXPECT_EQ(*Bytes(kCatalogFile), *Bytes(kCatalogCopyFile));
}

TEST_F(CatalogFiles, AreNotWrittenWithANumberThatIsNotRead) {
  const std::string last =
      WithCrc("cauce.topics 1\ngeneration 9223372036854775806\ntopics 0\n");
  Put(kCatalogFile, last);

  auto loaded = TopicCatalog::Load(files_, kDirectory);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->Save(files_, kDirectory),
              HasReason(Reason::kCorruptFile));

  EXPECT_EQ(*Bytes(kCatalogFile), last);
  EXPECT_THAT(TopicCatalog::Load(files_, kDirectory), IsOk());
}

TEST_F(CatalogFiles, AreCorruptWhenBothCopiesAre) {
  Put(kCatalogFile, "nonsense");
  EXPECT_THAT(TopicCatalog::Load(files_, kDirectory),
              HasReason(Reason::kCorruptFile));
  Put(kCatalogCopyFile, "nonsense");
  EXPECT_THAT(TopicCatalog::Load(files_, kDirectory),
              AllOf(HasReason(Reason::kCorruptFile),
                    StatusIs(absl::StatusCode::kDataLoss,
                             HasSubstr("/data/cauce.topics"))));
}

TEST_F(CatalogFiles, GoByTheNewerCopy) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  const std::string old = *Bytes(kCatalogFile);
  ASSERT_THAT(catalog.Remove("old"), IsOk());
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  const std::string latest = *Bytes(kCatalogFile);
  for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
    Put(name, old);
    const auto loaded = TopicCatalog::Load(files_, kDirectory);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->topics(), catalog.topics());
    EXPECT_EQ(loaded->damage(),
              fmt::format("/data/{}: has generation 1 and its other copy 2: a "
                          "save ended in between, and the newer one holds",
                          name));
    Put(name, latest);
  }
}

TEST_F(CatalogFiles, AreNotTouchedWhenEitherIsOfANewerVersion) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  const std::string newer = WithCrc("cauce.topics 2\nsomething else\n");
  for (const std::string_view name : {kCatalogCopyFile, kCatalogFile}) {
    Put(name, newer);
    const size_t changes = files_.changes().size();
    EXPECT_THAT(TopicCatalog::Load(files_, kDirectory),
                HasReason(Reason::kUnsupportedFormat));
    EXPECT_EQ(files_.changes().size(), changes);
  }
}

TEST_F(CatalogFiles, AreOldOrNewWhereverSavingFails) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  const auto before = catalog.topics();
  const size_t changes = files_.changes().size();
  ASSERT_THAT(catalog.Remove("old"), IsOk());
  for (size_t fail = 0; fail < changes; ++fail) {
    SCOPED_TRACE(fail);
    files_.FailAfter(static_cast<int>(fail));
    EXPECT_THAT(catalog.Save(files_, kDirectory),
                HasReason(Reason::kDiskFailed));
    const auto loaded = TopicCatalog::Load(files_, kDirectory);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_THAT(loaded->topics(), AnyOf(before, catalog.topics()));

    // What is saved next is newer than whatever was left.
    files_.Mend();
    TopicCatalog restored = TwoTopics();
    std::swap(restored, catalog);
    ASSERT_THAT(restored.Save(files_, kDirectory), IsOk());
    EXPECT_EQ(TopicCatalog::Load(files_, kDirectory)->topics(),
              restored.topics());
    catalog = *TopicCatalog::Load(files_, kDirectory);
    ASSERT_THAT(catalog.Add({.name = "old", .partitions = 2, .imported = true}),
                IsOk());
    ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
    ASSERT_THAT(catalog.Remove("old"), IsOk());
  }
}

// As whoever gives a change up that could not be saved.
TEST_F(CatalogFiles, HoldWhatOutlastsASaveThatFailedHalfway) {
  TopicCatalog catalog = TwoTopics();
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  TopicCatalog edited = catalog;
  ASSERT_THAT(edited.Remove("old"), IsOk());
  files_.Fail(test::FileCall::kRename, fmt::format("{}.tmp", kCatalogCopyFile),
              MakeError(Reason::kDiskFailed, "no"));
  ASSERT_THAT(edited.Save(files_, kDirectory), HasReason(Reason::kDiskFailed));
  files_.Mend();

  catalog.Outlast(edited);
  ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
  Put(kCatalogFile, TopicCatalog(edited).Format());

  EXPECT_EQ(TopicCatalog::Load(files_, kDirectory)->topics(), catalog.topics());
}

TEST_F(CatalogFiles, HoldTheTopicsOfAModelAfterAnyEdits) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  TopicCatalog catalog;
  std::map<std::string, int32_t> model;
  for (int step = 0; step < 2'000; ++step) {
    const std::string name(1 + random() % 3, 'a' + random() % 3);
    const auto partitions = static_cast<int32_t>(1 + random() % 5);
    const auto there = model.find(name);
    switch (random() % 4) {
      case 0: {
        EXPECT_EQ(catalog.Add(Topic(name, partitions)).ok(),
                  there == model.end());
        model.emplace(name, partitions);
        break;
      }
      case 1:
        EXPECT_EQ(catalog.Remove(name).ok(), model.erase(name) == 1);
        break;
      case 2: {
        const bool grows = there != model.end() && there->second < partitions;
        EXPECT_EQ(catalog.Grow(name, partitions).ok(), grows);
        if (grows) there->second = partitions;
        break;
      }
      default: {
        ASSERT_THAT(catalog.Save(files_, kDirectory), IsOk());
        auto loaded = TopicCatalog::Load(files_, kDirectory);
        ASSERT_THAT(loaded, IsOk());
        catalog = *std::move(loaded);
      }
    }
    ASSERT_EQ(catalog.topics().size(), model.size());
    for (const auto& [topic, count] : model) {
      ASSERT_NE(catalog.Find(topic), nullptr);
      ASSERT_EQ(catalog.Find(topic)->partitions, count);
    }
  }
}

}  // namespace
}  // namespace cauce
