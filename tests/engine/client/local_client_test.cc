#include <gmock/gmock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "tests/testing/few_threads.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LocalClient, OpensMemoryUnderBothItsNames) {
  EXPECT_THAT(Client::Open("memory:"), IsOk());
  EXPECT_THAT(Client::Open(":memory:"), IsOk());
}

TEST(LocalClient, KeepsADirectory) {
  const test::TempDir dir;
  const std::string name = "dir:" + dir.path() + "/data";
  for (int64_t run = 0; run < 2; ++run) {
    auto client = Client::Open(name);
    ASSERT_THAT(client, IsOk());
    if (run == 0) {
      ASSERT_THAT((*client)->engine()->CreateTopic("t"), IsOk());
    }
    auto producer = (*client)->NewProducer();
    ASSERT_THAT(producer, IsOk());
    const auto sent = (*producer)->SendAndWait({.topic = "t", .value = "v"});
    ASSERT_THAT(sent, IsOk());
    EXPECT_EQ(sent->offset, Offset{run});
  }
}

TEST(LocalClient, KnowsNoOtherNames) {
  EXPECT_THAT(Client::Open("data"), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Client::Open("kafka://127.0.0.1"),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Client::Open("dir:"), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Client::Open(""), HasReason(Reason::kInvalidOption));
}

TEST(LocalClient, RefusesBadOptions) {
  EXPECT_THAT(Client::Open("memory:", {.threads = -1}),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Client::Open("memory:", {.engine = {.open_files_max = 1}}),
              HasReason(Reason::kInvalidOption));
  auto client = Client::Open("memory:");
  ASSERT_THAT(client, IsOk());
  EXPECT_THAT((*client)->NewProducer({.batch_bytes = 0}),
              HasReason(Reason::kInvalidOption));
}

TEST(LocalClient, TellsEveryBadFieldOfItsOwnOptionsAndItsEngines) {
  const absl::Status bad = Validate(
      ClientOptions{.engine = {.access = static_cast<Access>(7),
                               .open_files_max = 1},
                    .threads = -1});
  EXPECT_THAT(bad, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(bad.message()),
              AllOf(HasSubstr("threads is -1"), HasSubstr("access is 7"),
                    HasSubstr("open_files_max is 1")));
}

TEST(LocalClient, SaysOnceItIsClosedThatItIs) {
  auto client = Client::Open("memory:", {.threads = 0});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("t"), IsOk());
  auto producer = (*client)->NewProducer();
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->SendAndWait({.topic = "t", .value = "v"}), IsOk());
  ASSERT_THAT((*client)->Close(), IsOk());

  EXPECT_THAT((*producer)->Flush(), HasReason(Reason::kClosed));
  EXPECT_THAT((*client)->NewProducer(), HasReason(Reason::kClosed));
  EXPECT_THAT((*client)->NewConsumer(), HasReason(Reason::kClosed));
}

TEST(LocalClient, HasNoProducerWhereItOnlyReads) {
  const test::TempDir dir;
  const std::string name = "dir:" + dir.path();
  ASSERT_THAT(Client::Open(name), IsOk());
  auto client =
      Client::Open(name, {.engine = {.access = Access::kReadOnly}});
  ASSERT_THAT(client, IsOk());
  EXPECT_THAT((*client)->NewProducer(), HasReason(Reason::kReadOnly));
}

TEST(LocalClient, SaysWhereThereIsNoThreadToBeHad) {
  const test::LargeStacks stacks(size_t{1} << 40);
  const test::FewAddresses addresses(size_t{1} << 30);
  const auto client = Client::Open("memory:");
  EXPECT_EQ(client.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Client::Open("memory:", {.threads = 0}), IsOk());
}

}  // namespace
}  // namespace cauce
