#include "cauce/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/cord.h"

namespace cauce {
namespace {

// Every reason, kNone first.
std::vector<Reason> AllReasons() {
  std::vector<Reason> reasons;
  const int last = static_cast<int>(Reason::kDiskFailed);
  for (int i = 0; i <= last; ++i) reasons.push_back(static_cast<Reason>(i));
  return reasons;
}

TEST(Errors, CarryTheirReason) {
  for (const Reason reason : AllReasons()) {
    const absl::Status status = MakeError(reason, "orders-3: it broke");
    EXPECT_FALSE(status.ok()) << ReasonName(reason);
    EXPECT_EQ(ReasonOf(status), reason) << ReasonName(reason);
    EXPECT_EQ(std::string(status.message()), "orders-3: it broke");
  }
}

TEST(Errors, HaveTheCodeThatSaysWhatACallerMayDo) {
  const auto code = [](Reason reason) { return MakeError(reason, "").code(); };
  EXPECT_EQ(code(Reason::kOffsetOutOfRange), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(Reason::kUnknownTopic), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(Reason::kInvalidOption), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Reason::kUnsupportedCodec), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code(Reason::kCorruptBatch), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(Reason::kClosed), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(Reason::kDiskFull), absl::StatusCode::kResourceExhausted);
}

TEST(Errors, NameEachReasonDifferently) {
  std::set<std::string_view> names;
  for (const Reason reason : AllReasons()) names.insert(ReasonName(reason));
  EXPECT_EQ(names.size(), AllReasons().size());
  EXPECT_THAT(names, ::testing::Contains("OFFSET_OUT_OF_RANGE"));
}

TEST(Errors, OfOthersHaveNoReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kNone);
  EXPECT_EQ(ReasonOf(absl::NotFoundError("elsewhere")), Reason::kNone);
}

TEST(Errors, WithAPayloadThatIsNoReasonHaveNone) {
  for (const char* payload : {"99999", "-1", "x", ""}) {
    absl::Status status = MakeError(Reason::kClosed, "");
    std::string url;
    status.ForEachPayload(
        [&url](auto key, const absl::Cord&) { url = std::string(key); });
    status.SetPayload(url, absl::Cord(payload));
    EXPECT_EQ(ReasonOf(status), Reason::kNone) << payload;
  }
}

TEST(Annotate, PutsTheContextFirstAndKeepsCodeAndReason) {
  const absl::Status status =
      Annotate(MakeError(Reason::kCorruptFile, "bad magic"), "000.log");
  EXPECT_EQ(std::string(status.message()), "000.log: bad magic");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(status), Reason::kCorruptFile);
}

TEST(Annotate, LeavesSuccessAsItIs) {
  EXPECT_TRUE(Annotate(absl::OkStatus(), "000.log").ok());
}

TEST(Errors, AMessageForPeopleHasNeitherCodeNorPayload) {
  EXPECT_EQ(MessageOf(MakeError(Reason::kDiskFull, "no room")), "no room");
  EXPECT_EQ(MessageOf(absl::OkStatus()), "");
}

TEST(Errors, TellDamageFromWhatCannotBeReadAndFromMistakes) {
  for (const Reason damage :
       {Reason::kCorruptBatch, Reason::kInvalidRecord,
        Reason::kUnsupportedFormat, Reason::kUnsupportedCodec}) {
    EXPECT_TRUE(IsDamage(MakeError(damage, "bytes"))) << ReasonName(damage);
  }
  for (const Reason other : {Reason::kDiskFailed, Reason::kOffsetOutOfRange,
                             Reason::kClosed, Reason::kCorruptFile}) {
    EXPECT_FALSE(IsDamage(MakeError(other, "no"))) << ReasonName(other);
  }
  EXPECT_FALSE(IsDamage(absl::OkStatus()));
  EXPECT_FALSE(IsDamage(absl::DataLossError("not one of ours")));
}

}  // namespace
}  // namespace cauce
