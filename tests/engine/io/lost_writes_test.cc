#include "engine/io/lost_writes.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace cauce {
namespace {

constexpr int64_t kExt4 = 0xEF53;
constexpr int64_t kXfs = 0x58465342;
constexpr int64_t kBtrfs = 0x9123683E;
constexpr int64_t kFuse = 0x65735546;
constexpr int64_t kTmpfs = 0x01021994;
constexpr int64_t kOverlay = 0x794C7630;

TEST(LostWrites, AreToldOfSinceLinux517) {
  for (const char* release : {"5.17", "5.17.0-rc1", "5.19.0-76051900-generic",
                              "6.1.0-13-amd64", "6.18.44", "10.0"}) {
    EXPECT_TRUE(TellsOfLostWrites(release, kExt4)) << release;
  }
  for (const char* release :
       {"5.16.20", "5.14.0-362.el9.x86_64", "4.18.0", "4.4.0", "3.17"}) {
    EXPECT_FALSE(TellsOfLostWrites(release, kExt4)) << release;
  }
}

TEST(LostWrites, AreNotKnownToBeToldOfByWhatIsNoLinux) {
  for (const char* release :
       {"", "6", "6.", ".17", "six.one", "-6.1", "x6.1"}) {
    EXPECT_FALSE(TellsOfLostWrites(release, kExt4)) << release;
  }
}

TEST(LostWrites, AreToldOfByTheFileSystemsThatAreKnown) {
  for (const int64_t type : {kExt4, kXfs, kBtrfs}) {
    EXPECT_TRUE(TellsOfLostWrites("6.1", type)) << type;
  }
  for (const int64_t type : {kFuse, kTmpfs, kOverlay, int64_t{0}}) {
    EXPECT_FALSE(TellsOfLostWrites("6.1", type)) << type;
  }
}

}  // namespace
}  // namespace cauce
