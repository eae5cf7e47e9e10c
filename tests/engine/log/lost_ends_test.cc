#include "engine/log/lost_ends.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace cauce {
namespace {

AbortedTransaction Listed(int64_t first, int64_t last) {
  return {.producer_id = {1},
          .first = {first},
          .last = {last},
          .last_stable = {first}};
}

// Of records from 10 to 14, in front of what is lost from 20 to 29.
class LostEndTest : public ::testing::Test {
 protected:
  JudgedEnd Judge() {
    evidence_.lost = {Offset{20}, Offset{30}};
    evidence_.listed = listed_;
    return JudgeLostEnd(
        {.producer_id = {1}, .offsets = {Offset{10}, Offset{15}}}, evidence_);
  }
  LostEnd End() { return Judge().end; }

  std::vector<AbortedTransaction> listed_;
  LossEvidence evidence_;
};

TEST_F(LostEndTest, IsNotKnownWhereNothingIsLeftOfIt) {
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, std::nullopt);
  // Of those before, and of one whose own end stands in front.
  listed_ = {Listed(3, 5), Listed(10, 19)};
  evidence_.begun_last = Offset{3};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  evidence_.open_behind = Offset{31};
  EXPECT_EQ(End(), LostEnd::kUnknown);
}

TEST_F(LostEndTest, IsWhereAListHasIt) {
  listed_ = {Listed(10, 25)};
  EXPECT_EQ(End(), LostEnd::kAborted);
  EXPECT_EQ(Judge().marker, Offset{25});
  // It began in front of what is left of it.
  listed_ = {Listed(7, 29)};
  EXPECT_EQ(Judge().marker, Offset{29});
}

// To who goes on behind a lost marker the next transaction is the same one.
TEST_F(LostEndTest, IsNotKnownWhereAListHasItBehind) {
  listed_ = {Listed(10, 30)};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  // The list says nothing of where the next one began, either.
  evidence_.begun_last = Offset{33};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  evidence_.open_behind = Offset{10};
  EXPECT_EQ(End(), LostEnd::kNone);
  evidence_.open_behind.reset();
  evidence_.has_headers = true;
  EXPECT_EQ(End(), LostEnd::kNone);
  evidence_.seen = Offset{22};
  EXPECT_EQ(Judge().marker, Offset{22});
}

TEST_F(LostEndTest, IsWhereAListHasItHereAndBehind) {
  listed_ = {Listed(10, 25), Listed(10, 45)};
  EXPECT_EQ(End(), LostEnd::kAborted);
  EXPECT_EQ(Judge().marker, Offset{25});
}

TEST_F(LostEndTest, WasACommitWhereTheSameListHasTheNextOneAlone) {
  listed_ = {Listed(31, 35)};
  evidence_.begun_last = Offset{31};
  EXPECT_EQ(End(), LostEnd::kCommitted);
  // That of another segment may begin behind both.
  evidence_.begun_last.reset();
  EXPECT_EQ(End(), LostEnd::kUnknown);
}

TEST_F(LostEndTest, IsNotHereWhereASnapshotKnowsItAsOpenBehind) {
  evidence_.open_behind = Offset{10};
  EXPECT_EQ(End(), LostEnd::kNone);
}

TEST_F(LostEndTest, IsWhereAHeaderSaysSo) {
  evidence_.has_headers = true;
  evidence_.seen = Offset{22};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, Offset{22});
  evidence_.seen.reset();
  EXPECT_EQ(End(), LostEnd::kNone);
  // It may be this one, its number being damaged.
  evidence_.sees_stranger = true;
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, std::nullopt);
}

}  // namespace
}  // namespace cauce
