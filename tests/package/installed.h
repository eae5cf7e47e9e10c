// What a package holds, unpacked as somebody does who has nothing of the tree,
// and a shell to work with it. For one thread at a time.
#pragma once

#include <string>

#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce::test {

class Installed {
 public:
  // Unpacks the tarball that was built; CHECKs that there is one.
  Installed();

  // Its top, and a folder beside it for what is built with it.
  const std::string& top() const { return top_; }
  std::string work() const { return scratch_ / "work"; }

  // Runs a script of bash in work(), with T for top() and S for the folder of
  // the tree's sources; it ends at the first command that fails.
  Process::Result Run(const std::string& script) const;

 private:
  TempDir scratch_;
  std::string top_;
};

}  // namespace cauce::test
