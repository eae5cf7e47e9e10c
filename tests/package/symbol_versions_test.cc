// What programs that were linked with another build of the shared library find
// in this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/package/installed.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using test::Installed;
using test::Process;

class SymbolVersions : public ::testing::Test {
 protected:
  // Links the program in C with a library that has nothing but the functions
  // which it calls, of this version, and has it load the real one, which must
  // have all of them before it starts.
  Process::Result RunLinkedWith(const std::string& version) const {
    return installed_.Run(
        "cc -I$T/include -c $S/tests/embed/orders_c.c;"
        "nm -u orders_c.o | awk '$2 ~ /^cauce_/ "
        "  { print \"void \" $2 \"(void) {}\" }' >stub.c;"
        "echo '" + version + " { global: cauce_*; local: *; };' >stub.map;"
        "cc -shared -fPIC stub.c -o libcauce.so.0 -Wl,-soname=libcauce.so.0"
        "  -Wl,--version-script=stub.map;"
        "cc orders_c.o -o orders libcauce.so.0;"
        "LD_BIND_NOW=1 LD_LIBRARY_PATH=$T/lib ./orders data");
  }

  Installed installed_;
};

TEST_F(SymbolVersions, ThatWereTheFirstAreFound) {
  const Process::Result result = RunLinkedWith("CAUCE_0.1");
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(result.out, "0 2 apples\n1 1 pear\n");
}

TEST_F(SymbolVersions, ThatAreNotThereAreNamed) {
  // As one of C++ is that was built with another version.
  const Process::Result result = RunLinkedWith("CAUCE_CXX_0.0.9");
  EXPECT_NE(result.exit, 0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("libcauce.so.0"),
                                HasSubstr("`CAUCE_CXX_0.0.9' not found")));
}

}  // namespace
}  // namespace cauce
