#include "engine/log/offset_claim.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cauce {
namespace {

using Name = OffsetClaim::Name;

struct Case {
  std::string what;
  OffsetClaim more;
  OffsetClaim less;
};

TEST(OffsetClaim, IsWeighedByWhatSpeaksForItAndByHowMuchThereIsOfItLast) {
  const std::vector<Case> cases = {
      {"a name rather than bytes",
       {.name = Name::kAgrees, .links = 1},
       {.name = Name::kContradicts, .links = 100'000}},
      {"a name rather than all else",
       {.name = Name::kAgrees, .names_within = 3},
       {.name = Name::kContradicts, .sides_met = 2, .links = 9}},
      {"what may stand in its file",
       {.name = Name::kAllows},
       {.name = Name::kContradicts, .sides_met = 2, .links = 9}},
      {"a file that begins as it is called",
       {.name = Name::kAgrees},
       {.name = Name::kAllows, .links = 100'000}},
      {"one behind damage whose file is in line, and not who stands in it",
       {.name = Name::kAllows, .sides_met = 2, .names_within = 1, .links = 2},
       {.name = Name::kAgrees, .links = 1}},
      {"what was there at the close",
       {.is_listed = true, .names_within = 1},
       {.sides_met = 2, .links = 9}},
      {"its neighbours", {.sides_met = 1}, {.links = 100'000}},
      {"both rather than one", {.sides_met = 2}, {.sides_met = 1, .links = 9}},
      {"what runs over no other's name",
       {.sides_met = 1},
       {.sides_met = 1, .names_within = 1, .links = 100'000}},
      {"both neighbours rather than who stands between them",
       {.sides_met = 2, .names_within = 5},
       {.links = 100'000}},
      {"more of it, all else the same", {.links = 2}, {.links = 1}},
      {"the nearer name, all else the same",
       {.from_name = 1},
       {.from_name = 2}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    EXPECT_TRUE(Outweighs(each.more, each.less));
    EXPECT_FALSE(Outweighs(each.less, each.more));
    EXPECT_FALSE(Outweighs(each.more, each.more));
  }
}

}  // namespace
}  // namespace cauce
