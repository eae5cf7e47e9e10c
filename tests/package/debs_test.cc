// The Debian packages, as dpkg and lintian see them, and what they hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fmt/format.h"
#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using test::Process;

constexpr const char* kPackages[] = {"libcauce0", "libcauce-dev", "cauce"};

class Debs : public ::testing::Test {
 protected:
  // What a script of bash prints that works in a folder of its own, with P for
  // that in which the packages are and S for the tree. It must end well.
  std::string Do(const std::string& script) const {
    const std::string tree = std::filesystem::current_path().string();
    const Process::Result result = test::Run(
        {"/bin/bash", "-c",
         fmt::format("set -euo pipefail; export LC_ALL=C.UTF-8; cd '{}'; "
                     "S='{}' P='{}/tools/package'; {}",
                     scratch_.path(), tree, tree, script)});
    EXPECT_EQ(result.exit, 0) << script << '\n' << result.out << result.err;
    return result.out;
  }

  std::string FieldOf(const std::string& package, const std::string& field) {
    return Do(fmt::format("dpkg-deb -f $P/{}_*.deb {}", package, field));
  }

  const test::TempDir scratch_;
};

TEST_F(Debs, GiveLintianNothingToSay) {
  EXPECT_EQ(Do("lintian --allow-root --fail-on error,warning --pedantic "
               "$P/*.deb 2>&1"),
            "");
}

TEST_F(Debs, SayWhatTheyNeed) {
  const std::string dev = FieldOf("libcauce-dev", "Depends");
  const std::string version = FieldOf("libcauce0", "Version");
  EXPECT_THAT(dev, HasSubstr("libcauce0 (= " +
                             version.substr(0, version.size() - 1) + ")"));
  // Whatever is included or linked statically.
  for (const std::string each : {"libabsl-dev", "libfmt-dev", "liblz4-dev",
                                 "libsnappy-dev", "libzstd-dev", "zlib1g-dev"})
    EXPECT_THAT(dev, HasSubstr(each));
  // Whatever is linked, with the version that has what is called.
  for (const std::string package : {"libcauce0", "cauce"}) {
    EXPECT_THAT(FieldOf(package, "Depends"),
                AllOf(HasSubstr("libabsl20220623 (>= "),
                      HasSubstr("libc6 (>= 2."), HasSubstr("libfmt9 (>= "),
                      HasSubstr("libstdc++6 (>= "), HasSubstr("libzstd1 (>= "),
                      Not(HasSubstr("libcauce0"))));
  }
}

TEST_F(Debs, HoldWhatTheirSumsSayAndOwnIt) {
  for (const std::string package : kPackages) {
    Do(fmt::format("mkdir {0}; dpkg-deb -R $P/{0}_*.deb {0}; cd {0};"
                   "md5sum -c --quiet DEBIAN/md5sums; "
                   "[[ $(find . -type f -not -path './DEBIAN/*' | wc -l) == "
                   "   $(wc -l <DEBIAN/md5sums) ]]",
                   package));
    EXPECT_EQ(Do(fmt::format("dpkg-deb -c $P/{}_*.deb | cut -d' ' -f 2 | "
                             "sort -u",
                             package)),
              "root/root\n");
  }
  EXPECT_EQ(Do("cat libcauce0/DEBIAN/triggers"), "activate-noawait ldconfig\n");
  EXPECT_THAT(Do("cat libcauce0/DEBIAN/shlibs"),
              MatchesRegex("libcauce 0 libcauce0 \\(>= [0-9.]+\\)\n"));
  // The C++ names are those of one version alone, by the second line.
  EXPECT_THAT(Do("cat libcauce0/DEBIAN/symbols"),
              AllOf(HasSubstr("| libcauce0 (= "),
                    HasSubstr("cauce6Engine4Open"), HasSubstr(" 0.1.0 1\n")));
  EXPECT_EQ(Do("readlink libcauce-dev/usr/lib/*/libcauce.so; ls cauce/usr/bin"),
            "libcauce.so.0\ncauce\n");
}

TEST_F(Debs, AreTheSameWhoeverMakesThem) {
  Do("umask 077; export TZ=Asia/Tokyo LANG=de_DE.UTF-8; "
     "day=$(dpkg-deb --fsys-tarfile $P/cauce_*.deb | "
     "  TZ=UTC tar -tv --full-time -f - | awk '{print $4; exit}');"
     "$P/make_debs $(dpkg-deb -f $P/cauce_*.deb Version) $day "
     "  \"$(dpkg-deb -f $P/cauce_*.deb Maintainer)\" "
     "  $P/cauce-*.tar.gz libcauce0.deb libcauce-dev.deb cauce.deb");
  for (const std::string package : kPackages)
    Do(fmt::format("cmp {0}.deb $P/{0}_*.deb", package));
}

// As if they were installed: the files of all three in one root.
TEST_F(Debs, BuildProgramsWithPkgConfigAndCMake) {
  Do("mkdir root; for deb in $P/*.deb; do dpkg-deb -x $deb root; done");
  Do("cat >CMakeLists.txt <<'E'\n"
     "cmake_minimum_required(VERSION 3.25)\n"
     "project(outside LANGUAGES CXX)\n"
     "find_package(Cauce REQUIRED)\n"
     "add_executable(orders orders.cc)\n"
     "target_link_libraries(orders PRIVATE Cauce::cauce)\n"
     "E\n"
     "cp $S/tests/embed/orders.cc .;"
     "cmake -S . -B build -DCMAKE_PREFIX_PATH=$PWD/root/usr "
     "  -DCMAKE_LIBRARY_ARCHITECTURE=$(dpkg-architecture -q "
     "  DEB_HOST_MULTIARCH); cmake --build build");
  EXPECT_EQ(Do("build/orders data"), "0 2 apples\n1 1 pear\n");
  // What is where the compiler looks by itself is not said to it.
  EXPECT_EQ(Do("PKG_CONFIG_PATH=$(echo root/usr/lib/*/pkgconfig) "
               "pkg-config --cflags --libs cauce | xargs"),
            "-lcauce\n");
}

}  // namespace
}  // namespace cauce
