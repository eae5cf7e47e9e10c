#include "engine/log/segment_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>

#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

class SetOf : public ::testing::Test {
 protected:
  // Each of 100 bytes, and ending where the next begins.
  SegmentSet Set(std::initializer_list<int64_t> bases) {
    SegmentSet::List list;
    for (const int64_t base : bases) {
      list.push_back(std::make_shared<Segment>(
          disk_.Place(Offset{base}), OpenMode::kRead, 100, Offset{base}));
    }
    return SegmentSet(std::move(list));
  }

  test::TestDisk disk_;
};

TEST_F(SetOf, FindsTheSegmentThatAnOffsetFallsInto) {
  const SegmentSet set = Set({10, 20, 30});
  EXPECT_EQ(set.Find(Offset{10})->base(), Offset{10});
  EXPECT_EQ(set.Find(Offset{19})->base(), Offset{10});
  EXPECT_EQ(set.Find(Offset{20})->base(), Offset{20});
  EXPECT_EQ(set.Find(Offset{1000})->base(), Offset{30});
}

TEST_F(SetOf, TheFirstSegmentStandsForAllBelowIt) {
  EXPECT_EQ(Set({10, 20}).Find(Offset{3})->base(), Offset{10});
}

TEST_F(SetOf, TellsWhatComesAfter) {
  const SegmentSet set = Set({10, 20});
  EXPECT_EQ(set.After(Offset{10})->base(), Offset{20});
  EXPECT_EQ(set.After(Offset{5})->base(), Offset{10});
  EXPECT_EQ(set.After(Offset{20}), nullptr);
}

TEST_F(SetOf, TheLastSegmentIsActiveAndAllCount) {
  const SegmentSet set = Set({10, 20, 30});
  EXPECT_EQ(set.active()->base(), Offset{30});
  EXPECT_EQ(set.bytes(), 300);
}

}  // namespace
}  // namespace cauce
