// The programs of tools/examples, run as they stand: what each promises in its
// first lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temp_dir.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using test::IsOk;
using test::Process;

std::string Program(const std::string& name) {
  return "tools/examples/" + name;
}

// The values of a topic of one partition.
std::vector<std::string> ValuesIn(const std::string& directory,
                                  const std::string& topic) {
  auto engine = Engine::Open(directory, {.access = Access::kReadOnly});
  EXPECT_THAT(engine, IsOk());
  const Partition partition =
      engine->OpenPartition(topic, PartitionId{0}).value();
  Cursor cursor = partition.Read(partition.log_start());
  std::vector<std::string> values;
  RecordView record;
  while (cursor.Next(&record).value())
    values.emplace_back(record.value.value_or("-"));
  return values;
}

TEST(MetricsJournal, KeepsNoMoreThanItsBoundAndLeavesTheNewest) {
  const test::TempDir scratch;
  std::string lines;
  const std::string large(50'000, '7');
  for (int i = 0; i < 600; ++i) lines += fmt::format("m {} {}\n", i, large);
  for (int i = 0; i < 1400; ++i) lines += "m small\n";

  const Process::Result result =
      test::Run({Program("metrics_journal"), scratch / "data"}, lines);

  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "2000 stored, 0 dropped\n");
  const auto values = ValuesIn(scratch / "data", "metrics");
  EXPECT_EQ(values.back(), "small");
  int64_t bytes = 0;
  for (const std::string& value : values)
    bytes += static_cast<int64_t>(value.size());
  EXPECT_GT(bytes, 10 << 20);
  EXPECT_LT(bytes, 17 << 20);
}

TEST(MetricsJournal, TakesNoOptionForItsDirectory) {
  const test::TempDir scratch;
  const std::string program =
      std::filesystem::absolute(Program("metrics_journal"));

  const Process::Result result = test::Run(
      {"/bin/sh", "-c", "cd \"$1\" && exec \"$0\" --help", program,
       scratch.path()});

  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err, "usage: metrics_journal DIR\n");
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(MetricsJournal, DropsSamplesOnAFullDiskAndGoesOn) {
  const test::TempDir scratch;
  std::string problem = test::EnterOwnMounts();
  if (!problem.empty()) GTEST_SKIP() << "nothing can be mounted: " << problem;
  // Less than its bound and what it leaves free.
  ASSERT_EQ(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=20m"), 0);
  std::string lines;
  const std::string large(50'000, '7');
  for (int i = 0; i < 500; ++i) lines += fmt::format("m {} {}\n", i, large);

  const Process::Result first =
      test::Run({Program("metrics_journal"), scratch / "data"}, lines);
  const Process::Result second =
      test::Run({Program("metrics_journal"), scratch / "data"}, lines);

  EXPECT_EQ(first.exit, 0) << first.err;
  EXPECT_THAT(first.out, ::testing::Not(HasSubstr(", 0 dropped")));
  EXPECT_EQ(second.exit, 0) << second.err;
  EXPECT_GT(ValuesIn(scratch / "data", "metrics").size(), 100u);
  EXPECT_EQ(umount2(scratch.path().c_str(), MNT_DETACH), 0);
}

TEST(Outbox, TellsOfWhatWasPlacedAndOfNothingElseOnce) {
  const test::TempDir scratch;
  const std::string data = scratch / "data";
  EXPECT_EQ(test::Run({Program("outbox"), data, "place", "pears"}).exit, 0);
  // Aborted, with its event.
  const Process::Result failed =
      test::Run({Program("outbox"), data, "place", "nothing"});
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.err, HasSubstr("no order"));
  EXPECT_EQ(test::Run({Program("outbox"), data, "place", "apples"}).exit, 0);

  const Process::Result first = test::Run({Program("outbox"), data, "relay"});
  const Process::Result second = test::Run({Program("outbox"), data, "relay"});
  EXPECT_EQ(test::Run({Program("outbox"), data, "place", "figs"}).exit, 0);
  const Process::Result third = test::Run({Program("outbox"), data, "relay"});

  EXPECT_EQ(first.err, "");
  EXPECT_THAT(first.out, StartsWith("0 placed pears\n"));
  EXPECT_THAT(first.out, ::testing::EndsWith(" placed apples\n"));
  EXPECT_THAT(first.out, ::testing::Not(HasSubstr("nothing")));
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(third.out, HasSubstr("placed figs\n"));
  EXPECT_THAT(third.out, ::testing::Not(HasSubstr("pears")));
}

TEST(LatestValueCache, KeepsWhatWasSaidLastThoughItsTableIsLost) {
  const test::TempDir scratch;
  const std::string data = scratch / "data";
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {Program("latest_value_cache"), data});
    return test::Run(words);
  };
  for (const std::string value : {"1", "2"})
    EXPECT_EQ(run({"put", "pears", value}).exit, 0);
  EXPECT_EQ(run({"put", "plums", "7"}).exit, 0);
  EXPECT_EQ(run({"put", "figs", "3"}).exit, 0);
  EXPECT_EQ(run({"remove", "figs"}).exit, 0);

  EXPECT_EQ(run({"get", "pears"}).out, "2\n");
  EXPECT_THAT(run({"get", "figs"}).err, HasSubstr("nothing is known"));
  EXPECT_EQ(run({"list"}).out, "pears 2\nplums 7\n");
  // Its files, where it has any.
  std::filesystem::remove_all(data + "/cauce.stores");
  EXPECT_EQ(run({"list", "p"}).out, "pears 2\nplums 7\n");
  EXPECT_EQ(run({"frob"}).exit, 1);
}

class LogShipper : public ::testing::Test {
 protected:
  void Write(const std::string& text) {
    std::ofstream(file_, std::ios::app) << text << std::flush;
  }
  // Until it has told of so many lines.
  static void AwaitLines(Process& shipper, int lines) {
    while (lines > 0) {
      const auto told = shipper.ReadLine();
      ASSERT_TRUE(told.has_value());
      lines -= std::stoi(*told);
    }
    ASSERT_EQ(lines, 0);
  }
  static void Kill(Process& shipper) {
    shipper.Signal(SIGKILL);
    EXPECT_EQ(shipper.Finish().exit, 128 + SIGKILL);
  }

  const test::TempDir scratch_;
  const std::string data_ = scratch_ / "data";
  const std::string file_ = scratch_ / "service.log";
  const std::vector<std::string> command_ = {Program("log_shipper"), data_,
                                             file_};
};

TEST_F(LogShipper, ShipsEachLineOnceThroughRotationTruncationAndKills) {
  Write("one\ntwo\nhal");
  {
    Process shipper(command_);
    AwaitLines(shipper, 2);
    Write("f\n");
    AwaitLines(shipper, 1);
    // Rotated while it looks: what is written to the old one still comes.
    std::filesystem::rename(file_, file_ + ".1");
    std::ofstream(file_ + ".1", std::ios::app) << "late\n" << std::flush;
    AwaitLines(shipper, 1);
    Write("new\n");
    AwaitLines(shipper, 1);
    Kill(shipper);
  }
  // Written, and rotated, while nobody looks.
  Write("asleep\n");
  std::filesystem::remove(file_ + ".1");
  std::filesystem::rename(file_, file_ + ".1");
  Write("awake\n");
  {
    Process shipper(command_);
    AwaitLines(shipper, 2);
    std::filesystem::resize_file(file_, 0);
    Write("x\n");
    AwaitLines(shipper, 1);
    Kill(shipper);
  }

  EXPECT_THAT(ValuesIn(data_, "lines"),
              ElementsAre("one", "two", "half", "late", "new", "asleep",
                          "awake", "x"));
}

// As many as the bytes that are read at a time hold, each with its key.
TEST_F(LogShipper, ShipsAnyNumberOfShortLines) {
  constexpr int kLines = 60'000;
  Write(std::string(2 * kLines, '\n'));
  Process shipper(command_);
  AwaitLines(shipper, 2 * kLines);
  Kill(shipper);
  EXPECT_EQ(ValuesIn(data_, "lines").size(), size_t{2 * kLines});
}

}  // namespace
}  // namespace cauce
