#include "engine/capi/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::capi {
namespace {

using test::Told;
using ::testing::HasSubstr;

struct Lamp : Handle<Kind::kClient> {
  explicit Lamp(bool* gone) : gone(gone) {}
  ~Lamp() { *gone = true; }
  Turn turn;
  bool* gone;
};

const auto kNothing = [] { return absl::OkStatus(); };

TEST(CapiCall, LetsNoExceptionOut) {
  Told told;
  EXPECT_EQ(Call(Reach::kWaits, told.out(),
                 []() -> absl::Status { throw std::bad_alloc(); }),
            CAUCE_OUT_OF_MEMORY);
  EXPECT_EQ(cauce_error_reason(told.get()), CAUCE_OUT_OF_MEMORY);
  EXPECT_EQ(Call(Reach::kWaits, told.out(),
                 []() -> absl::Status { throw std::runtime_error("odd"); }),
            CAUCE_OTHER);
}

TEST(CapiCall, OfNoHandleOrAnotherKindIsMisuse) {
  Told told;
  bool gone = false;
  Lamp lamp(&gone);
  const auto body = [](auto&) { return absl::OkStatus(); };

  EXPECT_EQ(CallOn(&lamp, Reach::kWaits, told.out(), body), CAUCE_OK);
  EXPECT_EQ(told.get(), nullptr);
  Lamp* const none = nullptr;
  EXPECT_EQ(CallOn(none, Reach::kWaits, told.out(), body), CAUCE_MISUSE);
  EXPECT_THAT(told.message(), HasSubstr("cauce_client_t is null"));
  struct Other : Handle<Kind::kCursor> {
  } other;
  EXPECT_EQ(CallOn(reinterpret_cast<Lamp*>(&other), Reach::kWaits, told.out(),
                   body),
            CAUCE_MISUSE);
}

TEST(CapiCall, IsRefusedWithinACallbackThatMayNotGoSoFar) {
  Told told;
  const CallbackScope outer("a rebalance listener", Reach::kWaits);
  EXPECT_EQ(Call(Reach::kWaits, nullptr, kNothing), CAUCE_OK);
  EXPECT_EQ(Call(Reach::kEnds, nullptr, kNothing), CAUCE_MISUSE);
  {
    const CallbackScope inner("a callback of a delivery", Reach::kSends);
    EXPECT_EQ(Call(Reach::kSends, nullptr, kNothing), CAUCE_OK);
    EXPECT_EQ(Call(Reach::kWaits, told.out(), kNothing), CAUCE_MISUSE);
    EXPECT_THAT(told.message(), HasSubstr("a callback of a delivery"));
  }
  EXPECT_EQ(Call(Reach::kWaits, nullptr, kNothing), CAUCE_OK);
}

TEST(CapiCall, OnAnotherThreadIsNotWithinTheCallback) {
  const CallbackScope scope("a callback of events", Reach::kLooks);
  cauce_reason_t reason = CAUCE_MISUSE;

  std::thread([&] { reason = Call(Reach::kEnds, nullptr, kNothing); }).join();

  EXPECT_EQ(reason, CAUCE_OK);
}

TEST(CapiCall, TakesTurnsByThread) {
  bool gone = false;
  Lamp lamp(&gone);
  cauce_reason_t same = CAUCE_MISUSE;
  cauce_reason_t other = CAUCE_OK;
  const auto body = [](Lamp&) { return absl::OkStatus(); };

  const cauce_reason_t outer =
      CallOn(&lamp, Reach::kWaits, nullptr, [&](Lamp& on) {
        same = CallOn(&on, Reach::kWaits, nullptr, body);
        std::thread([&] {
          other = CallOn(&on, Reach::kWaits, nullptr, body);
        }).join();
        return absl::OkStatus();
      });

  EXPECT_EQ(outer, CAUCE_OK);
  EXPECT_EQ(same, CAUCE_OK);
  EXPECT_EQ(other, CAUCE_MISUSE);
  std::thread([&] {
    other = CallOn(&lamp, Reach::kWaits, nullptr, body);
  }).join();
  EXPECT_EQ(other, CAUCE_OK);
}

TEST(CapiCall, FreesOnceAndNotInACallback) {
  bool gone = false;
  auto* const lamp = new Lamp(&gone);
  {
    const CallbackScope scope("a rebalance listener", Reach::kWaits);
    EXPECT_EQ(Free(lamp), CAUCE_MISUSE);
    EXPECT_FALSE(gone);
  }
  EXPECT_EQ(Free(lamp), CAUCE_OK);
  EXPECT_TRUE(gone);
  Lamp* const none = nullptr;
  EXPECT_EQ(Free(none), CAUCE_OK);
}

TEST(CapiCall, NamesWhatIsNull) {
  const int there = 0;
  EXPECT_EQ(Given({{"there", &there}}), absl::OkStatus());
  EXPECT_THAT(std::string(Given({{"the topic", nullptr}}).message()),
              HasSubstr("the topic is null"));
}

}  // namespace
}  // namespace cauce::capi
