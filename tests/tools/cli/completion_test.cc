// Completion as people have it: a shell at a terminal, a line that is typed in
// part, tabs, and what the program that is called by the whole line then says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"
#include "tests/tools/cli/terminal.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using test::Command;
using test::IsOk;
using test::LinesOf;
using test::Process;
using test::Terminal;
using test::Words;

// A store of no application, and one of the application "shop".
void MakeStores(const std::string& dir) {
  auto engine = Engine::Open(dir).value();
  auto stores = Stores::Open(engine).value();
  auto counts = stores.OpenKeyValue("counts").value();
  ASSERT_THAT(counts.Put("pears", "seven"), IsOk());
  auto of_shop = Stores::Open(engine, {.application = "shop"}).value();
  auto stock = of_shop.OpenKeyValue("stock").value();
  ASSERT_THAT(stock.Put("pears", "eleven"), IsOk());
}

struct Shell {
  const char* name;
  Words call;
  // Typed first.
  const char* setup;
};

void PrintTo(const Shell& shell, std::ostream* out) { *out << shell.name; }

class Completion : public test::CauceTest,
                   public ::testing::WithParamInterface<Shell> {
 protected:
  // A shell of that kind with the program on its path, and nothing of who runs
  // the test.
  Words Call() const {
    Words call = {"/usr/bin/env",
                  "-i",
                  "TERM=dumb",
                  "LC_ALL=C.UTF-8",
                  "PS1=ready> ",
                  "HOME=" + scratch_ / "",
                  fmt::format("PATH={}:/usr/bin:/bin",
                              std::filesystem::absolute("tools").string())};
    const Words& shell = GetParam().call;
    call.insert(call.end(), shell.begin(), shell.end());
    return call;
  }

  // Types `lines` into such a shell; each must make it print its text. Where it
  // does not, the mark behind it ends the waiting.
  struct Line {
    std::string typed;
    std::string says;
  };
  void Type(const std::vector<Line>& lines) {
    Terminal terminal(Call());
    terminal.Type(GetParam().setup);
    terminal.Type("echo set'' up\n");
    ASSERT_TRUE(terminal.AwaitText("set up")) << terminal.printed();
    int count = 0;
    for (const Line& line : lines) {
      const std::string mark = fmt::format("line {}.", ++count);
      terminal.Type(fmt::format("{}\necho li''ne {}.\n", line.typed, count));
      ASSERT_TRUE(terminal.AwaitText(mark)) << terminal.printed();
      EXPECT_THAT(terminal.printed(), HasSubstr(line.says)) << line.typed;
    }
    terminal.Type("exit\n");
    terminal.Finish();
  }
};

TEST_P(Completion, OfVerbsAndOptionsAndTheirWordsMakesALineThatRuns) {
  Type({{"cauce topi\tcrea\torders --par\t3 --dir " + dir(),
         "created orders with 3 partitions"},
        {"cauce topic list --dir " + dir() + " --form\tjs\t",
         "\"name\":\"orders\""},
        {"cauce --vers\t", "cauce 0."}});
}

TEST_P(Completion, OfNamesLooksIntoTheDirectoryOnTheLine) {
  Do({"topic", "create", "orders"});
  Do({"topic", "create", "payments", "--partitions", "7"});
  Do({"produce", "orders"}, "two pears\n");
  Do({"consume", "orders", "--group", "bill ing"});
  Do({"consume", "orders", "--group", "audit"});
  Type({{"cauce topic describe --dir " + dir() + " paym\t",
         "partitions  7"},
        {"cauce consume --dir=" + dir() + " ord\t --format json",
         "\"value\":\"two pears\""},
        {"cauce group delete --yes --dir " + dir() + " bil\t",
         "deleted bill ing"},
        {"cauce consume --format json --dir " + dir() + " --from 0 --count 1 "
         "--to-end orders --isolation read-comm\t; echo re''ad",
         "read"}});
  EXPECT_THAT(LinesOf(Do({"completion", "groups"})), ElementsAre("audit"));
}

TEST_P(Completion, OfStoresKnowsThoseOfTheApplicationOnTheLine) {
  MakeStores(dir());
  Type({{"cauce store get --dir " + dir() + " coun\tpears", "seven"},
        {"cauce store get --dir " + dir() + " --application shop sto\tpears",
         "eleven"},
        {"cauce store scan --application=shop --dir=" + dir() +
             " sto\t--format json",
         "\"value\":\"eleven\""}});
}

TEST_P(Completion, OfADirectoryLooksAmongThem) {
  Do({"topic", "create", "orders"});
  Type({{"cauce completion topics --dir " + (scratch_ / "dat\t"), "orders"}});
}

TEST_P(Completion, OfNothingThatIsKnownLeavesTheLineAsItIs) {
  Type({{"cauce frobnicate \tx", "unknown verb frobnicate"},
        {"cauce topic list --dir /nonexistent/\t x; echo list''ed", "listed"},
        {"cauce topic describe --dir /nonexistent ord\t; echo descri''bed",
         "described"}});
}

INSTANTIATE_TEST_SUITE_P(
    Shells, Completion,
    ::testing::Values(
        Shell{.name = "Bash",
              .call = {"/bin/bash", "--noprofile", "--norc", "-i"},
              .setup = "source <(cauce completion bash)\n"},
        Shell{.name = "Zsh",
              .call = {"/usr/bin/zsh", "-f", "-i"},
              .setup = "autoload -U compinit; compinit -u -D; "
                       "source <(cauce completion zsh)\n"},
        Shell{.name = "Fish",
              .call = {"/usr/bin/fish", "--no-config", "-i"},
              .setup = "cauce completion fish | source\n"}),
    [](const auto& info) { return std::string(info.param.name); });

class CompletionNames : public test::CauceTest {};

TEST_F(CompletionNames, AreOnePerLineAndNoneThatAShellCannotTake) {
  Do({"topic", "create", "orders"});
  Do({"topic", "create", "a.b-c_d"});
  Do({"consume", "orders", "--group", "one\ntwo"});
  Do({"consume", "orders", "--group", "it's \"mine\""});
  EXPECT_THAT(LinesOf(Do({"completion", "topics"})),
              IsSupersetOf({"a.b-c_d", "orders"}));
  EXPECT_THAT(LinesOf(Do({"completion", "groups"})),
              ElementsAre("it's \"mine\""));
}

TEST_F(CompletionNames, OfStoresAreThoseOfOneApplication) {
  Do({"topic", "create", "a-changelog"});
  Do({"topic", "create", "shop-changelog", "--config", "cauce.store=window"});
  MakeStores(dir());
  EXPECT_THAT(LinesOf(Do({"completion", "stores"})),
              ElementsAre("counts", "shop", "shop-stock"));
  EXPECT_THAT(
      LinesOf(Do({"completion", "stores", "--application", "shop"})),
      ElementsAre("stock"));
  EXPECT_THAT(LinesOf(Do({"completion", "stores", "--application", "sho"})),
              IsEmpty());
}

TEST_F(CompletionNames, OfADirectoryThatIsNoneFail) {
  for (const std::string of : {"topics", "groups", "stores"}) {
    const Process::Result result = test::Run(
        Command({"completion", of, "--dir", scratch_ / "none"}));
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.out, IsEmpty());
  }
  Do({"topic", "create", "orders"});
}

// Where bash's completion finds it by its file's name, and in zsh's folder of
// functions.
TEST(CompletionScripts, HaveNoFaultThatAShellFinds) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Process::Result script =
        test::Run(Command({"completion", shell}));
    ASSERT_EQ(script.exit, 0) << script.err;
    const Process::Result check =
        test::Run({"/usr/bin/env", shell, "-n"}, script.out);
    EXPECT_EQ(check.exit, 0) << shell << ": " << check.err;
    EXPECT_EQ(check.err, "") << shell;
  }
}

}  // namespace
}  // namespace cauce
