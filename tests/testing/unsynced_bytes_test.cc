#include "tests/testing/unsynced_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/testing/choices.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Answers all questions alike: with the first alternative or the last.
class Always final : public Choices {
 public:
  enum class Answer { kFirst, kLast };
  explicit Always(Answer answer) : answer_(answer) {}
  size_t Pick(size_t alternatives) override {
    return answer_ == Answer::kFirst ? 0 : alternatives - 1;
  }

 private:
  const Answer answer_;
};

// Whatever a loss may leave of `bytes`.
std::set<std::string> AllLosses(const UnsyncedBytes& bytes) {
  std::set<std::string> left;
  AllChoices all;
  do {
    UnsyncedBytes copy = bytes;
    copy.Lose(all);
    left.insert(copy.disk());
  } while (all.Next());
  return left;
}

std::string Sector(char letter) { return std::string(kSectorBytes, letter); }

TEST(UnsyncedBytes, KeepWhatWasSyncedThroughEveryLoss) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, "synced");
  bytes.Sync();
  EXPECT_EQ(bytes.unsynced(), 0);
  EXPECT_THAT(AllLosses(bytes), ElementsAre("synced"));
}

TEST(UnsyncedBytes, LeaveEachSectorAndTheSizeToChance) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, Sector('a') + Sector('b'));
  const std::string zeros = Sector('\0');
  EXPECT_EQ(bytes.unsynced(), 3);
  EXPECT_THAT(
      AllLosses(bytes),
      UnorderedElementsAre("", Sector('a') + Sector('b'), Sector('a') + zeros,
                           zeros + Sector('b'), zeros + zeros));
}

TEST(UnsyncedBytes, KeepAnyVersionOfASectorWrittenTwice) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, "....");
  bytes.Sync();
  bytes.Write(2, 0, "a");
  bytes.Write(3, 2, "b");
  EXPECT_THAT(AllLosses(bytes), UnorderedElementsAre("....", "a...", "a.b."));
}

TEST(UnsyncedBytes, ReadAsZerosBehindACutThatWasExtended) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, "abcdef");
  bytes.Truncate(2, 2);
  bytes.Truncate(3, 4);
  bytes.Sync();
  EXPECT_EQ(bytes.size(), 4);
  EXPECT_EQ(bytes.disk(), std::string("ab\0\0", 4));
}

TEST(UnsyncedBytes, BringBackWhatAnUnsyncedCutTook) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, "abcdef");
  bytes.Sync();
  bytes.Truncate(2, 2);
  EXPECT_EQ(bytes.size(), 2);
  EXPECT_THAT(
      AllLosses(bytes),
      UnorderedElementsAre("abcdef", "ab", std::string("ab\0\0\0\0", 6)));
}

TEST(UnsyncedBytes, NeverReachTheDiskAfterAFailedSync) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, Sector('a'));
  bytes.Sync();
  bytes.Write(2, 0, "b");
  Always nothing(Always::Answer::kFirst);
  bytes.FailSync(nothing);

  // The next sync finds nothing dirty, and says that all is well.
  bytes.Sync();
  EXPECT_THAT(AllLosses(bytes), ElementsAre(Sector('a')));

  // Writing into the same sector brings it all.
  bytes.Write(3, 1, "c");
  bytes.Sync();
  EXPECT_EQ(bytes.disk().substr(0, 3), "bca");
}

TEST(UnsyncedBytes, TellTornAndReorderedWrites) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, Sector('a') + Sector('b'));
  bytes.Write(2, 2 * kSectorBytes, Sector('c'));
  Fates all_fates;
  AllChoices all;
  do {
    UnsyncedBytes copy = bytes;
    all_fates += copy.Lose(all);
  } while (all.Next());
  // Of eight ways with three sectors, four keep one half of the first write,
  // and three keep the second write but not all of the first; three sizes.
  EXPECT_EQ(all_fates.torn, 4 * 3);
  EXPECT_EQ(all_fates.reordered, 3 * 3);
  EXPECT_EQ(all_fates.kept, 12 * 3);
  EXPECT_EQ(all_fates.dropped, 12 * 3);
}

TEST(UnsyncedBytes, FlipBitsOfWhatIsOnTheDisk) {
  UnsyncedBytes bytes;
  bytes.Write(1, 0, "abc");
  bytes.Sync();
  bytes.Flip(1, 1);
  EXPECT_EQ(bytes.disk(), "acc");
}

}  // namespace
}  // namespace cauce::test
