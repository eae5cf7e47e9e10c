// What the program says where the system lets it open hardly any file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fmt/format.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::LinesOf;
using test::ManyLines;
using test::Process;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using FewDescriptors = test::CauceTest;

TEST_F(FewDescriptors, AreNoDamage) {
  Do({"topic", "create", "a", "--partitions", "3"});
  Do({"produce", "a"}, ManyLines(15));
  for (const std::string verb : {"verify", "repair", "repair --dry-run"}) {
    SCOPED_TRACE(verb);
    const Process::Result result =
        test::Run({"/bin/sh", "-c",
                   fmt::format("ulimit -n 5; exec {} log {} --dir {}",
                               test::kCauce, verb, dir())},
                  "");
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(LinesOf(result.err), SizeIs(1));
    EXPECT_THAT(result.err, HasSubstr("ulimit -n"));
  }
}

}  // namespace
}  // namespace cauce
