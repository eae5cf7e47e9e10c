#include "tools/cli/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/testing/matchers.h"

namespace cauce::cli {
namespace {

// More than a pipe holds.
const std::string kMuch(4 << 20, 'x');

// What comes through `fd` until its end.
std::string ReadAll(int fd) {
  std::string all;
  char piece[64 << 10];
  for (ssize_t got = 0; (got = read(fd, piece, sizeof piece)) > 0;) {
    all.append(piece, static_cast<size_t>(got));
  }
  return all;
}

// A program that shares the pipe may have made it so.
TEST(Output, WaitsForItsReaderAlsoWhereItsDescriptorDoesNot) {
  for (const int flags : {0, O_NONBLOCK}) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, flags), 0);
    ASSERT_EQ(fcntl(ends[0], F_SETFL, 0), 0);
    std::string read;
    std::thread reader([&] { read = ReadAll(ends[0]); });
    {
      Output output(ends[1]);
      output.Write(kMuch);
      output.Flush();
      EXPECT_THAT(output.status(), test::IsOk());
      EXPECT_FALSE(output.gone());
    }
    close(ends[1]);
    reader.join();
    EXPECT_TRUE(read == kMuch);
    close(ends[0]);
  }
}

TEST(Output, IsGoneWithItsReaderAndSaysNothing) {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  Output output(ends[1]);
  output.Write("x");
  EXPECT_FALSE(output.gone());
  output.Flush();
  EXPECT_TRUE(output.gone());
  EXPECT_THAT(output.status(), test::IsOk());
  close(ends[1]);
}

TEST(Output, TellsWhatFailed) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  Output output(full);
  output.Write("x");
  output.Flush();
  EXPECT_TRUE(output.gone());
  EXPECT_THAT(
      output.status(),
      test::StatusIs(absl::StatusCode::kUnavailable,
                     ::testing::HasSubstr("standard output: No space")));
  close(full);
}

}  // namespace
}  // namespace cauce::cli
