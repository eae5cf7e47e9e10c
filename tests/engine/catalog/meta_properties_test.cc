#include "engine/catalog/meta_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "cauce/topic_id.h"
#include "engine/catalog/whole_file.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

// As Apache Kafka's storage tool writes it.
constexpr std::string_view kBytes =
    "#\n"
    "#Fri Aug 21 10:00:00 UTC 2026\n"
    "cluster.id=4L6g3nShT-eMCtK--X86sw\n"
    "directory.id=8PHy8_T19vf4-fr7_P3-_w\n"
    "node.id=7\n"
    "version=1\n";

MetaProperties Properties() {
  return {.cluster_id = "4L6g3nShT-eMCtK--X86sw",
          .node_id = 7,
          .directory_id = "8PHy8_T19vf4-fr7_P3-_w"};
}

TEST(MetaProperties, AreReadAsKafkaWritesThem) {
  EXPECT_THAT(ParseMetaProperties("f", kBytes), IsOkAndHolds(Properties()));
}

TEST(MetaProperties, AreReadBackAsTheyWereWritten) {
  for (const MetaProperties& properties :
       {Properties(), MetaProperties{},
        MetaProperties{.cluster_id = " a=b:c#d!e\\f ",
                       .other_lines = {"some.key=some value", "empty"}}}) {
    const auto text = FormatMetaProperties(properties);
    ASSERT_THAT(text, IsOk());
    EXPECT_THAT(ParseMetaProperties("f", *text), IsOkAndHolds(properties));
  }
}

TEST(MetaProperties, FollowTheRulesOfJavasProperties) {
  const auto properties = ParseMetaProperties("f",
                                              "! a remark\r\n"
                                              "\r\n"
                                              "  version : 1\r\n"
                                              "node.id 12\n"
                                              "cluster\\.id = a\\u0062\\=\\\n"
                                              "   c d\n");
  ASSERT_THAT(properties, IsOk());
  EXPECT_EQ(properties->node_id, 12);
  EXPECT_EQ(properties->cluster_id, "ab=c d");
  EXPECT_THAT(properties->other_lines, IsEmpty());
}

TEST(MetaProperties, KeepTheKeysTheyDoNotKnow) {
  const auto properties = ParseMetaProperties(
      "f", "version=1\nfuture.key=\\u00e9 \xff\nlong = a\\\n  b\n");
  ASSERT_THAT(properties, IsOk());
  EXPECT_THAT(properties->other_lines,
              ElementsAre("future.key=\\u00e9 \xff", "long = ab"));
  EXPECT_THAT(FormatMetaProperties(*properties),
              IsOkAndHolds("version=1\nfuture.key=\\u00e9 \xff\nlong = ab\n"));
}

TEST(MetaProperties, TakeTheBrokersNumberFromVersionZero) {
  const auto properties =
      ParseMetaProperties("f", "version=0\nbroker.id=3\ncluster.id=abc\n");
  ASSERT_THAT(properties, IsOk());
  EXPECT_EQ(properties->node_id, 3);
}

TEST(MetaProperties, RefuseWhatTheyCannotBe) {
  for (const char* bytes :
       {"", "node.id=1\n", "version=\n", "version=one\n", "version=-1\n",
        "version=1\nversion=1\n", "version=1\nnode.id=x\n",
        "version=1\nnode.id=-1\n", "version=1\ndirectory.id=short\n",
        "version=1\ncluster.id=a\\nb\n", "version=1\ncluster.id=a\\u00e9\n",
        "version=1\ncluster.id=a\\u1\n", "version=1\ncluster.id=\x01\n"}) {
    EXPECT_THAT(ParseMetaProperties("f", bytes),
                HasReason(Reason::kCorruptFile))
        << bytes;
  }
  EXPECT_THAT(ParseMetaProperties("f", "version=2\n"),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(MetaProperties, AreNotWrittenWithFieldsThatCannotBe) {
  for (const MetaProperties& bad :
       {MetaProperties{.cluster_id = "a\nnode.id=9"},
        MetaProperties{.node_id = -1}, MetaProperties{.directory_id = "x"},
        MetaProperties{.other_lines = {"a=b\nversion=9"}},
        MetaProperties{.other_lines = {"a=b\\"}}}) {
    EXPECT_THAT(FormatMetaProperties(bad), HasReason(Reason::kInvalidOption));
  }
}

// Lines are whole or not there, and there is no checksum: a file that was cut
// is refused, or tells less.
TEST(MetaProperties, AreReadOrRefusedHoweverTheyAreDamaged) {
  std::vector<std::string> damaged = test::Truncations(kBytes);
  for (std::string& copy : test::BitFlips(kBytes)) {
    damaged.push_back(std::move(copy));
  }
  for (const std::string& bytes : damaged) {
    const auto properties = ParseMetaProperties("f", bytes);
    if (!properties.ok()) {
      EXPECT_THAT(properties, AnyOf(HasReason(Reason::kCorruptFile),
                                    HasReason(Reason::kUnsupportedFormat)));
      continue;
    }
    const auto text = FormatMetaProperties(*properties);
    ASSERT_THAT(text, IsOk()) << bytes;
    EXPECT_THAT(ParseMetaProperties("f", *text), IsOkAndHolds(*properties))
        << bytes;
  }
}

TEST(MetaProperties, SurviveAnyMixOfTheirMarks) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  constexpr std::string_view kMarks = "a=: \t\f\\\\\\\r\n\n#!uk0041";
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = "version=1\n";
    for (unsigned i = random() % 30; i > 0; --i) {
      bytes += kMarks[random() % kMarks.size()];
    }
    const auto properties = ParseMetaProperties("f", bytes);
    if (!properties.ok()) continue;
    const auto text = FormatMetaProperties(*properties);
    ASSERT_THAT(text, IsOk()) << ::testing::PrintToString(bytes);
    ASSERT_THAT(ParseMetaProperties("f", *text), IsOkAndHolds(*properties))
        << ::testing::PrintToString(bytes);
  }
}

class FixedRandom final : public Random {
 public:
  uint64_t Next() override { return ++last_; }

 private:
  uint64_t last_ = 0;
};

TEST(MetaProperties, AreMadeOnceWithAnIdOfTheDirectorysOwn) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data"), IsOk());
  FixedRandom random;

  ASSERT_THAT(EnsureMetaProperties(*files, "/data", random), IsOk());
  const auto first = ReadMetaProperties(*files, "/data");
  ASSERT_THAT(EnsureMetaProperties(*files, "/data", random), IsOk());

  ASSERT_THAT(first, IsOk());
  ASSERT_TRUE(first->directory_id.has_value());
  EXPECT_TRUE(ParseTopicId(*first->directory_id).has_value());
  ASSERT_TRUE(first->cluster_id.has_value());
  EXPECT_TRUE(ParseTopicId(*first->cluster_id).has_value());
  EXPECT_NE(first->cluster_id, first->directory_id);
  EXPECT_EQ(first->node_id, 0);
  EXPECT_THAT(ReadMetaProperties(*files, "/data"), IsOkAndHolds(*first));
}

TEST(MetaProperties, AreNotMadeAnewWhereTheyAreDamaged) {
  const auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data"), IsOk());
  ASSERT_THAT(ReplaceFile(*files, "/data", kMetaPropertiesFile, "version=x\n"),
              IsOk());
  FixedRandom random;
  EXPECT_THAT(EnsureMetaProperties(*files, "/data", random),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(ReadWholeFile(*files, "/data/meta.properties", 100),
              IsOkAndHolds("version=x\n"));
}

}  // namespace
}  // namespace cauce
