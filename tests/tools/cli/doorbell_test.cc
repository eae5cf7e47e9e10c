#include "tools/cli/doorbell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/time/time.h"

namespace cauce::cli {
namespace {

// Waits end by what they wait for; where that does not come, with the test.
constexpr absl::Duration kForEver = absl::InfiniteDuration();
constexpr absl::Duration kOneLook = absl::ZeroDuration();

TEST(Doorbell, IsRungOnceHoweverOftenItWas) {
  Doorbell bell;
  EXPECT_FALSE(bell.Wait({.timeout = kOneLook}).rung);
  bell.Ring();
  bell.Ring();
  EXPECT_TRUE(bell.Wait({.timeout = kForEver}).rung);
  EXPECT_FALSE(bell.Wait({.timeout = kOneLook}).rung);
}

TEST(Doorbell, WakesWhenThereIsSomethingToRead) {
  Doorbell bell;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(bell.Wait({.input = ends[0], .timeout = kOneLook}).readable);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  const auto woken = bell.Wait({.input = ends[0], .timeout = kForEver});
  EXPECT_TRUE(woken.readable);
  EXPECT_FALSE(woken.rung);
  EXPECT_FALSE(woken.reader_gone);
  close(ends[0]);
  close(ends[1]);
}

TEST(Doorbell, WakesWhenWhoReadsTheOutputGoes) {
  Doorbell bell;
  int pipe_ends[2];
  int socket_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends), 0);
  for (const auto& [reader, writer] :
       {std::pair(pipe_ends[0], pipe_ends[1]),
        std::pair(socket_ends[0], socket_ends[1])}) {
    EXPECT_FALSE(
        bell.Wait({.output = writer, .timeout = kOneLook}).reader_gone);
    // Also where it has left unread what was written.
    ASSERT_EQ(write(writer, "x", 1), 1);
    close(reader);
    EXPECT_TRUE(bell.Wait({.output = writer, .timeout = kForEver}).reader_gone);
    close(writer);
  }
}

// Else a follower whose output goes to a file would not wait at all.
TEST(Doorbell, SleepsWhereNobodyCanGo) {
  Doorbell bell;
  const int null = open("/dev/null", O_WRONLY);
  const int file = open("/proc/self/exe", O_RDONLY);
  ASSERT_GE(null, 0);
  ASSERT_GE(file, 0);
  for (const int output : {null, file, -1}) {
    EXPECT_FALSE(
        bell.Wait({.output = output, .timeout = kOneLook}).reader_gone);
  }
  close(null);
  close(file);
}

}  // namespace
}  // namespace cauce::cli
