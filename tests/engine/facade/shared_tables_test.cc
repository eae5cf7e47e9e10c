#include "engine/facade/shared_tables.h"

#include <gtest/gtest.h>

#include <memory>

namespace cauce {

// Whatever it is: to an engine it is a name.
class RocksDbShare {};

namespace test {
namespace {

TEST(SharedTables, AreWhatTheFirstMadeUntilTheLastLetsGo) {
  SharedTables tables;
  int made = 0;
  const auto admit = [&](std::shared_ptr<RocksDbShare> there) {
    if (there != nullptr) return there;
    ++made;
    return std::make_shared<RocksDbShare>();
  };

  auto first = tables.Join(admit);
  auto second = tables.Join(admit);
  EXPECT_EQ(first, second);
  first.reset();
  EXPECT_EQ(tables.Join(admit), second);
  EXPECT_EQ(made, 1);
  second.reset();

  EXPECT_NE(tables.Join(admit), nullptr);
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace test
}  // namespace cauce
