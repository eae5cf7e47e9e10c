#include "engine/log/closable_end.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "cauce/types.h"

namespace cauce {
namespace {

TEST(ClosableEnd, IsWhatWasSetLast) {
  ClosableEnd end;
  EXPECT_EQ(end.Get(), ClosableEnd::Value{});

  end.Set({100, Offset{1}});
  end.Set({250, Offset{7}});
  EXPECT_EQ(end.Get(), (ClosableEnd::Value{250, Offset{7}}));
}

TEST(ClosableEnd, IsNeverHalfOfOneAndHalfOfAnother) {
  constexpr int64_t kSets = 200'000;
  ClosableEnd end;
  end.Set({0, Offset{0}});
  std::atomic<bool> is_over = false;

  std::thread writer([&] {
    for (int64_t i = 1; i <= kSets; ++i) end.Set({i * 100, Offset{i}});
    is_over = true;
  });
  int64_t last = 0;
  while (!is_over) {
    const ClosableEnd::Value seen = end.Get();
    ASSERT_EQ(seen.bytes, seen.next.value * 100);
    ASSERT_GE(seen.bytes, last);
    last = seen.bytes;
  }
  writer.join();

  EXPECT_EQ(end.Get(), (ClosableEnd::Value{kSets * 100, Offset{kSets}}));
}

}  // namespace
}  // namespace cauce
