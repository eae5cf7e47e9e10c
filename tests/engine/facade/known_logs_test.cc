#include "engine/facade/known_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"

namespace cauce {
namespace {

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
KnownLogs Left() {
  const std::string part = *EncodeKnownLog(UpTo(5));
  ManifestRows rows;
  for (const auto& each : {kFirst, kSecond, kOther}) rows[each].part = part;
  KnownLogs known;
  known.Begin(*Manifest::Parse("f", *FormatManifest(rows, {})));
  return known;
}

ManifestRows RowsOf(const KnownLogs& known) {
  ManifestRows rows;
  known.AddTo(rows);
  return rows;
}

TEST(KnownLogs, AreThoseOfTheLastCloseUntilTheyAreClosedAnew) {
  KnownLogs known = Left();
  EXPECT_EQ(known.Find(kFirst), UpTo(5));
  known.Set(kFirst, UpTo(7));
  EXPECT_EQ(known.Find(kFirst), UpTo(7));
  EXPECT_EQ(known.Find(kSecond), UpTo(5));
  EXPECT_EQ(known.Find({"orders", PartitionId{2}}), std::nullopt);
}

TEST(KnownLogs, AreForgottenByPartitionAndByTopic) {
  KnownLogs known = Left();
  known.Forget(kFirst);
  EXPECT_EQ(known.Find(kFirst), std::nullopt);
  EXPECT_EQ(known.Find(kSecond), UpTo(5));
  known.Set(kFirst, UpTo(7));
  known.Forget(std::string("orders"));
  EXPECT_EQ(known.Find(kFirst), std::nullopt);
  EXPECT_EQ(known.Find(kSecond), std::nullopt);
  EXPECT_EQ(known.Find(kOther), UpTo(5));
}

TEST(KnownLogs, AreTheRowsOfTheNextManifest) {
  KnownLogs known = Left();
  known.Forget(kOther);
  known.Set(kFirst, UpTo(7));
  const ManifestRows rows = RowsOf(known);
  EXPECT_THAT(rows, ElementsAre(Key(kFirst), Key(kSecond)));
  EXPECT_EQ(rows.at(kFirst).part, *EncodeKnownLog(UpTo(7)));
  EXPECT_EQ(rows.at(kSecond).part, *EncodeKnownLog(UpTo(5)));
}

TEST(KnownLogs, ThatCannotBeWrittenDownAreNotKnown) {
  KnownLogs known = Left();
  known.Set(kFirst, KnownLog());
  EXPECT_EQ(known.Find(kFirst), std::nullopt);
  EXPECT_THAT(RowsOf(known), ElementsAre(Key(kSecond), Key(kOther)));
  EXPECT_THAT(RowsOf(KnownLogs()), IsEmpty());
}

}  // namespace
}  // namespace cauce
