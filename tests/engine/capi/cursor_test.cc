#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

class CapiCursor : public CapiRig {
 protected:
  CapiCursor() {
    MakeTopic("orders");
    cauce_partition_t* const partition = OpenPartition("orders");
    Append(partition, {"a", "b", "c"});
    EXPECT_EQ(cauce_cursor_open(partition, 0, nullptr, 0, &cursor_, err()),
              CAUCE_OK);
    const cauce_config_t wrong = {"isolation", "none"};
    cauce_cursor_t* none = nullptr;
    EXPECT_EQ(cauce_cursor_open(partition, 0, &wrong, 1, &none, err()),
              CAUCE_INVALID_OPTION);
    // A cursor keeps what it needs.
    EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
  }
  ~CapiCursor() override { EXPECT_EQ(cauce_cursor_free(cursor_), CAUCE_OK); }

  std::vector<std::string> Rest() {
    std::vector<std::string> values;
    for (;;) {
      const cauce_record_t* record = nullptr;
      EXPECT_EQ(cauce_cursor_next(cursor_, &record, err()), CAUCE_OK)
          << told_.message();
      if (record == nullptr) return values;
      EXPECT_STREQ(record->topic, "orders");
      values.push_back(ValueOf(*record));
    }
  }

  cauce_cursor_t* cursor_ = nullptr;
};

TEST_F(CapiCursor, ReadsToTheEndAndGoesBack) {
  EXPECT_THAT(Rest(), ElementsAre("a", "b", "c"));
  int64_t position = -1;
  ASSERT_EQ(cauce_cursor_position(cursor_, &position, err()), CAUCE_OK);
  EXPECT_EQ(position, 3);
  ASSERT_EQ(cauce_cursor_seek(cursor_, 1, err()), CAUCE_OK);
  EXPECT_THAT(Rest(), ElementsAre("b", "c"));
}

TEST_F(CapiCursor, TellsWhatIsOutOfRange) {
  ASSERT_EQ(cauce_cursor_seek(cursor_, 99, err()), CAUCE_OK);
  const cauce_record_t* record = nullptr;
  EXPECT_EQ(cauce_cursor_next(cursor_, &record, err()),
            CAUCE_OFFSET_OUT_OF_RANGE);
  EXPECT_EQ(record, nullptr);
}

TEST_F(CapiCursor, SkipsNothingWhereNothingIsDamaged) {
  int64_t offset = -1;
  ASSERT_EQ(cauce_cursor_skip_damage(cursor_, &offset, err()), CAUCE_OK)
      << told_.message();
  EXPECT_EQ(cauce_cursor_next(cursor_, nullptr, err()), CAUCE_MISUSE);
}

}  // namespace
}  // namespace cauce::test
