// Holds the tree to the rules of the house that a program can check, so that
// nobody has to say them in review. Each rule is tried on planted violations
// first: a rule that cannot fail proves nothing. What a rule must put up with
// stands in Excuses(), with its reason.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/tidy/ban.h"
#include "tests/tidy/bans.h"
#include "tests/tidy/build_file.h"
#include "tests/tidy/build_rules.h"
#include "tests/tidy/fault_table.h"
#include "tests/tidy/form.h"
#include "tests/tidy/layers.h"
#include "tests/tidy/source.h"
#include "tests/tidy/tree.h"

namespace cauce::tidy {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Excuse {
  std::string rule;
  std::string path;
  std::string why;
};

std::vector<Excuse> Excuses() {
  return {
      {"file-headers", "engine/facade/directory_claim.cc",
       "takes getpid from <unistd.h>: the holder of a lock is told by it"},
      {"has-test", "engine/facade/engine_core.cc",
       "what it does is what Engine says, which engine_test shows"},
      {"has-test", "engine/io/memory_file_system.cc",
       "file_system_test holds it to the same contract as the disk"},
  };
}

std::vector<std::string> TextsOf(const std::vector<Token>& tokens) {
  std::vector<std::string> texts;
  for (const Token& token : tokens) texts.push_back(token.text);
  return texts;
}

std::vector<std::string> CodeOf(std::string text) {
  return TextsOf(Lex("engine/log/log.cc", std::move(text)).tokens);
}

const Ban& BanCalled(std::string_view rule) {
  return *std::ranges::find(Bans(), rule, &Ban::rule);
}

// What a ban finds in `code`, as if it stood in that file.
std::vector<Finding> Found(std::string_view rule, std::string code,
                           std::string path = "engine/log/log.cc") {
  return Check(BanCalled(rule), Lex(std::move(path), std::move(code)));
}

std::string Chapter() { return "# A chapter\n"; }

TEST(Source, KeepsCodeAndLeavesOutCommentsAndStrings) {
  EXPECT_THAT(CodeOf("a /* b */ c // d\n\"e\" 'f' g"),
              ElementsAre("a", "c", "\"", "\"", "'", "'", "g"));
  EXPECT_THAT(CodeOf("R\"(a \" // b)\" c"), ElementsAre("R", "\"", "\"", "c"));
  EXPECT_THAT(CodeOf("R\"x(a )\" b)x\" c"), ElementsAre("R", "\"", "\"", "c"));
  EXPECT_THAT(CodeOf(R"("a\"b" c '\'' d)"),
              ElementsAre("\"", "\"", "c", "'", "'", "d"));
}

TEST(Source, TellsADigitSeparatorFromACharacter) {
  EXPECT_THAT(CodeOf("10'000'000 'x' b"),
              ElementsAre("10", "'", "000", "'", "000", "'", "'", "b"));
}

TEST(Source, CountsLinesThroughEveryKindOfText) {
  const Source source = Lex("a.cc",
                            "/* one\n two */ a\n"
                            "R\"(three\nfour)\" \"\\\n\" b\n"
                            "// six\nc");
  ASSERT_THAT(source.tokens, SizeIs(8));
  EXPECT_EQ(source.tokens.front().line, 2);  // a
  EXPECT_EQ(source.tokens[6].line, 5);       // b
  EXPECT_EQ(source.tokens.back().line, 7);   // c
  ASSERT_THAT(source.comments, SizeIs(3));
  EXPECT_EQ(source.comments[1].line, 2);
  EXPECT_EQ(source.comments[2].line, 6);
}

TEST(Source, FindsIncludesAndNotThoseInComments) {
  const Source source = Lex("a.cc",
                            "#include \"cauce/types.h\"\n"
                            "// #include \"a.h\"\n"
                            "  #  include <vector>  // for\n"
                            "R\"(\n#include \"b.h\"\n)\"");
  ASSERT_THAT(source.includes, SizeIs(2));
  EXPECT_EQ(source.includes[0].path, "cauce/types.h");
  EXPECT_TRUE(source.includes[0].quoted);
  EXPECT_EQ(source.includes[1].path, "vector");
  EXPECT_FALSE(source.includes[1].quoted);
  EXPECT_EQ(source.includes[1].line, 3);
}

TEST(Source, SurvivesTextThatEndsInTheMiddle) {
  for (std::string_view text :
       {"\"a", "'a", "/* a", "R\"(a", "R\"a", "#include", "#include \"a", "#",
        "\"\\", "// a\\", "/*", "a ::"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Lex("a.cc", std::string(text)).text, text);
  }
}

TEST(BuildFile, ReadsRulesListsAndExpressions) {
  const BuildFile file = ParseBuildFile("engine/io/BUILD.bazel",
                                        R"(load("x", "cc_library")
# cc_library(name = "no")
cc_library(
    name = "file",
    srcs = ["file.cc"],  # the source
    hdrs = ["file.h"],
    deps = [":pool", "//engine:types"],
)

cc_test(name = "b", tags = ["long"], srcs = glob(["*.cc"]),
        deps = ["a"] + select({"c": ["d"]}))
)");
  EXPECT_EQ(file.package, "engine/io");
  ASSERT_THAT(file.rules, SizeIs(3));  // load is a call too
  const BuildRule& library = file.rules[1];
  EXPECT_EQ(library.kind, "cc_library");
  EXPECT_EQ(library.name, "file");
  EXPECT_EQ(library.line, 3);
  EXPECT_THAT(library.srcs, ElementsAre("file.cc"));
  EXPECT_THAT(library.hdrs, ElementsAre("file.h"));
  EXPECT_THAT(library.deps, ElementsAre(":pool", "//engine:types"));
  EXPECT_TRUE(library.plain_deps);
  EXPECT_THAT(file.rules[2].tags, ElementsAre("long"));
  EXPECT_FALSE(file.rules[2].plain_deps);
}

TEST(BuildFile, SurvivesTextThatEndsInTheMiddle) {
  for (std::string_view text : {"cc_library(", "cc_library(name", "a(b = [",
                                "a(b = \"", "a(]", ")", "a(b = \"\\"}) {
    SCOPED_TRACE(text);
    EXPECT_LE(ParseBuildFile("BUILD.bazel", text).rules.size(), 1u);
  }
}

TEST(BuildFile, ResolvesLabels) {
  EXPECT_EQ(AbsoluteLabel("engine/io", ":file"), "//engine/io:file");
  EXPECT_EQ(AbsoluteLabel("engine/io", "file.h"), "//engine/io:file.h");
  EXPECT_EQ(AbsoluteLabel("engine", "//engine/io"), "//engine/io:io");
  EXPECT_EQ(AbsoluteLabel("engine", "@system//:fmt"), "@system//:fmt");
  EXPECT_EQ(PathOfLabel("engine/io", "file.h"), "engine/io/file.h");
  EXPECT_EQ(PathOfLabel("engine", "//engine/base:a.cc"), "engine/base/a.cc");
  EXPECT_EQ(PathOfLabel("", "README.md"), "README.md");
}

class EveryBan : public ::testing::TestWithParam<Ban> {};

INSTANTIATE_TEST_SUITE_P(All, EveryBan, ::testing::ValuesIn(Bans()),
                         [](const auto& ban) {
                           std::string name(ban.param.rule);
                           std::erase(name, '-');
                           return name;
                         });

// A statement that does what `pattern` forbids.
std::string Violation(std::string_view pattern) {
  if (pattern.ends_with("/>"))
    return fmt::format("#include {}db.h>\n",
                       pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with("<")) return fmt::format("#include {}\n", pattern);
  if (pattern.starts_with("*::")) pattern.remove_prefix(3);
  if (pattern.starts_with("*")) pattern.remove_prefix(1);
  return std::string(pattern);
}

TEST_P(EveryBan, IsBrokenByEachOfItsPatternsInEachOfItsFolders) {
  const Ban& ban = GetParam();
  for (std::string_view folder : ban.folders) {
    for (std::string_view pattern : ban.patterns) {
      SCOPED_TRACE(fmt::format("{} in {}", pattern, folder));
      const std::string scope = pattern.starts_with("*::") ? "std::x::" : "";
      const std::string code = scope + Violation(pattern);
      const std::string path = fmt::format("{}/room/a.h", folder);
      EXPECT_THAT(Check(ban, Lex(path, code)),
                  ElementsAre(AllOf(Field(&Finding::rule, ban.rule),
                                    Field(&Finding::line, 1))));
    }
  }
}

TEST_P(EveryBan, IsNotBrokenByWordsInCommentsAndStrings) {
  const Ban& ban = GetParam();
  for (std::string_view pattern : ban.patterns) {
    const std::string code = Violation(pattern);
    const std::string path = fmt::format("{}/room/a.h", ban.folders.front());
    EXPECT_THAT(Check(ban, Lex(path, "// " + code)), IsEmpty()) << pattern;
    EXPECT_THAT(Check(ban, Lex(path, "R\"(" + code + ")\"")), IsEmpty())
        << pattern;
  }
}

TEST_P(EveryBan, LetsItsOneFileDoIt) {
  const Ban& ban = GetParam();
  for (std::string_view path : ban.except) {
    for (std::string_view pattern : ban.patterns) {
      EXPECT_THAT(Check(ban, Lex(std::string(path), Violation(pattern))),
                  IsEmpty());
    }
  }
}

TEST(Bans, FindCallsHoweverTheyAreWritten) {
  EXPECT_THAT(Found("files", "return ::open(path, 0);"), SizeIs(1));
  EXPECT_THAT(Found("files", "x = fsync(fd);"), SizeIs(1));
  EXPECT_THAT(Found("files", "if (::fsync(fd) < 0)"), SizeIs(1));
  EXPECT_THAT(Found("files", "FILE* f = std::fopen(p, m);"), SizeIs(1));
  EXPECT_THAT(Found("files", "if (std::rename(a, b) != 0)"), SizeIs(1));
  EXPECT_THAT(Found("files", "if (rename(a, b) != 0)"), SizeIs(1));
  EXPECT_THAT(Found("files", "return truncate(path, 0);"), SizeIs(1));
  EXPECT_THAT(Found("files", "(void)ftruncate(fd, 0);"), SizeIs(1));
  EXPECT_THAT(Found("files", "std::fstream f(p); ::std::ofstream g(p);"),
              SizeIs(2));
  EXPECT_THAT(Found("file-headers", "#include <unistd.h>\n"), SizeIs(1));
  EXPECT_THAT(Found("file-headers", "#include <sys/statfs.h>\n"), SizeIs(1));
  EXPECT_THAT(Found("file-headers", "#include <sys/types.h>\n"), IsEmpty());
  EXPECT_THAT(Found("files", "auto s = std::filesystem::file_size(p);"),
              SizeIs(1));
  EXPECT_THAT(Found("files", "namespace fs = std::filesystem;"), SizeIs(1));
  EXPECT_THAT(Found("clock", "std::chrono::steady_clock::now()"), SizeIs(1));
  EXPECT_THAT(Found("clock", "std::time(nullptr)"), SizeIs(1));
  EXPECT_THAT(Found("threads", "std::vector<std::thread> pool;"), SizeIs(1));
  EXPECT_THAT(Found("threads", "auto f = std::async(g);"), SizeIs(1));
  EXPECT_THAT(Found("locks", "std::timed_mutex a; std::shared_mutex b;"),
              SizeIs(2));
  EXPECT_THAT(Found("locks", "std::shared_lock lock(mutex_);"), SizeIs(1));
  EXPECT_THAT(Found("locks", "std::condition_variable_any changed_;"),
              SizeIs(1));
  EXPECT_THAT(Found("locks", "std::counting_semaphore<4> free_;"), SizeIs(1));
  EXPECT_THAT(Found("locks", "std::latch a(1); std::barrier b(2);"), SizeIs(2));
  EXPECT_THAT(Found("sleep", "std::this_thread::sleep_for(a);"), SizeIs(1));
  EXPECT_THAT(Found("quiet", "std::printf(\"x\");"), SizeIs(1));
  EXPECT_THAT(Found("rocksdb", "#include \"rocksdb/db.h\"\n"), SizeIs(1));
}

TEST(Bans, LeaveMethodsAndOtherScopesAlone) {
  EXPECT_THAT(Found("files", "file->fsync(); file.unlink(); Disk::mmap(a);"),
              IsEmpty());
  EXPECT_THAT(Found("files", "status.Update(file.open(a)); Disk::open(a);"),
              IsEmpty());
  EXPECT_THAT(Found("files", "files->rename(a, b); std::string rename(a);"),
              IsEmpty());
  EXPECT_THAT(Found("files", "int fsync(int fd) override;"), IsEmpty());
  EXPECT_THAT(Found("files", "Sink<int>::open(a);"), IsEmpty());
  EXPECT_THAT(Found("clock", "clock->Now(); absl::Time time() const;"),
              IsEmpty());
  EXPECT_THAT(Found("threads", "std::thread::hardware_concurrency()"),
              IsEmpty());
  EXPECT_THAT(Found("threads", "std::this_thread::get_id()"), IsEmpty());
  EXPECT_THAT(Found("quiet", "std::snprintf(a, 1, b); sink.puts(a);"),
              IsEmpty());
}

TEST(Bans, EndWhereTheirFoldersEnd) {
  EXPECT_THAT(Found("files", "fsync(fd);", "tools/cli/a.cc"), IsEmpty());
  EXPECT_THAT(Found("named-files", "write(1, a, 1);", "tools/cli/a.cc"),
              IsEmpty());
  EXPECT_THAT(Found("named-files", "rename(a, b);", "tools/cli/a.cc"),
              SizeIs(1));
  EXPECT_THAT(Found("threads", "std::thread t;", "tests/a.cc"), IsEmpty());
  EXPECT_THAT(Found("quiet", "std::cout << 1;", "tools/cli/a.cc"), IsEmpty());
  EXPECT_THAT(Found("std-types", "absl::string_view a;"), IsEmpty());
  EXPECT_THAT(Found("files", "fsync(fd);", "engineering/a.cc"), IsEmpty());
}

TEST(Layers, NameTheRoomOfEachFile) {
  EXPECT_EQ(RoomOf("engine/log/log.cc"), "engine/log");
  EXPECT_EQ(RoomOf("engine/include/cauce/types.h"), "vocabulary");
  EXPECT_EQ(RoomOf("engine/include/cauce/engine.h"), "facade");
  EXPECT_EQ(RoomOf("engine/log/a/b.h"), "engine/log");
  EXPECT_EQ(RoomOf("tools/cli/main.cc"), "tools");
  EXPECT_EQ(RoomOf("tests/engine/log/log_test.cc"), "tests/engine");
  EXPECT_EQ(RoomOf("tests/crash/a.cc"), "tests");
}

TEST(Layers, ReportAnIncludeThatPointsUp) {
  const auto findings_of = [](std::string path, std::string include) {
    return CheckDirections(
        MakeTree({{path, fmt::format("#include \"{}\"\n", include)}}));
  };
  EXPECT_THAT(findings_of("engine/base/a.h", "engine/log/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("engine/catalog/a.h", "engine/log/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("engine/log/a.h", "cauce/engine.h"), SizeIs(1));
  EXPECT_THAT(findings_of("engine/log/a.h", "engine/coord/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("engine/coord/a.h", "engine/client/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("engine/client/a.h", "tools/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("tools/cli/a.h", "tests/testing/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("tools/cli/a.h", "bench/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("tests/engine/a.cc", "tools/b.h"), SizeIs(1));
  EXPECT_THAT(findings_of("tests/testing/a.h", "tools/b.h"), SizeIs(1));

  EXPECT_THAT(findings_of("engine/log/a.h", "engine/base/b.h"), IsEmpty());
  EXPECT_THAT(findings_of("engine/log/a.h", "engine/log/b.h"), IsEmpty());
  EXPECT_THAT(findings_of("engine/base/a.h", "cauce/types.h"), IsEmpty());
  EXPECT_THAT(findings_of("engine/client/a.h", "cauce/engine.h"), IsEmpty());
  EXPECT_THAT(findings_of("tests/crash/a.cc", "tools/b.h"), IsEmpty());
  EXPECT_THAT(findings_of("tests/engine/a.cc", "engine/log/b.h"), IsEmpty());
  EXPECT_THAT(findings_of("engine/log/a.h", "absl/time/time.h"), IsEmpty());
}

TEST(Layers, ReportARoomWithoutAPlace) {
  EXPECT_THAT(CheckDirections(MakeTree({{"engine/attic/a.h", ""}})),
              ElementsAre(Field(&Finding::what, HasSubstr("engine/attic"))));
}

TEST(Layers, ReportACircleOfRoomsOnce) {
  std::map<std::string, std::string> files = {
      {"engine/catalog/a.h", "#include \"engine/io/b.h\"\n"},
      {"engine/io/b.h", "#include \"engine/record/c.h\"\n"},
      {"engine/record/c.h", "#include \"engine/catalog/a.h\"\n"}};
  EXPECT_THAT(CheckCycles(MakeTree(files)),
              ElementsAre(Field(&Finding::what,
                                HasSubstr("engine/catalog -> engine/io -> "
                                          "engine/record -> engine/catalog"))));

  files["engine/record/c.h"] = "#include \"engine/base/d.h\"\n";
  EXPECT_THAT(CheckCycles(MakeTree(files)), IsEmpty());
}

TEST(Layers, KeepTheDoorstepInstallable) {
  const auto findings_of = [](std::string include) {
    return CheckDoorstep(MakeTree({{"engine/include/cauce/a.h", include}}));
  };
  EXPECT_THAT(findings_of("#include \"engine/base/bytes.h\"\n"), SizeIs(1));
  EXPECT_THAT(findings_of("#include \"fmt/format.h\"\n"), SizeIs(1));
  EXPECT_THAT(findings_of("#include \"cauce/types.h\"\n"), IsEmpty());
  EXPECT_THAT(findings_of("#include \"absl/time/time.h\"\n"), IsEmpty());
  EXPECT_THAT(findings_of("#include <vector>\n"), IsEmpty());
}

// A room in order: a library with its test, both in their build files.
std::map<std::string, std::string> GoodRoom() {
  return {{"engine/log/BUILD.bazel",
           "cc_library(name = \"log\", srcs = [\"log.cc\"],\n"
           "           hdrs = [\"log.h\"], deps = [\"//engine/io:file\"])\n"},
          {"engine/log/log.h", ""},
          {"engine/log/log.cc",
           "#include \"engine/log/log.h\"\n#include \"engine/io/file.h\"\n"},
          {"engine/io/BUILD.bazel",
           "cc_library(name = \"file\", hdrs = [\"file.h\"])\n"},
          {"engine/io/file.h", ""},
          {"tests/engine/log/BUILD.bazel",
           "cc_test(name = \"log_test\", srcs = [\"log_test.cc\"],\n"
           "        deps = [\"//engine/log\"])\n"},
          {"tests/engine/log/log_test.cc", "#include \"engine/log/log.h\"\n"}};
}

TEST(BuildRules, FindNothingInARoomThatIsInOrder) {
  const Tree tree = MakeTree(GoodRoom());
  EXPECT_THAT(CheckEverythingIsBuilt(tree), IsEmpty());
  EXPECT_THAT(CheckDepsAreComplete(tree), IsEmpty());
  EXPECT_THAT(CheckDepsAreSorted(tree), IsEmpty());
  EXPECT_THAT(CheckSlowTestsAreManual(tree), IsEmpty());
  EXPECT_THAT(CheckEverySourceHasItsTest(tree), IsEmpty());
}

TEST(BuildRules, ReportASourceThatNoTargetNames) {
  auto files = GoodRoom();
  files["engine/log/cursor.h"] = "";
  EXPECT_THAT(CheckEverythingIsBuilt(MakeTree(files)),
              ElementsAre(Field(&Finding::path, "engine/log/cursor.h")));
}

TEST(BuildRules, TakeASourceNamedByAnotherPackage) {
  auto files = GoodRoom();
  files["engine/log/cursor.cc"] = "";
  files["engine/BUILD.bazel"] =
      "cc_library(name = \"c\", srcs = [\"//engine/log:cursor.cc\"])\n";
  EXPECT_THAT(CheckEverythingIsBuilt(MakeTree(files)), IsEmpty());
}

TEST(BuildRules, ReportAnIncludeWithoutItsDep) {
  auto files = GoodRoom();
  files["engine/log/BUILD.bazel"] =
      "cc_library(name = \"log\", srcs = [\"log.cc\"], hdrs = [\"log.h\"])\n";
  EXPECT_THAT(
      CheckDepsAreComplete(MakeTree(files)),
      ElementsAre(Field(&Finding::what, HasSubstr("lacks //engine/io:file"))));
}

TEST(BuildRules, ReportDepsOutOfOrder) {
  const auto findings_of = [](std::string deps) {
    return CheckDepsAreSorted(MakeTree(
        {{"a/BUILD.bazel",
          fmt::format("cc_library(name = \"a\", deps = [{}])", deps)}}));
  };
  EXPECT_THAT(findings_of("\"//b\", \":a\""), SizeIs(1));
  EXPECT_THAT(findings_of("\"@c//:d\", \"//b\""), SizeIs(1));
  EXPECT_THAT(findings_of("\"//b/c:a\", \"//b:z\""), SizeIs(1));
  EXPECT_THAT(findings_of("\":a\", \"//b:z\", \"//b/c:a\", \"@c//:d\""),
              IsEmpty());
}

TEST(BuildRules, ReportSlownessThatIsNotAskedFor) {
  const auto findings_of = [](std::string tags) {
    return CheckSlowTestsAreManual(
        MakeTree({{"a/BUILD.bazel",
                   fmt::format("cc_test(name = \"a\", tags = [{}])", tags)}}));
  };
  EXPECT_THAT(findings_of("\"long\""), SizeIs(1));
  EXPECT_THAT(findings_of("\"interop\""), SizeIs(1));
  EXPECT_THAT(findings_of("\"interop\", \"manual\""), IsEmpty());
  EXPECT_THAT(findings_of("\"threads\""), IsEmpty());
}

TEST(BuildRules, ReportASourceThatNothingTries) {
  auto files = GoodRoom();
  files.erase("tests/engine/log/log_test.cc");
  EXPECT_THAT(CheckEverySourceHasItsTest(MakeTree(files)),
              ElementsAre(Field(&Finding::path, "engine/log/log.cc")));
}

TEST(Form, WantsACommentAndAGuardOnTopOfAHeader) {
  const auto findings_of = [](std::string text, std::string path = "a.h") {
    return CheckHeaderForm(Lex(std::move(path), std::move(text)));
  };
  EXPECT_THAT(findings_of("#pragma once\n"), SizeIs(1));
  EXPECT_THAT(findings_of("// One line.\n#pragma once\n"), SizeIs(1));
  EXPECT_THAT(findings_of("// Two\n// lines.\n#ifndef A\n"), SizeIs(1));
  EXPECT_THAT(findings_of("// Two\n// lines."), SizeIs(1));
  std::string essay;
  for (int i = 0; i < 21; ++i) essay += "// More.\n";
  EXPECT_THAT(findings_of(essay + "#pragma once\n"), SizeIs(1));
  EXPECT_THAT(findings_of("// Two\n// lines.\n#pragma once\n"), IsEmpty());
  EXPECT_THAT(findings_of("int a;\n", "a.cc"), IsEmpty());
}

TEST(Form, CountsColumnsAsAReaderDoes) {
  const auto findings_of = [](std::string line) {
    return CheckLineLength(Lex("a.cc", "\n" + line + "\n"));
  };
  EXPECT_THAT(findings_of(std::string(81, 'a')),
              ElementsAre(Field(&Finding::line, 2)));
  EXPECT_THAT(findings_of(std::string(80, 'a')), IsEmpty());
  std::string accents = "// ";
  for (int i = 0; i < 77; ++i) accents += "\u00e9";
  EXPECT_THAT(findings_of(accents), IsEmpty());
  EXPECT_THAT(findings_of("// https://" + std::string(80, 'a')), IsEmpty());
}

TEST(Form, WantsAnIssueBehindATodo) {
  const auto findings_of = [](std::string text) {
    return CheckTodos(Lex("a.cc", std::move(text)));
  };
  EXPECT_THAT(findings_of("// TODO: later"), SizeIs(1));
  EXPECT_THAT(findings_of("// TODO(jane): later"), SizeIs(1));
  EXPECT_THAT(findings_of("/* a\n   FIXME */"),
              ElementsAre(Field(&Finding::line, 2)));
  EXPECT_THAT(findings_of("// TODO(#12): later"), IsEmpty());
  EXPECT_THAT(findings_of("// TODO(https://a/b): later"), IsEmpty());
  EXPECT_THAT(findings_of("// the file is called fileXXXXXX"), IsEmpty());
}

TEST(Form, WantsAFactAsAName) {
  const auto findings_of = [](std::string text) {
    return CheckTestNames(Lex("a_test.cc", std::move(text)));
  };
  EXPECT_THAT(findings_of("TEST(Log, TestAppend) {}"), SizeIs(1));
  EXPECT_THAT(findings_of("TEST_F(Log, AppendTest) {}"), SizeIs(1));
  EXPECT_THAT(findings_of("TEST_P(Log, AppendTest2) {}"), SizeIs(1));
  EXPECT_THAT(findings_of("TEST(Log, LatestRecordWins) {}"), IsEmpty());
  EXPECT_THAT(findings_of("TEST(Log, Appends) {}"), IsEmpty());
}

TEST(Form, WantsNounsThatSaySomething) {
  const auto findings_of = [](std::string path, std::string text) {
    return CheckNouns(Lex(std::move(path), std::move(text)));
  };
  EXPECT_THAT(findings_of("engine/base/string_util.h", ""), SizeIs(1));
  EXPECT_THAT(findings_of("engine/base/helpers.cc", ""), SizeIs(1));
  EXPECT_THAT(findings_of("engine/base/a.cc", "class GroupManager {"),
              SizeIs(1));
  EXPECT_THAT(findings_of("engine/base/utility_pole.h", "class Group {"),
              IsEmpty());
}

TEST(Form, KeepsTheRootSmall) {
  EXPECT_THAT(CheckTop(MakeTree({{"notes.txt", ""}, {"docs/a.md", ""}})),
              SizeIs(2));
  EXPECT_THAT(CheckTop(MakeTree({{"README.md", ""}, {"engine/a.h", ""}})),
              IsEmpty());
}

TEST(Form, WantsAChapterInEveryRoom) {
  EXPECT_THAT(CheckChapters(MakeTree({{"engine/log/log.h", ""}})), SizeIs(2));
  EXPECT_THAT(CheckChapters(MakeTree({{"engine/log/log.h", ""},
                                      {"engine/include/cauce/a.h", ""},
                                      {"engine/log/README.md", Chapter()},
                                      {"engine/README.md", Chapter()},
                                      {".ci/run", ""},
                                      {"WORKSPACE", ""}})),
              IsEmpty());
}

TEST(Form, WantsLinksThatLeadSomewhere) {
  const auto findings_of = [](std::string link) {
    return CheckLinks(
        MakeTree({{"engine/README.md", fmt::format("\n[a]({})\n", link)},
                  {"engine/log/log.h", ""}}));
  };
  EXPECT_THAT(findings_of("gone"), ElementsAre(Field(&Finding::line, 2)));
  EXPECT_THAT(findings_of("../gone/"), SizeIs(1));
  EXPECT_THAT(findings_of("log"), IsEmpty());
  EXPECT_THAT(findings_of("../engine/log/log.h"), IsEmpty());
  EXPECT_THAT(findings_of("README.md#map"), IsEmpty());
  EXPECT_THAT(findings_of("https://example.org"), IsEmpty());
}

TEST(FaultTable, NamesOnlyTestsThatAreThere) {
  const auto findings_of = [](std::string text) {
    return CheckNamedTests(
        MakeTree({{"tests/README.md", fmt::format("\n{}\n", text)},
                  {"tests/io/a_test.cc",
                   "TEST(Lock, Holds) {}\nTEST_P(\n    Disk, Spins) {}\n"
                   "// TEST(Lock, IsCommentedOut) {}\n"}}));
  };
  EXPECT_THAT(findings_of("`io/a_test.cc:Lock.Holds` and `Lock.Gone`"),
              IsEmpty());
  EXPECT_THAT(findings_of("`io/a_test.cc:Disk.Spins`"), IsEmpty());
  EXPECT_THAT(findings_of("`io/a_test.cc:Lock.Gone`"),
              ElementsAre(Field(&Finding::line, 2)));
  EXPECT_THAT(findings_of("`io/a_test.cc:Lock.IsCommentedOut`"), SizeIs(1));
  EXPECT_THAT(findings_of("`io/b_test.cc:Lock.Holds`"), SizeIs(1));
  EXPECT_THAT(findings_of("`io/a_test.cc:Lock.Holds`, `io/a_test.cc:A.B`"),
              SizeIs(1));
}

TEST(FaultTable, HasEachFaultOnceAndWhatShowsIt) {
  const auto findings_of = [](const std::vector<int>& faults,
                              std::string_view test) {
    std::string text = "| # | fault |\n|---|---|\n";
    for (const int fault : faults) {
      text += fmt::format("| {} | a fault | {} |\n", fault, test);
    }
    return CheckFaultTable(MakeTree({{"tests/README.md", text}}));
  };
  std::vector<int> all;
  for (int i = 1; i <= 31; ++i) all.push_back(i);
  all.insert(all.end(), {43, 44, 45, 46, 47, 48, 62, 63, 65, 66});
  EXPECT_THAT(findings_of(all, "`a_test.cc:A.B`"), IsEmpty());
  EXPECT_THAT(findings_of(all, "`A.B`"), SizeIs(41));
  EXPECT_THAT(findings_of({}, ""), SizeIs(1));
  std::vector<int> twice = all;
  twice.insert(twice.begin(), 1);
  EXPECT_THAT(findings_of(twice, "`a_test.cc:A.B`"), SizeIs(1));
  all.pop_back();
  EXPECT_THAT(findings_of(all, "`a_test.cc:A.B`"), SizeIs(1));
}

// What all rules find in the tree, before any excuse.
std::vector<Finding> AllFindings(const Tree& tree) {
  std::vector<Finding> all;
  const auto add = [&all](std::vector<Finding> some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  for (const auto check :
       {CheckDirections, CheckCycles, CheckDoorstep, CheckEverythingIsBuilt,
        CheckDepsAreComplete, CheckDepsAreSorted, CheckSlowTestsAreManual,
        CheckEverySourceHasItsTest, CheckTop, CheckChapters, CheckLinks,
        CheckNamedTests, CheckFaultTable}) {
    add(check(tree));
  }
  for (const Source& source : tree.sources) {
    for (const auto check : {CheckHeaderForm, CheckLineLength, CheckTodos,
                             CheckTestNames, CheckNouns}) {
      add(check(source));
    }
    for (const Ban& ban : Bans()) add(Check(ban, source));
  }
  return all;
}

class House : public ::testing::Test {
 protected:
  // Bazel links a test's data to the file itself, so this is the real root.
  House()
      : tree_(LoadTree(
            std::filesystem::canonical("WORKSPACE").parent_path().string())),
        findings_(AllFindings(tree_)) {}

  Tree tree_;
  std::vector<Finding> findings_;
};

TEST_F(House, IsSeenWhole) {
  EXPECT_THAT(tree_.files, Contains("tests/tidy_test.cc"));
  EXPECT_THAT(tree_.files, Contains("engine/include/cauce/types.h"));
  EXPECT_THAT(tree_.builds, Contains(Field(&BuildFile::package, "engine")));
  EXPECT_THAT(tree_.files, Each(Not(HasSubstr("bazel-out/"))));
}

TEST_F(House, KeepsItsRules) {
  const std::vector<Excuse> excuses = Excuses();
  std::vector<std::string> broken;
  for (const Finding& finding : findings_) {
    const bool excused =
        std::ranges::any_of(excuses, [&finding](const Excuse& excuse) {
          return excuse.rule == finding.rule && excuse.path == finding.path;
        });
    if (!excused) broken.push_back(Describe(finding));
  }
  EXPECT_TRUE(broken.empty()) << fmt::format("\n{}\n", fmt::join(broken, "\n"));
}

TEST_F(House, NeedsEveryExcuseItHas) {
  for (const Excuse& excuse : Excuses()) {
    EXPECT_THAT(findings_, Contains(AllOf(Field(&Finding::rule, excuse.rule),
                                          Field(&Finding::path, excuse.path))))
        << excuse.why;
  }
}

}  // namespace
}  // namespace cauce::tidy
