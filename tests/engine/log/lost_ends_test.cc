#include "engine/log/lost_ends.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace cauce {
namespace {

AbortedTransaction Listed(int64_t producer, int64_t first, int64_t last) {
  return {.producer_id = {producer},
          .first = {first},
          .last = {last},
          .last_stable = {first}};
}

// Of producer 1, with records from 10 to 14, in front of what is lost from 20
// to 29.
class LostEndTest : public ::testing::Test {
 protected:
  JudgedEnd Judge() {
    return JudgeLostEnd(
        {.producer_id = {1}, .offsets = {Offset{10}, Offset{15}}},
        {.lost = {Offset{20}, Offset{30}},
         .listed = listed_,
         .listed_here = here_,
         .seen = seen_,
         .sees_stranger = sees_stranger_,
         .open_behind = open_behind_});
  }
  LostEnd End() { return Judge().end; }

  std::vector<AbortedTransaction> listed_;
  std::vector<AbortedTransaction> here_;
  std::optional<std::vector<SeenEnd>> seen_;
  bool sees_stranger_ = false;
  std::optional<Offset> open_behind_;
};

TEST_F(LostEndTest, IsNotKnownWhereNothingIsLeftOfIt) {
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, std::nullopt);
  // Of others, of those before, and of one whose own end stands in front.
  listed_ = {Listed(2, 10, 25), Listed(1, 3, 5), Listed(1, 10, 19)};
  here_ = {Listed(2, 33, 35), Listed(1, 3, 5)};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  open_behind_ = Offset{31};
  EXPECT_EQ(End(), LostEnd::kUnknown);
}

TEST_F(LostEndTest, IsWhereAListHasIt) {
  listed_ = {Listed(2, 10, 23), Listed(1, 10, 25)};
  EXPECT_EQ(End(), LostEnd::kAborted);
  EXPECT_EQ(Judge().marker, Offset{25});
  // It began in front of what is left of it.
  listed_ = {Listed(1, 7, 29)};
  EXPECT_EQ(Judge().marker, Offset{29});
}

// To who goes on behind a lost marker the next transaction is the same one.
TEST_F(LostEndTest, IsNotKnownWhereAListHasItBehind) {
  listed_ = {Listed(1, 10, 30)};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  // The list says nothing of where the next one began, either.
  here_ = {Listed(1, 10, 30), Listed(1, 33, 35)};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  open_behind_ = Offset{10};
  EXPECT_EQ(End(), LostEnd::kNone);
  open_behind_.reset();
  seen_.emplace();
  EXPECT_EQ(End(), LostEnd::kNone);
  seen_ = {{{1}, Offset{22}}};
  EXPECT_EQ(Judge().marker, Offset{22});
}

TEST_F(LostEndTest, IsWhereAListHasItHereAndBehind) {
  listed_ = {Listed(1, 10, 45), Listed(1, 10, 25)};
  EXPECT_EQ(End(), LostEnd::kAborted);
  EXPECT_EQ(Judge().marker, Offset{25});
}

TEST_F(LostEndTest, WasACommitWhereTheSameListHasTheNextOneAlone) {
  listed_ = here_ = {Listed(1, 31, 35)};
  EXPECT_EQ(End(), LostEnd::kCommitted);
  // That of another segment may begin behind both.
  here_.clear();
  EXPECT_EQ(End(), LostEnd::kUnknown);
}

TEST_F(LostEndTest, IsNotHereWhereASnapshotKnowsItAsOpenBehind) {
  open_behind_ = Offset{10};
  EXPECT_EQ(End(), LostEnd::kNone);
}

TEST_F(LostEndTest, IsWhereAHeaderSaysSo) {
  seen_ = {{{2}, Offset{21}}, {{1}, Offset{22}}};
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, Offset{22});
  seen_ = {{{2}, Offset{21}}};
  EXPECT_EQ(End(), LostEnd::kNone);
  // It may be this one, its number being damaged.
  sees_stranger_ = true;
  EXPECT_EQ(End(), LostEnd::kUnknown);
  EXPECT_EQ(Judge().marker, std::nullopt);
}

}  // namespace
}  // namespace cauce
