#include "tools/cli/table.h"

#include <gtest/gtest.h>

#include <string>

namespace cauce::cli {
namespace {

TEST(Table, AlignsTextToTheLeftAndNumbersToTheRight) {
  Table table({"TOPIC", "BYTES"});
  table.Add({"a", "1"});
  table.Add({"orders", "123456"});
  EXPECT_EQ(table.ToString(),
            "TOPIC    BYTES\n"
            "a            1\n"
            "orders  123456\n");
}

TEST(Table, MovesOnlyItsOwnRowForALongCell) {
  const std::string name(Table::kCellColumnsMax + 1, 'n');
  Table table({"TOPIC", "BYTES"});
  table.Add({"a", "1"});
  table.Add({name, "2"});
  EXPECT_EQ(table.ToString(),
            "TOPIC  BYTES\n"
            "a          1\n" +
                name + "      2\n");
}

}  // namespace
}  // namespace cauce::cli
