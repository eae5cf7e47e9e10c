#include "engine/facade/known_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;

const TopicPartition kFirst{"orders", PartitionId{0}};
const TopicPartition kSecond{"orders", PartitionId{1}};
const TopicPartition kOther{"other", PartitionId{0}};

KnownLog UpTo(int64_t end) {
  KnownLog log;
  log.segments = {{Offset{0}, 100}};
  log.end = Offset{end};
  return log;
}

// One that the last close has left: all three end at 5.
class KnownLogsTest : public ::testing::Test {
 protected:
  KnownLogsTest() {
    CAUCE_CHECK(files_->CreateDirectories("/d").ok());
    const std::string part = *EncodeKnownLog(UpTo(5));
    ManifestRows rows;
    for (const auto& each : {kFirst, kSecond, kOther}) rows[each].part = part;
    known_.Begin(*Manifest::Parse("f", *FormatManifest(rows, {})));
  }

  // What who comes after a kill knows; nothing where nothing was saved.
  std::optional<KnownLog> Saved(const TopicPartition& partition) const {
    const auto left = ReadLeftManifest(*files_, "/d");
    return left.ok() ? FindKnown(*left, partition) : std::nullopt;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  KnownLogs known_{*files_, "/d"};
};

ManifestRows RowsOf(const KnownLogs& known) {
  ManifestRows rows;
  known.AddTo(rows);
  return rows;
}

TEST_F(KnownLogsTest, AreThoseOfTheLastCloseUntilTheyAreClosedAnew) {
  EXPECT_EQ(known_.Find(kFirst), UpTo(5));
  known_.Set(kFirst, UpTo(7));
  EXPECT_EQ(known_.Find(kFirst), UpTo(7));
  EXPECT_EQ(known_.Find(kSecond), UpTo(5));
  EXPECT_EQ(known_.Find({"orders", PartitionId{2}}), std::nullopt);
}

TEST_F(KnownLogsTest, AreForgottenByPartitionAndByTopic) {
  known_.Forget(kFirst);
  EXPECT_EQ(known_.Find(kFirst), std::nullopt);
  EXPECT_EQ(known_.Find(kSecond), UpTo(5));
  known_.Set(kFirst, UpTo(7));
  known_.Forget(std::string("orders"));
  EXPECT_EQ(known_.Find(kFirst), std::nullopt);
  EXPECT_EQ(known_.Find(kSecond), std::nullopt);
  EXPECT_EQ(known_.Find(kOther), UpTo(5));
}

TEST_F(KnownLogsTest, AreTheRowsOfTheNextManifest) {
  known_.Forget(kOther);
  known_.Set(kFirst, UpTo(7));
  const ManifestRows rows = RowsOf(known_);
  EXPECT_THAT(rows, ElementsAre(Key(kFirst), Key(kSecond)));
  EXPECT_EQ(rows.at(kFirst).part, *EncodeKnownLog(UpTo(7)));
  EXPECT_EQ(rows.at(kSecond).part, *EncodeKnownLog(UpTo(5)));
}

TEST_F(KnownLogsTest, ThatCannotBeWrittenDownAreNotKnown) {
  known_.Set(kFirst, KnownLog());
  EXPECT_EQ(known_.Find(kFirst), std::nullopt);
  EXPECT_THAT(RowsOf(known_), ElementsAre(Key(kSecond), Key(kOther)));
  EXPECT_THAT(RowsOf(KnownLogs(*files_, "/d")), IsEmpty());
}

TEST_F(KnownLogsTest, AreDurablyNoneOfWhatACutEnds) {
  KnownLog log{.directory = {.id = 7, .changed_ns = 8},
               .log_changed_ns = 9,
               .segments = {{Offset{0}, 100}, {Offset{10}, 50}},
               .end = Offset{20},
               .missing = {{Offset{2}, Offset{5}}, {Offset{5}, Offset{10}}}};
  known_.Set(kFirst, log);
  ASSERT_THAT(known_.Save(), IsOk());
  EXPECT_EQ(Saved(kFirst), log);
  ASSERT_THAT(known_.CutAt(kFirst, Offset{20}), IsOk());
  EXPECT_EQ(Saved(kFirst), log);

  ASSERT_THAT(known_.CutAt(kFirst, Offset{8}), IsOk());
  const KnownLog below{
      .directory = {.id = 7},
      .segments = {{Offset{0}, 100}},
      .end = Offset{8},
      .missing = {{Offset{2}, Offset{5}}, {Offset{5}, Offset{8}}}};
  EXPECT_EQ(Saved(kFirst), below);
  EXPECT_EQ(known_.Find(kFirst), below);
  EXPECT_EQ(Saved(kSecond), UpTo(5));
  ASSERT_THAT(known_.CutAt(kFirst, Offset{0}), IsOk());
  EXPECT_EQ(Saved(kFirst), std::nullopt);
  EXPECT_EQ(Saved(kSecond), UpTo(5));
}

// A pass may have written its last file anew, which is the last again.
TEST_F(KnownLogsTest, AreNoMoreAsTheyWereClosedBehindACutToTheirEnd) {
  const KnownLog log{.directory = {.id = 7, .changed_ns = 8},
                     .log_changed_ns = 9,
                     .segments = {{Offset{0}, 100}},
                     .end = Offset{20},
                     .times = {.oldest = Timestamp{3}}};
  known_.Set(kFirst, log);
  ASSERT_THAT(known_.Save(), IsOk());
  ASSERT_THAT(known_.CutTo(kFirst, Offset{21}), IsOk());
  EXPECT_EQ(Saved(kFirst), log);
  ASSERT_THAT(known_.CutTo(kFirst, Offset{20}), IsOk());
  const KnownLog cut{.directory = {.id = 7},
                     .segments = {{Offset{0}, 100}},
                     .end = Offset{20}};
  EXPECT_EQ(Saved(kFirst), cut);
  EXPECT_EQ(known_.Find(kFirst), cut);
}

// What was closed since the file was written reaches no further.
TEST_F(KnownLogsTest, AreCutWhereOnlyTheFileReachesOn) {
  known_.Forget(kFirst);
  known_.Set(kSecond, UpTo(3));
  ASSERT_THAT(known_.CutAt(kOther, Offset{5}), IsOk());
  EXPECT_EQ(Saved(kOther), std::nullopt);  // nothing had to be written
  ASSERT_THAT(known_.CutAt(kFirst, Offset{4}), IsOk());
  EXPECT_EQ(Saved(kFirst), std::nullopt);
  EXPECT_EQ(Saved(kSecond), UpTo(3));
  EXPECT_EQ(Saved(kOther), UpTo(5));
}

TEST_F(KnownLogsTest, ThatWereForgottenAreSavedAsThat) {
  known_.Set({"new", PartitionId{0}}, UpTo(1));
  ASSERT_THAT(known_.SaveForgotten(), IsOk());
  EXPECT_EQ(Saved(kOther), std::nullopt);  // nothing had to be written
  known_.Forget(std::string("orders"));
  ASSERT_THAT(known_.SaveForgotten(), IsOk());
  EXPECT_EQ(Saved(kFirst), std::nullopt);
  EXPECT_EQ(Saved(kOther), UpTo(5));
}

TEST_F(KnownLogsTest, AreNotWrittenOnceTheDirectoryIsSomebodyElses) {
  known_.Close();
  ASSERT_THAT(known_.Save(), IsOk());
  ASSERT_THAT(known_.CutAt(kFirst, Offset{0}), IsOk());
  EXPECT_EQ(Saved(kOther), std::nullopt);
}

}  // namespace
}  // namespace cauce
