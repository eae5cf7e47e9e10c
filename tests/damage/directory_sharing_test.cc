// Who else may be in a data directory: other opens under other names, other
// processes, and children that were forked from the one that has it open.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const TopicPartition kOrders{"orders", PartitionId{0}};

// Runs `body` in a child that was forked here and returns what it returns, or
// the signal that ended it, as a negative number.
int InAChild(const std::function<int()>& body) {
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class DirectorySharing : public ::testing::Test {
 protected:
  ~DirectorySharing() override {
    test::ExpectVerified(*PosixFileSystem(), directory_, test::Left::kWhole);
  }

  const test::TempDir disk_;
  const std::string directory_ = disk_ / "data";
};

TEST_F(DirectorySharing, ASecondWriterIsRefusedUnderEveryNameOfTheDirectory) {
  auto first = Engine::Open(directory_);
  ASSERT_THAT(first, IsOk());
  std::filesystem::create_directory_symlink(directory_, disk_ / "link");
  std::filesystem::create_directory(disk_ / "other");
  for (const std::string& name : {directory_, directory_ + "/", disk_ / "link",
                                  disk_ / "other/../data", disk_ / "./data"}) {
    const auto second = Engine::Open(name);
    EXPECT_THAT(second, HasReason(Reason::kLocked)) << name;
    EXPECT_THAT(std::string(second.status().message()),
                HasSubstr("pid " + std::to_string(getpid())));
  }
  ASSERT_THAT(first->Close(), IsOk());
  EXPECT_THAT(Engine::Open(disk_ / "link"), IsOk());
}

TEST_F(DirectorySharing, AnotherProcessIsRefusedAndToldWhoTheWriterIs) {
  auto first = Engine::Open(directory_);
  ASSERT_THAT(first, IsOk());
  // Not by way of what it inherited: it opens anew, as any process would.
  const int refused = InAChild([&] {
    const auto second = Engine::Open(directory_);
    const std::string parent = "pid " + std::to_string(getppid());
    if (ReasonOf(second.status()) != Reason::kLocked) return 1;
    return second.status().message().find(parent) == std::string::npos ? 2 : 0;
  });
  EXPECT_EQ(refused, 0);
  EXPECT_THAT(first->Close(), IsOk());
}

// Everything that a child might do with what it inherited.
int UseInherited(Engine& engine, Partition& partition, Cursor& cursor) {
  const Record record{.key = "k", .value = "of the child"};
  int call = 0;
  const auto is_refused = [&call](const absl::Status& status) {
    ++call;
    return ReasonOf(status) == Reason::kClosed;
  };
  RecordView view;
  absl::Status called_back;
  const auto batch = [&] {
    BatchBuilder builder({}, 1 << 20);
    builder.Add(record);
    return std::string(builder.Finish()->bytes());
  }();
  partition.AppendAsync(*RecordBatch::Parse(batch), {},
                        [&](absl::StatusOr<AppendResult> result) {
                          called_back = result.status();
                        });
  const bool all =
      is_refused(called_back) &&
      is_refused(partition.Append({&record, 1}).status()) &&
      is_refused(partition.Append({&record, 1}, {Ack::kWritten}).status()) &&
      is_refused(partition.Flush()) &&
      is_refused(partition.TruncateTo(Offset{0}).status()) &&
      is_refused(partition.DeleteRecordsBefore(Offset{1})) &&
      is_refused(partition.FindByTime(Timestamp{0}).status()) &&
      is_refused(partition.WaitFor(Offset{9}, absl::Hours(1)).status()) &&
      is_refused(cursor.Next(&view).status()) &&
      is_refused(cursor.SkipDamage().status()) &&
      is_refused(engine.CreateTopic("of_the_child").status()) &&
      is_refused(engine.AlterTopic("orders", {}, 5)) &&
      is_refused(engine.CreatePartitions("orders", 5)) &&
      is_refused(engine.DeleteTopic("orders")) &&
      is_refused(engine.ListTopics().status()) &&
      is_refused(engine.DescribeTopic("orders").status()) &&
      is_refused(engine.OpenPartition("orders", PartitionId{0}).status()) &&
      is_refused(engine.RunUpkeep()) && is_refused(engine.Close());
  return all ? 0 : call;
}

// What a writer does to a topic of which the last close tells everything.
void AppendToAll(const Engine& engine, const std::string& value) {
  for (const int32_t partition : {0, 1}) {
    EXPECT_THAT(
        test::AppendOne(engine, {"orders", PartitionId{partition}}, value),
        IsOk());
  }
}

// From within a segment on, in one batch that is longer than all that went.
void WriteAnew(const Engine& engine) {
  const std::string value(300, 'n');
  const std::vector<Record> batch(6, {.key = "k", .value = value});
  for (const int32_t partition : {0, 1}) {
    auto orders = engine.OpenPartition("orders", PartitionId{partition});
    ASSERT_THAT(orders, IsOk());
    ASSERT_THAT(orders->TruncateTo(Offset{0}), IsOk());
    EXPECT_THAT(orders->Append(batch), IsOk());
  }
  AppendToAll(engine, "behind");
}

TEST_F(DirectorySharing, AVerificationBelievesNoCloseThatAWriterMadePassing) {
  const struct {
    const char* what;
    std::function<void(const Engine&)> write;
  } cases[] = {
      {"it appends",
       [](const Engine& engine) { AppendToAll(engine, "more"); }},
      {"it rolls",
       [](const Engine& engine) {
         for (int i = 0; i < 3; ++i) AppendToAll(engine, std::string(300, 'r'));
       }},
      {"it cuts and writes anew", WriteAnew},
  };
  {
    auto engine = Engine::Open(directory_);
    ASSERT_THAT(engine, IsOk());
    const TopicSpec spec{.partitions = 2,
                         .configs = {{"internal.segment.bytes", "400"}}};
    ASSERT_THAT(engine->CreateTopic("orders", spec), IsOk());
    // From then on segments may be gone from between others.
    for (const char* policy : {"compact", "delete"}) {
      ASSERT_THAT(engine->AlterTopic("orders", {{"cleanup.policy", policy}}),
                  IsOk());
    }
    for (int i = 0; i < 6; ++i) AppendToAll(*engine, std::string(150, 'v'));
    ASSERT_THAT(engine->Close(), IsOk());
  }

  for (const auto& [what, write] : cases) {
    SCOPED_TRACE(what);
    bool has_written = false;
    const VerifyOptions options{.progress = [&](const VerifyProgress&) {
      if (std::exchange(has_written, true)) return;
      auto engine = Engine::Open(directory_);
      ASSERT_THAT(engine, IsOk());
      write(*engine);
      ASSERT_THAT(engine->Close(), IsOk());
    }};
    const auto verified = VerifyDirectory(
        *PosixFileSystem(), directory_, options, [](const Finding& finding) {
          if (finding.gravity == Gravity::kNote) return;
          ADD_FAILURE() << finding.file << ": " << finding.what;
        });
    EXPECT_THAT(verified, IsOk());
    EXPECT_TRUE(has_written);
  }
}

TEST_F(DirectorySharing, AForkedChildHarmsNothingWithWhatItInherited) {
  for (const bool with_threads : {false, true}) {
    SCOPED_TRACE(with_threads ? "with an executor" : "without an executor");
    const auto executor = NewThreadPool(2);
    EngineOptions options;
    if (with_threads) options.executor = executor.get();
    auto engine =
        std::make_unique<Engine>(Engine::Open(directory_, options).value());
    if (!with_threads) {
      ASSERT_THAT(engine->CreateTopic("orders"), IsOk());
    }
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    ASSERT_THAT(test::AppendOne(*engine, kOrders, "of the parent"), IsOk());
    Cursor cursor = orders->Read(Offset{0});
    const auto before = test::Gather(*PosixFileSystem(), directory_);

    // It goes as a child does that returns from main: everything is destroyed.
    const int refused = InAChild([&] {
      const int used = UseInherited(*engine, *orders, cursor);
      {
        const Cursor dies = std::move(cursor);
      }
      {
        const Partition dies = *std::move(orders);
      }
      engine.reset();
      return used;
    });

    EXPECT_EQ(refused, 0) << "the call of this number was not refused";
    EXPECT_EQ(test::Gather(*PosixFileSystem(), directory_), before);
    EXPECT_THAT(Engine::Open(directory_), HasReason(Reason::kLocked));
    ASSERT_THAT(test::AppendOne(*engine, kOrders, "of the parent"), IsOk());
    RecordView record;
    EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    ASSERT_THAT(engine->Close(), IsOk());
  }
}

TEST_F(DirectorySharing, AForkedChildMayOpenADirectoryOfItsOwn) {
  auto engine = Engine::Open(directory_);
  ASSERT_THAT(engine, IsOk());
  const int opened = InAChild([&] {
    auto own = Engine::Open(disk_ / "own");
    if (!own.ok() || !own->CreateTopic("orders").ok()) return 1;
    if (!test::AppendOne(*own, kOrders, "of the child").ok()) return 2;
    // And the parent's, as any process may.
    if (!Engine::Open(directory_, {.access = Access::kReadOnly}).ok()) return 3;
    return own->Close().ok() ? 0 : 4;
  });
  EXPECT_EQ(opened, 0);
  auto own = Engine::Open(disk_ / "own");
  ASSERT_THAT(own, IsOk());
  EXPECT_THAT(test::ReadOver(*own, kOrders).records,
              UnorderedElementsAre(Pair(0, "of the child")));
  EXPECT_THAT(own->Close(), IsOk());
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST_F(DirectorySharing, AChildThatOutlivesItsParentKeepsTheDirectoryShut) {
  // A pipe of which nothing is read: who waits at one end goes on when the
  // other is closed everywhere.
  int stay[2];
  ASSERT_EQ(pipe2(stay, O_CLOEXEC), 0);
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const int forked = InAChild([&] {
    auto engine = Engine::Open(directory_);
    if (!engine.ok() || !engine->CreateTopic("orders").ok()) return 1;
    if (!test::AppendOne(*engine, kOrders, "kept").ok()) return 2;
    if (fork() == 0) {
      char byte;
      close(stay[1]);
      _exit(static_cast<int>(read(stay[0], &byte, 1)));
    }
    _exit(0);  // as a crash: nothing is closed
  });
  ASSERT_EQ(forked, 0);
  EXPECT_THAT(Engine::Open(directory_), HasReason(Reason::kLocked));

  close(stay[1]);
  EXPECT_GT(waitpid(-1, nullptr, 0), 0);
  close(stay[0]);
  auto engine = Engine::Open(directory_);
  ASSERT_THAT(engine, IsOk());
  EXPECT_THAT(test::ReadOver(*engine, kOrders).records,
              UnorderedElementsAre(Pair(0, "kept")));
  EXPECT_THAT(engine->Close(), IsOk());
}

}  // namespace
}  // namespace cauce
