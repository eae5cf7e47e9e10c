// The manual that the program prints.
#include "tools/cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using test::Command;
using test::LinesOf;
using test::Process;
using test::Words;

std::string PageCalled(const std::string& name) {
  const Process::Result result = test::Run(Command({"man", name}));
  EXPECT_EQ(result.exit, 0) << result.err;
  return result.out;
}

Words PageNames() {
  return LinesOf(test::Run(Command({"man", "--list"})).out);
}

// As man shows it, without the marks of bold and underlined text.
std::string Shown(const std::string& page) {
  return test::Run({"/bin/sh", "-c", "mandoc -T utf8 | col -bx"}, page).out;
}

TEST(ManPages, HaveNothingThatMandocWarnsOf) {
  for (const std::string& name : PageNames()) {
    const Process::Result lint = test::Run(
        {"/usr/bin/env", "mandoc", "-T", "lint", "-W", "warning"},
        PageCalled(name));
    EXPECT_EQ(lint.exit, 0) << name << ": " << lint.out << lint.err;
    EXPECT_EQ(lint.out, "") << name;
  }
}

TEST(ManPages, AreOneForEachNounOrVerbOfTheProgram) {
  EXPECT_THAT(PageNames(),
              IsSupersetOf({"cauce", "cauce-topic", "cauce-produce",
                            "cauce-consume", "cauce-group", "cauce-log",
                            "cauce-config", "cauce-transaction", "cauce-bench",
                            "cauce-completion", "cauce-man"}));
  const std::string first = Shown(PageCalled("cauce"));
  for (const std::string& name : PageNames()) {
    if (name == "cauce") continue;
    EXPECT_THAT(first, HasSubstr(name + "(1)"));
  }
}

TEST(ManPages, SayWhatTheHelpSays) {
  const Process::Result help =
      test::Run(Command({"topic", "create", "--help"}));
  const std::string page = Shown(PageCalled("topic"));
  EXPECT_THAT(page,
              AllOf(HasSubstr("cauce topic create TOPIC --dir DIR [OPTION]..."),
                    HasSubstr("--partitions N\n"),
                    HasSubstr("How many partitions (default: 1)")));
  // The footer's lines, a table among them, stand as they are.
  const Words lines = LinesOf(page);
  int rows = 0;
  for (const std::string& line : LinesOf(help.out)) {
    if (!line.starts_with("retention.") && !line.starts_with("  cauce "))
      continue;
    ++rows;
    EXPECT_THAT(lines, Contains("       " + line)) << page;
  }
  EXPECT_EQ(rows, 3);
}

TEST(ManPages, ThatAreNoneAreToldWithThoseThereAre) {
  const Process::Result result = test::Run(Command({"man", "topics"}));
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("no page topics"),
                                HasSubstr("cauce-topic, ")));
}

TEST(ManPage, TakesNoTextForARequest) {
  const cli::VerbDescription verb = {
      .path = {"x"},
      .text = ".so /etc/passwd",
      .footer = "'it\\n\n\n.sp \\fB\n  a -b ^c `d` ~e",
      .options = {{.names = {"-q", "--quote"}, .type = "\\", .text = ".TH"}}};
  const cli::VerbDescription program = {.text = "Does.", .verbs = {verb}};
  const auto pages = cli::ManPages(program, {"1.2.3", "2026-11-23"});
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[1].name, "cauce-x");
  const std::string shown = Shown(pages[1].text);
  EXPECT_THAT(shown, AllOf(HasSubstr(".so /etc/passwd"), HasSubstr("'it\\n"),
                           HasSubstr(".sp \\fB"), HasSubstr("a -b ^c `d` ~e"),
                           HasSubstr("-q \\, --quote \\"), HasSubstr(".TH"),
                           HasSubstr("1.2.3"), HasSubstr("2026-11-23")));
  EXPECT_THAT(shown, Not(HasSubstr("root:")));
}

}  // namespace
}  // namespace cauce
