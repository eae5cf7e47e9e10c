#include "engine/log/former_names.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "cauce/types.h"
#include "engine/catalog/known_log.h"

namespace cauce {
namespace {

constexpr std::optional<FormerName> kNone;
constexpr FormerName k33{Offset{33}};

// Signs as a rename of 33.log to 25.log leaves them; that one begins at 33.
struct Renamed {
  std::vector<Offset> logs = {Offset{0}, Offset{25}, Offset{50}};
  std::vector<KnownSegment> listed;
  std::vector<Offset> indexes;
  bool may_have_gaps = true;

  std::optional<FormerName> NameOf25(int64_t front = 33) const {
    return FormerNames({.logs = logs,
                        .listed = listed,
                        .indexes = indexes,
                        .may_have_gaps = may_have_gaps})
        .Of(Offset{25}, 700, Offset{front});
  }
};

const std::vector<KnownSegment> kListed = {
    {Offset{0}, 900}, {Offset{33}, 700}, {Offset{50}, 800}};
const std::vector<Offset> kIndexes = {Offset{0}, Offset{33}, Offset{50}};

TEST(FormerName, IsWhatTheCloseOrAnIndexKnowsALogBy) {
  EXPECT_EQ(Renamed{}.NameOf25(), kNone);
  EXPECT_EQ(Renamed{.listed = kListed}.NameOf25(), k33);
  EXPECT_EQ(Renamed{.indexes = kIndexes}.NameOf25(), k33);
}

TEST(FormerName, IsNoneWhereTheCloseHasNotedAnotherSize) {
  Renamed renamed{.listed = kListed};
  renamed.listed[1].bytes = 701;
  EXPECT_EQ(renamed.NameOf25(), kNone);
}

// It is gone.
TEST(FormerName, IsKnownToHaveGivenWayToThatOfAnother) {
  constexpr FormerName kWith25Gone{.name = Offset{33}, .has_anothers = true};
  Renamed listed{.listed = kListed};
  listed.listed.insert(listed.listed.begin() + 1, {Offset{25}, 100});
  EXPECT_EQ(listed.NameOf25(), kWith25Gone);
  Renamed indexed{.indexes = kIndexes};
  indexed.indexes.insert(indexed.indexes.begin() + 1, Offset{25});
  EXPECT_EQ(indexed.NameOf25(), kWith25Gone);
}

TEST(FormerName, IsNoneThatALogHas) {
  Renamed renamed{.listed = kListed, .indexes = kIndexes};
  renamed.logs.insert(renamed.logs.begin() + 2, Offset{33});
  EXPECT_EQ(renamed.NameOf25(), kNone);
}

TEST(FormerName, LiesBehindTheNameAndNotBehindWhatTheLogBeginsWith) {
  for (const Renamed& renamed :
       {Renamed{.listed = kListed}, Renamed{.indexes = kIndexes}}) {
    for (const int64_t front : {0, 9, 25, 32}) {
      EXPECT_EQ(renamed.NameOf25(front), kNone) << front;
    }
  }
}

// There it may have begun in front of its first batch, and only the close tells
// of its size.
TEST(FormerName, IsWhatTheLogBeginsWithButWhereTheCloseKnowsItAmongGaps) {
  Renamed listed{.listed = kListed};
  EXPECT_EQ(listed.NameOf25(49), k33);
  listed.may_have_gaps = false;
  EXPECT_EQ(listed.NameOf25(49), kNone);
  EXPECT_EQ(listed.NameOf25(), k33);
  EXPECT_EQ(Renamed{.indexes = kIndexes}.NameOf25(34), kNone);
}

}  // namespace
}  // namespace cauce
