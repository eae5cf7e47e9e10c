// The program at a terminal: what it asks, and what becomes of its line of
// progress. Every note begins a line.
#include "tests/tools/cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "tests/tools/cli/cauce.h"

namespace cauce {
namespace {

using test::kCtrlC;
using test::kCtrlD;
using test::Terminal;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AtATerminal : public test::CauceTest {};

// What stands in front of those notes that stand behind something else.
std::string GluedTo(std::string_view printed) {
  constexpr std::string_view kNote = "cauce: ";
  std::string glued;
  for (size_t at = 0; (at = printed.find(kNote, at)) != printed.npos; ++at) {
    const std::string_view before = printed.substr(0, at);
    if (before.empty() || before.ends_with('\n') ||
        before.ends_with("\r\x1b[K")) {
      continue;
    }
    glued += before.substr(before.rfind('\n') + 1);
  }
  return glued;
}

TEST_F(AtATerminal, NoNoteStandsBehindALineOfProgress) {
  Do({"topic", "create", "a"});
  Terminal producer(WithDir({"produce", "a", "--key-separator", ":"}));
  while (!producer.HasPrinted("stored ")) producer.Type("a line\n");
  producer.Type(kCtrlD);
  EXPECT_EQ(producer.Finish(), 0);
  EXPECT_THAT(producer.printed(), HasSubstr("lines had no key"));
  EXPECT_THAT(GluedTo(producer.printed()), IsEmpty());
}

TEST_F(AtATerminal, RecordsLeaveNoPlaceForALineOfProgress) {
  Do({"topic", "create", "a"});
  Terminal follower(WithDir({"consume", "a", "--follow"}));
  std::string expected;
  // Long enough for many such lines.
  for (int i = 0; i < 40; ++i) {
    const std::string line = fmt::format("record {}\n", i);
    Do({"produce", "a"}, line);
    expected += line;
    ASSERT_TRUE(follower.AwaitText(line));
  }
  follower.Type(kCtrlC);
  EXPECT_EQ(follower.Finish(), 128 + SIGINT);
  EXPECT_EQ(follower.printed(), expected);
}

TEST_F(AtATerminal, ADeletionIsAskedForAndDoneOnlyAfterAYes) {
  Do({"topic", "create", "a", "--partitions", "2"});
  for (const std::string no : {"\n", "n\n", "what?\n", kCtrlD}) {
    Terminal refused(WithDir({"topic", "delete", "a"}));
    ASSERT_TRUE(refused.AwaitText(
        "delete a with its 2 partitions and all their records, for good?"));
    refused.Type(no);
    EXPECT_EQ(refused.Finish(), 1);
    EXPECT_THAT(refused.printed(), HasSubstr("nothing was deleted"));
    EXPECT_THAT(Do({"topic", "list"}), HasSubstr("a "));
  }
  Terminal agreed(WithDir({"topic", "delete", "a"}));
  ASSERT_TRUE(agreed.AwaitText("[y/N] "));
  agreed.Type("y\n");
  EXPECT_EQ(agreed.Finish(), 0);
  EXPECT_THAT(Do({"topic", "list"}), Not(HasSubstr("a ")));
}

TEST_F(AtATerminal, CtrlCInsteadOfAnAnswerDeletesNothing) {
  Do({"topic", "create", "a"});
  Terminal asked(WithDir({"topic", "delete", "a"}));
  ASSERT_TRUE(asked.AwaitText("[y/N] "));
  asked.Type(kCtrlC);
  EXPECT_EQ(asked.Finish(), 128 + SIGINT);
  EXPECT_THAT(asked.printed(), HasSubstr("[y/N] \ncauce: nothing was deleted"));
  EXPECT_THAT(Do({"topic", "list"}), HasSubstr("a "));
}

}  // namespace
}  // namespace cauce
