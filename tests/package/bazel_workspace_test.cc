// A workspace of Bazel that is somebody else's, beside a checkout of this tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fmt/format.h"
#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::Process;

TEST(BazelWorkspace, BuildsAProgramWithTheTreeBesideIt) {
  // The checkout itself, whatever folder this runs in.
  const std::string tree =
      std::filesystem::canonical("WORKSPACE").parent_path().string();
  const test::TempDir scratch;
  const Process::Result built = test::Run(
      {"/bin/bash", "-c",
       fmt::format(
           "set -euo pipefail; S=$PWD; mkdir '{0}/work'; cd '{0}/work'; "
           "sed 's,@TREE@,{1},' $S/tests/package/bazel/WORKSPACE.outside "
           "  >WORKSPACE; cp $S/tests/package/bazel/BUILD.outside BUILD; "
           "cp $S/tests/embed/log.cc .; export HOME='{0}'; "
           "bazel --batch --output_user_root='{0}/bazel' build "
           "  --nosandbox_debug --spawn_strategy=local --cxxopt=-std=c++20 "
           "  //:log",
           scratch.path(), tree)});
  ASSERT_EQ(built.exit, 0) << built.err;
  EXPECT_EQ(test::Run({scratch / "work/bazel-bin/log", scratch / "data"}).out,
            "0 alice: 2 apples\n1 bob: 1 pear\n");
}

}  // namespace
}  // namespace cauce
