#include "engine/log/short_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/types.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ShortLog, IsToldWithBothOffsetsAndTheFilesToRestore) {
  const ShortLog log{"/data/orders-0", Offset{5}, Offset{700}};
  EXPECT_THAT(DescribeShortLog(log),
              AllOf(HasSubstr("ends at offset 5,"), HasSubstr("offset 700")));
  EXPECT_THAT(AdviceOnShortLog(log),
              AllOf(HasSubstr(" /data/log-start-offset-checkpoint "),
                    HasSubstr(".log files of /data/orders-0 "),
                    HasSubstr("below offset 700")));
}

}  // namespace
}  // namespace cauce
