#include "engine/io/whole_transfer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cauce {
namespace {

// A file that answers each call as a script says: with so many bytes at most,
// or, where that is negative, with an errno. Behind its script it does all.
class ScriptedFile {
 public:
  explicit ScriptedFile(std::vector<int> script, std::string bytes = "")
      : script_(std::move(script)), bytes_(std::move(bytes)) {}

  Transfer Read(int64_t position, std::span<char> into) {
    return ReadWhole(
        [this](std::span<char> rest, int64_t at) -> ssize_t {
          const int answer = Answer();
          if (answer < 0) return Fail(-answer);
          const auto from = std::min(static_cast<size_t>(at), bytes_.size());
          const size_t count = std::min(
              {rest.size(), bytes_.size() - from, static_cast<size_t>(answer)});
          std::copy_n(bytes_.data() + from, count, rest.data());
          return static_cast<ssize_t>(count);
        },
        position, into);
  }

  Transfer Write(int64_t position, std::span<const std::string_view> parts) {
    return WriteWhole(
        [this](std::span<const std::string_view> from, int64_t at) -> ssize_t {
          EXPECT_LE(from.size(), kPartsMax);
          EXPECT_FALSE(from.front().empty());
          const int answer = Answer();
          if (answer < 0) return Fail(-answer);
          std::string all;
          for (const std::string_view part : from) all += part;
          all.resize(std::min(all.size(), static_cast<size_t>(answer)));
          bytes_.resize(std::max(bytes_.size(), at + all.size()));
          std::copy(all.begin(), all.end(), bytes_.begin() + at);
          return static_cast<ssize_t>(all.size());
        },
        position, parts);
  }

  const std::string& bytes() const { return bytes_; }
  size_t calls() const { return calls_; }

 private:
  int Answer() {
    const size_t call = calls_++;
    return call < script_.size() ? script_[call] : INT_MAX;
  }
  static ssize_t Fail(int error) {
    errno = error;
    return -1;
  }

  const std::vector<int> script_;
  std::string bytes_;
  size_t calls_ = 0;
};

constexpr std::string_view kParts[] = {"ab", "", "cde", "f"};

TEST(WholeTransfer, ReadsOnBehindAShortRead) {
  ScriptedFile file({1, 2, 1}, "xabcdef");
  std::string into(6, '?');
  const Transfer read = file.Read(1, into);
  EXPECT_EQ(read.error, 0);
  EXPECT_EQ(read.bytes, 6u);
  EXPECT_EQ(into, "abcdef");
}

TEST(WholeTransfer, ReadsLessOnlyAtTheEndOfTheFile) {
  ScriptedFile file({2}, "abc");
  std::string into(6, '?');
  const Transfer read = file.Read(0, into);
  EXPECT_EQ(read.error, 0);
  EXPECT_EQ(read.bytes, 3u);
  EXPECT_EQ(into, "abc???");
}

TEST(WholeTransfer, AsksAgainAfterASignalOrWhereItIsNotReady) {
  ScriptedFile reading({-EINTR, 2, -EAGAIN, -EINTR, -EAGAIN}, "abcdef");
  std::string into(6, '?');
  EXPECT_EQ(reading.Read(0, into).error, 0);
  EXPECT_EQ(into, "abcdef");

  ScriptedFile writing({-EAGAIN, 1, -EINTR, 1, -EAGAIN});
  EXPECT_EQ(writing.Write(0, kParts).error, 0);
  EXPECT_EQ(writing.bytes(), "abcdef");
}

TEST(WholeTransfer, DoesNotAskForEverWhereItIsNeverReady) {
  const std::vector<int> never(2 * kAgainMax, -EAGAIN);
  ScriptedFile file(never, "abc");
  std::string into(3, '?');
  EXPECT_EQ(file.Read(0, into).error, EAGAIN);
  EXPECT_EQ(file.calls(), static_cast<size_t>(kAgainMax));
  EXPECT_EQ(ScriptedFile(never).Write(0, kParts).error, EAGAIN);
}

TEST(WholeTransfer, WritesOnBehindAShortWriteWhereverItStopped) {
  for (int first = 1; first <= 6; ++first) {
    for (int second = 1; second <= 6; ++second) {
      SCOPED_TRACE(::testing::Message() << first << ' ' << second);
      ScriptedFile file({first, second}, "x");
      const Transfer written = file.Write(1, kParts);
      EXPECT_EQ(written.error, 0);
      EXPECT_EQ(written.bytes, 6u);
      EXPECT_EQ(file.bytes(), "xabcdef");
    }
  }
}

TEST(WholeTransfer, WritesMorePartsThanOneCallTakes) {
  const std::vector<std::string_view> parts(3 * kPartsMax + 1, "ab");
  ScriptedFile file({static_cast<int>(kPartsMax) + 1});
  EXPECT_EQ(file.Write(0, parts).bytes, 2 * parts.size());
  std::string expected;
  for (const std::string_view part : parts) expected += part;
  EXPECT_EQ(file.bytes(), expected);
}

TEST(WholeTransfer, NothingToWriteNeedsNoCall) {
  ScriptedFile file({});
  constexpr std::string_view kEmpty[] = {"", ""};
  EXPECT_EQ(file.Write(0, kEmpty).error, 0);
  EXPECT_EQ(file.Write(0, {}).error, 0);
  EXPECT_EQ(file.calls(), 0u);
}

TEST(WholeTransfer, TellsHowFarItCameBeforeAnError) {
  ScriptedFile reading({2, -EIO}, "abcdef");
  std::string into(6, '?');
  const Transfer read = reading.Read(0, into);
  EXPECT_EQ(read.error, EIO);
  EXPECT_EQ(read.bytes, 2u);

  ScriptedFile writing({3, -ENOSPC});
  const Transfer written = writing.Write(0, kParts);
  EXPECT_EQ(written.error, ENOSPC);
  EXPECT_EQ(written.bytes, 3u);
}

TEST(WholeTransfer, AWriteThatWritesNothingIsAnError) {
  ScriptedFile file({2, 0});
  EXPECT_EQ(file.Write(0, kParts).error, EIO);
}

}  // namespace
}  // namespace cauce
