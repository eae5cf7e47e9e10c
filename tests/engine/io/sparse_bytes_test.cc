#include "engine/io/sparse_bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace cauce {
namespace {

constexpr int64_t kMebibyte = 1 << 20;

std::string ReadAll(const SparseBytes& bytes) {
  std::string text(static_cast<size_t>(bytes.size()), '?');
  EXPECT_EQ(bytes.Read(0, text), text.size());
  return text;
}

TEST(SparseBytes, ZerosAndGapsTakeNoRoom) {
  SparseBytes bytes;
  bytes.Write(0, std::string(kMebibyte, '\0'));
  bytes.Write(int64_t{1} << 50, std::string(kMebibyte, '\0'));
  bytes.Resize(int64_t{1} << 60);
  EXPECT_EQ(bytes.held_bytes(), 0);
}

TEST(SparseBytes, WhatTakesRoomIsFoundBehindAnyGap) {
  SparseBytes bytes;
  EXPECT_EQ(bytes.NextHeld(0), INT64_MAX);
  const int64_t far = int64_t{1} << 50;
  bytes.Write(10, "ab");
  bytes.Write(far, "c");
  EXPECT_LE(bytes.NextHeld(0), 10);
  EXPECT_EQ(bytes.NextHeld(11), 11);
  EXPECT_EQ(bytes.NextHeld(12), far);
  EXPECT_EQ(bytes.NextHeld(far), far);
  EXPECT_EQ(bytes.NextHeld(far + 1), INT64_MAX);
}

TEST(SparseBytes, ASmallFileTakesLittleMoreThanItHolds) {
  SparseBytes bytes;
  bytes.Write(0, std::string(100, 'x'));
  EXPECT_LE(bytes.held_bytes(), 200);
}

TEST(SparseBytes, AFileThatGrewInSmallStepsTakesNoMoreThanItHolds) {
  SparseBytes bytes;
  for (int64_t at = 0; at < kMebibyte; at += 64) {
    bytes.Write(at, std::string(64, 'x'));
  }
  EXPECT_EQ(bytes.held_bytes(), kMebibyte);
  EXPECT_EQ(ReadAll(bytes), std::string(kMebibyte, 'x'));
}

TEST(SparseBytes, WhatWasCutGivesItsRoomBack) {
  SparseBytes bytes;
  bytes.Write(0, std::string(kMebibyte, 'x'));
  bytes.Resize(65 << 10);
  EXPECT_LE(bytes.held_bytes(), 128 << 10);
  bytes.Resize(0);
  EXPECT_EQ(bytes.held_bytes(), 0);
}

TEST(SparseBytes, WhatWasCutDoesNotComeBack) {
  for (int64_t kept : {0, 1, 65'535, 65'536, 65'537, 131'072, 199'999}) {
    SparseBytes bytes;
    bytes.Write(0, std::string(200'000, 'x'));
    bytes.Resize(kept);
    bytes.Resize(200'000);
    const auto left = static_cast<size_t>(kept);
    EXPECT_TRUE(ReadAll(bytes) ==
                std::string(left, 'x') + std::string(200'000 - left, '\0'))
        << "cut at " << kept;
  }
}

TEST(SparseBytes, ZerosReplaceWhatWasThere) {
  SparseBytes bytes;
  bytes.Write(0, std::string(100, 'x'));
  bytes.Write(50, std::string(100, '\0'));
  EXPECT_EQ(ReadAll(bytes), std::string(50, 'x') + std::string(100, '\0'));
}

}  // namespace
}  // namespace cauce
