// Files that are called like a segment and are none, among the offsets of one
// that is: whatever they hold, wherever the recovery point is, they hide and
// cut nothing of what was acknowledged, and are named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TopicPartition kOrders{"orders", PartitionId{0}};

std::string Log(int64_t base) {
  return fmt::format("orders-0/{:020}.log", base);
}

class ForeignSegment : public ::testing::Test {
 protected:
  // A partition of segments at 0, 6 and 12 that ends at 18, of which what lies
  // below `point` was known as durable, with `bytes` in a file called `base`.
  static DamagedDirectory With(int64_t base, const std::string& bytes,
                               int64_t point) {
    return DamagedDirectory(Stop::kKilled, [&](FileTree& tree) {
      std::string& points = tree["recovery-point-offset-checkpoint"];
      const std::string known = "orders 0 18\n";
      points.replace(points.find(known), known.size(),
                     fmt::format("orders 0 {}\n", point));
      tree[Log(base)] = bytes;
    });
  }

  static void ExpectWhole(DamagedDirectory& directory, int64_t base,
                          const test::Values& records) {
    EXPECT_THAT(
        directory.VerifyAll(),
        Contains(Field(&Finding::file, DamagedDirectory::PathOf(Log(base)))));
    for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
      auto engine = directory.Open(access);
      ASSERT_THAT(engine, IsOk());
      const Sight sight = test::ReadOver(*engine, kOrders);
      EXPECT_EQ(sight.records, records);
      EXPECT_THAT(sight.told, IsEmpty());
      EXPECT_THAT(sight.ended, IsOk());
      EXPECT_THAT(directory.events(), Contains(HasSubstr(Log(base))));
      ASSERT_THAT(engine->Close(), IsOk());
    }
  }
};

TEST_F(ForeignSegment, HidesAndCutsNothingWhateverItHoldsAndWherever) {
  const FileTree& killed = Remains::Of(Stop::kKilled).files();
  for (const std::string& bytes :
       {std::string(), std::string("abc"), std::string(100, '\0'),
        std::string(4096, 'x'), killed.at(Log(0))}) {
    for (const int64_t base : {1, 2, 8, 13, 16}) {
      for (const int64_t point : {0, 6, 14, 18}) {
        SCOPED_TRACE(
            fmt::format("{} bytes at {}, point {}", bytes.size(), base, point));
        DamagedDirectory directory = With(base, bytes, point);
        test::Values records =
            Remains::Of(Stop::kKilled).records().at("orders-0");
        ExpectWhole(directory, base, records);

        // And the log goes on as if it were not there.
        auto engine = directory.Open(Access::kReadWrite);
        ASSERT_THAT(engine, IsOk());
        EXPECT_THAT(test::AppendOne(*engine, kOrders, "new"),
                    test::IsOkAndHolds(Offset{18}));
        ASSERT_THAT(engine->Close(), IsOk());
        records[18] = "new";
        ExpectWhole(directory, base, records);
        const FileTree after = directory.Gather();
        EXPECT_EQ(after.at(Log(base)), bytes);
        for (const auto& [name, kept] : after) {
          EXPECT_THAT(name, Not(HasSubstr(".cut")));
        }
      }
    }
  }
}

}  // namespace
}  // namespace cauce
