// The tarball, as somebody has it who builds other programs with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/package/installed.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using test::Installed;
using test::Process;

// What the README's program prints at its first run, and at its second.
constexpr char kOrdersTwice[] = "0 2 apples\n1 1 pear\n2 2 apples\n3 1 pear\n";
// The same of that with the log alone.
constexpr char kLogOnce[] = "0 alice: 2 apples\n1 bob: 1 pear\n";

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Tarball : public ::testing::Test {
 protected:
  // What a script prints, which must end well.
  std::string Do(const std::string& script) const {
    const Process::Result result = installed_.Run(script);
    EXPECT_EQ(result.exit, 0) << script << '\n' << result.out << result.err;
    return result.out;
  }

  Installed installed_;
};

TEST_F(Tarball, HasOneFolderAndNothingOfTheMachineItWasMadeOn) {
  EXPECT_THAT(installed_.top(), HasSubstr("/cauce-"));
  for (const std::string& line :
       LinesOf(Do("tar --numeric-owner --full-time -tvzf "
                  "\"$S\"/tools/package/cauce-*.tar.gz"))) {
    EXPECT_THAT(line,
                AllOf(HasSubstr(" 0/0 "), HasSubstr(" 1970-01-01 00:00:00")));
  }
  // Nor a path of it.
  EXPECT_EQ(Do("grep -rl \"$S\" $T || true"), "");
}

TEST_F(Tarball, HoldsTheProgramItsManualAndCompletions) {
  EXPECT_THAT(Do("$T/bin/cauce --version"), StartsWith("cauce 0."));
  EXPECT_EQ(Do("$T/bin/cauce man topic | cmp - $T/share/man/man1/cauce-topic.1;"
               "$T/bin/cauce completion bash | cmp - "
               "$T/share/bash-completion/completions/cauce;"
               "$T/bin/cauce completion zsh | cmp - "
               "$T/share/zsh/site-functions/_cauce;"
               "$T/bin/cauce completion fish | cmp - "
               "$T/share/fish/vendor_completions.d/cauce.fish;"
               "ls $T/share/man/man1 | wc -l;"
               "head -n 2 $T/LICENSE | grep -o Apache; ls $T"),
            Do("$T/bin/cauce man --list | wc -l; echo Apache;"
               "printf 'LICENSE\\nbin\\ninclude\\nlib\\nshare\\n'"));
}

TEST_F(Tarball, BuildsAProgramWithPkgConfig) {
  Do("export PKG_CONFIG_PATH=$T/lib/pkgconfig;"
     "g++ -std=c++20 $S/tests/embed/orders.cc -o orders "
     "  $(pkg-config --cflags --libs cauce-cpp);"
     "g++ -std=c++20 $S/tests/embed/log.cc -o log "
     "  $(pkg-config --cflags --libs cauce-log)");
  EXPECT_EQ(Do("export LD_LIBRARY_PATH=$T/lib;"
               "./orders data; ./orders data"),
            kOrdersTwice);
  EXPECT_EQ(Do("./log data2"), kLogOnce);
  // A program in C is to have no library for C++ of its own.
  EXPECT_THAT(Do("PKG_CONFIG_PATH=$T/lib/pkgconfig pkg-config --libs cauce"),
              Not(HasSubstr("absl")));
  EXPECT_THAT(
      Do("PKG_CONFIG_PATH=$T/lib/pkgconfig pkg-config --modversion cauce; "
         "$T/bin/cauce --version"),
      AnyOf("0.1.0\ncauce 0.1.0\n", Not(StartsWith("0.1.0\n"))));
}

TEST_F(Tarball, BuildsAProgramInCWithPkgConfig) {
  Do("export PKG_CONFIG_PATH=$T/lib/pkgconfig;"
     "cc -std=c99 -pedantic $S/tests/embed/orders_c.c -o orders "
     "  $(pkg-config --cflags --libs cauce);"
     "cc -std=c99 -I$T/include $S/tests/embed/orders_c.c -o orders_static "
     "  $T/lib/libcauce.a "
     "  $(pkg-config --static --libs cauce | sed 's/-lcauce //')");
  EXPECT_EQ(Do("LD_LIBRARY_PATH=$T/lib ./orders data;"
               "./orders_static data"),
            kOrdersTwice);
  // It loads the library for itself, and nothing of what that is made of.
  EXPECT_EQ(Do("objdump -p orders | sed -n 's/^ *NEEDED *//p' | sort | xargs"),
            "libc.so.6 libcauce.so.0\n");
}

TEST_F(Tarball, BuildsAProgramInCWithCMake) {
  Do("cat >CMakeLists.txt <<'E'\n"
     "cmake_minimum_required(VERSION 3.25)\n"
     "project(outside LANGUAGES C)\n"
     "find_package(Cauce 0.1 REQUIRED)\n"
     "add_executable(orders orders_c.c)\n"
     "target_link_libraries(orders PRIVATE Cauce::c)\n"
     "E\n"
     "cp $S/tests/embed/orders_c.c .;"
     "cmake -S . -B build -DCMAKE_PREFIX_PATH=$T; cmake --build build");
  EXPECT_EQ(Do("build/orders data; build/orders data"), kOrdersTwice);
}

TEST_F(Tarball, BuildsProgramsWithCMake) {
  Do("cp $S/tests/package/cmake/CMakeLists.txt $S/tests/embed/{orders,log}.cc "
     "  .; cmake -S . -B build -DCMAKE_PREFIX_PATH=$T"
     "  -DCMAKE_BUILD_TYPE=Release; cmake --build build -j 2");
  // The one with the shared library finds it by what CMake wrote into it.
  EXPECT_EQ(Do("build/orders data; build/orders data"), kOrdersTwice);
  EXPECT_EQ(Do("build/orders_static data2; build/orders data2"), kOrdersTwice);
  EXPECT_EQ(Do("build/log data3"), kLogOnce);
  EXPECT_THAT(Do("objdump -p build/orders"), HasSubstr("libcauce.so.0"));
  EXPECT_THAT(Do("objdump -p build/orders_static"), Not(HasSubstr("libcauce")));
}

TEST_F(Tarball, OfAnotherVersionIsNotTakenByCMake) {
  for (const std::string wanted : {"0.2", "1.0", "0.0.9", "0.1.99"}) {
    const Process::Result result = installed_.Run(
        "printf 'cmake_minimum_required(VERSION 3.25)\\n"
        "project(outside LANGUAGES CXX)\\nfind_package(Cauce " + wanted +
        " REQUIRED)\\n' >CMakeLists.txt; rm -rf build;"
        "cmake -S . -B build -DCMAKE_PREFIX_PATH=$T");
    EXPECT_NE(result.exit, 0) << wanted;
    EXPECT_THAT(result.err, HasSubstr("CauceConfig.cmake, version: 0.1.0"))
        << wanted;
  }
  const Process::Result unknown = installed_.Run(
      "printf 'cmake_minimum_required(VERSION 3.25)\\n"
      "project(outside LANGUAGES CXX)\\n"
      "find_package(Cauce REQUIRED COMPONENTS broker)\\n' >CMakeLists.txt;"
      "rm -rf build; cmake -S . -B build -DCMAKE_PREFIX_PATH=$T");
  EXPECT_NE(unknown.exit, 0);
  EXPECT_THAT(unknown.err, HasSubstr("no component broker"));
}

// What the program uses is all of the public headers, more or less.
TEST_F(Tarball, ExportsWhatAProgramNeedsThatUsesAllOfIt) {
  Do("g++ -o cauce -Wl,--whole-archive $S/tests/package/libprogram.a"
     "  -Wl,--no-whole-archive $T/lib/libcauce.so.0 -Wl,-rpath,$T/lib"
     "  $(PKG_CONFIG_PATH=$T/lib/pkgconfig pkg-config --libs cauce-cpp) -lfmt");
  Do("./cauce topic create orders --dir data; "
     "echo two pears | ./cauce produce orders --dir data");
  EXPECT_EQ(Do("./cauce consume orders --dir data --group billing; "
               "./cauce log verify --dir data >/dev/null; ldd cauce | "
               "grep -o libcauce.so.0 | head -n 1"),
            "two pears\nlibcauce.so.0\n");
}

TEST_F(Tarball, ExportsNothingElse) {
  const std::vector<std::string> names = LinesOf(
      Do("nm -D --defined-only -C --with-symbol-versions $T/lib/libcauce.so.0 |"
         " cut -d' ' -f 3- | sed -E 's/^(typeinfo|typeinfo name|vtable) for //'"
      ));
  EXPECT_THAT(names, Each(AnyOf(StartsWith("cauce::"), StartsWith("cauce_"),
                                StartsWith("CAUCE_"))));
  EXPECT_THAT(names, IsSupersetOf({"CAUCE_0.1", "CAUCE_CXX_0.1.0"}));
  EXPECT_THAT(names, Each(AnyOf(StartsWith("CAUCE_"), EndsWith("@@CAUCE_0.1"),
                                EndsWith("@@CAUCE_CXX_0.1.0"))));
  for (const std::string& name : names) {
    EXPECT_THAT(name, Not(AnyOf(HasSubstr("cauce::cli"),
                                StartsWith("cauce::Log::"),
                                StartsWith("cauce::EngineCore::"),
                                StartsWith("cauce::GroupCoordinator::"))));
    EXPECT_EQ(name.starts_with("cauce_"), name.ends_with("@@CAUCE_0.1"))
        << name;
  }
  EXPECT_THAT(Do("objdump -p $T/lib/libcauce.so.0"),
              AllOf(HasSubstr("SONAME               libcauce.so.0\n"),
                    Not(HasSubstr("RPATH")), Not(HasSubstr("RUNPATH"))));
}

}  // namespace
}  // namespace cauce
