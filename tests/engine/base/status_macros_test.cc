#include "engine/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace cauce {
namespace {

absl::Status Pass(const absl::Status& status, int& went_on) {
  CAUCE_RETURN_IF_ERROR(status);
  ++went_on;
  return absl::OkStatus();
}

TEST(ReturnIfError, ReturnsTheErrorAtOnce) {
  int went_on = 0;
  EXPECT_EQ(Pass(absl::NotFoundError("x"), went_on), absl::NotFoundError("x"));
  EXPECT_EQ(went_on, 0);
}

TEST(ReturnIfError, GoesOnAfterSuccess) {
  int went_on = 0;
  EXPECT_TRUE(Pass(absl::OkStatus(), went_on).ok());
  EXPECT_EQ(went_on, 1);
}

absl::StatusOr<int> Sum(absl::StatusOr<std::unique_ptr<int>> a,
                        absl::StatusOr<std::unique_ptr<int>> b) {
  CAUCE_ASSIGN_OR_RETURN(const std::unique_ptr<int> left, std::move(a));
  std::unique_ptr<int> right;
  CAUCE_ASSIGN_OR_RETURN(right, std::move(b));
  return *left + *right;
}

TEST(AssignOrReturn, MovesTheValueIntoItsTarget) {
  const auto sum = Sum(std::make_unique<int>(2), std::make_unique<int>(3));
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(*sum, 5);
}

TEST(AssignOrReturn, ReturnsTheFirstError) {
  EXPECT_EQ(Sum(absl::DataLossError("a"), absl::NotFoundError("b")).status(),
            absl::DataLossError("a"));
  EXPECT_EQ(Sum(std::make_unique<int>(2), absl::NotFoundError("b")).status(),
            absl::NotFoundError("b"));
}

}  // namespace
}  // namespace cauce
