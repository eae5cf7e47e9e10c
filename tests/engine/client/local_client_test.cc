#include <gmock/gmock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
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

// What a client hands out, each of them in one of a few states.
class HandedOut {
 public:
  enum class State { kNew, kWorking, kWaiting, kClosed };

  HandedOut(int threads, State state) {
    ClientOptions options;
    options.threads = threads;
    options.engine.offsets_topic_partitions = 1;
    options.engine.transaction_topic_partitions = 1;
    client_ = *Client::Open("memory:", options);
    admin_ = *client_->NewAdmin();
    EXPECT_THAT(admin_->CreateTopic("orders"), IsOk());
    ProducerOptions writes;
    writes.linger = absl::Hours(1);
    producer_ = *client_->NewProducer(writes);
    writes.transactional_id = "x";
    transactional_ = *client_->NewProducer(writes);
    consumer_ = *client_->NewConsumer({.group = "g"});
    if (state != State::kNew) Work();
    if (state == State::kWaiting) {
      // Nothing of it is written where there are threads.
      EXPECT_THAT(producer_->Send({.topic = "orders", .value = "v"}), IsOk());
      EXPECT_THAT(transactional_->BeginTransaction(), IsOk());
      EXPECT_THAT(transactional_->Send({.topic = "orders", .value = "v"}),
                  IsOk());
    }
    if (state == State::kClosed) {
      EXPECT_THAT(producer_->Close(), IsOk());
      EXPECT_THAT(transactional_->Close(), IsOk());
      EXPECT_THAT(consumer_->Close(), IsOk());
      EXPECT_THAT(client_->Close(), IsOk());
    }
  }

  static constexpr int kMany = 5;
  void Destroy(int which) {
    switch (which) {
      case 0:
        return client_.reset();
      case 1:
        return producer_.reset();
      case 2:
        return transactional_.reset();
      case 3:
        return consumer_.reset();
      default:
        return admin_.reset();
    }
  }

 private:
  void Work() {
    EXPECT_THAT(producer_->SendAndWait({.topic = "orders", .value = "v"}),
                IsOk());
    EXPECT_THAT(transactional_->InitTransactions(), IsOk());
    EXPECT_THAT(transactional_->BeginTransaction(), IsOk());
    EXPECT_THAT(transactional_->Send({.topic = "orders", .value = "v"}),
                IsOk());
    EXPECT_THAT(transactional_->CommitTransaction(), IsOk());
    EXPECT_THAT(consumer_->Subscribe({"orders"}), IsOk());
    EXPECT_THAT(consumer_->Poll(absl::ZeroDuration()), IsOk());
  }

  std::unique_ptr<Client> client_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Producer> transactional_;
  std::unique_ptr<Consumer> consumer_;
};

TEST(LocalClient, MayBeDestroyedInAnyOrderAndStateWithWhatItHandedOut) {
  using State = HandedOut::State;
  std::vector<int> order(HandedOut::kMany);
  std::iota(order.begin(), order.end(), 0);
  int round = 0;
  do {
    // Each state with and without threads, in turn: 120 orders.
    const std::vector<State> states = {State::kNew, State::kWorking,
                                       State::kWaiting, State::kClosed};
    const State state = states[static_cast<size_t>(round / 2) % states.size()];
    HandedOut all(round % 2 == 0 ? 0 : 1, state);
    for (const int which : order) all.Destroy(which);
    ++round;
  } while (std::ranges::next_permutation(order).found);
}

TEST(LocalClient, IsDestroyedAtOnceWithWhatTheDiskDoesNotTake) {
  for (const int threads : {0, 2}) {
    const std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
    test::FailingFileSystem files(*memory);
    auto client = Client::Open(
        "dir:/data", {.engine = {.file_system = &files}, .threads = threads});
    ASSERT_THAT(client, IsOk());
    ASSERT_THAT((*client)->engine()->CreateTopic("orders"), IsOk());
    // It tries again for longer than any test lasts.
    auto producer =
        (*client)->NewProducer({.delivery_timeout = absl::Hours(10)});
    ASSERT_THAT(producer, IsOk());
    files.Fail(test::FileCall::kWrite, ".log",
               MakeError(Reason::kDiskFull, "no space left on the device"));
    std::vector<absl::Status> told;
    ASSERT_THAT((*producer)->Send({.topic = "orders", .value = "v"},
                                  [&](const absl::StatusOr<Delivery>& sent) {
                                    told.push_back(sent.status());
                                  }),
                IsOk());

    producer->reset();
    client->reset();

    ASSERT_EQ(told.size(), 1U);
    EXPECT_FALSE(told.front().ok());
  }
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
