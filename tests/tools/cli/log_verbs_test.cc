// `cauce log`: what it finds in files, tells and mends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "cauce/engine.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;
using test::Command;
using test::Left;
using test::LinesOf;
using test::ManyLines;
using test::Process;
using test::Words;

class Cauce : public test::CauceTest {};

std::string LogFile(const std::string& dir) {
  return dir + "/a-0/00000000000000000000.log";
}

void FlipByte(const std::string& path, int64_t position) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(position);
  const char flipped = static_cast<char>(file.get() ^ 0x20);
  file.seekp(position);
  file.put(flipped);
  ASSERT_TRUE(file.good());
}

TEST_F(Cauce, FindsAFlippedByteAndNamesItsPlace) {
  Do({"topic", "create", "a"});
  for (int i = 0; i < 3; ++i) Do({"produce", "a"}, ManyLines(10));
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
  const Words batches = LinesOf(
      test::Run(Command({"log", "dump", LogFile(dir()), "--format", "json"}))
          .out);
  ASSERT_THAT(batches, SizeIs(3));
  const Json second = Json::parse(batches[1]);

  Leaves(Left::kDamaged);
  FlipByte(LogFile(dir()), second["position"].get<int64_t>() + 100);
  const Process::Result result = Run({"log", "verify", "--format", "json"});

  EXPECT_EQ(result.exit, 1);
  const Words lines = LinesOf(result.out);
  ASSERT_THAT(lines, SizeIs(2));
  const Json finding = Json::parse(lines[0]);
  EXPECT_EQ(finding["gravity"], "damage");
  EXPECT_EQ(finding["file"], LogFile(dir()));
  EXPECT_EQ(finding["position"], second["position"]);
  EXPECT_EQ(finding["offset"], 10);
  const Process::Result dumped =
      test::Run(Command({"log", "dump", LogFile(dir()), "--format", "json"}));
  EXPECT_EQ(dumped.exit, 1);
  EXPECT_EQ(LinesOf(dumped.out), (Words{batches[0], batches[2]}));
  EXPECT_THAT(dumped.err, HasSubstr("the next whole batch begins at position"));
  // The next writer keeps it and goes on behind it; readers stop there, or
  // pass it by where they are told to.
  EXPECT_THAT(Run({"produce", "a"}, "after\n").err, HasSubstr("damaged"));
  EXPECT_EQ(Run({"consume", "a"}).exit, 1);
  const Process::Result passed = Run({"consume", "a", "--skip-damage"});
  EXPECT_EQ(passed.exit, 1);
  EXPECT_THAT(LinesOf(passed.out), SizeIs(21));
}

// A batch as no builder makes it: of frames that are one stream of more than
// kDecompressedBytesMax.
test::OwnedBatch BatchThatGrowsTooLarge() {
  const test::OwnedBatch part =
      test::Batch({std::string(1 << 20, 'x')}, {1}, {.codec = Codec::kZstd});
  return part.With([&](std::string& bytes) {
    const std::string frame(part.view().payload());
    for (size_t at = 1 << 20; at <= kDecompressedBytesMax; at += 1 << 20) {
      bytes += frame;
    }
    const auto length =
        static_cast<int32_t>(bytes.size()) - layout::kLengthExcludes;
    StoreBig<int32_t>(bytes.data() + layout::kBatchLength, length);
  });
}

TEST_F(Cauce, GoesPastABatchThatGrowsTooLargeAsVerifyAdvises) {
  Do({"topic", "create", "a"});
  Do({"produce", "a"}, "before\n");
  {
    auto engine = Engine::Open(dir());
    ASSERT_THAT(engine, test::IsOk());
    auto partition = engine->OpenPartition("a", PartitionId{0});
    ASSERT_THAT(partition, test::IsOk());
    ASSERT_THAT(partition->Append(BatchThatGrowsTooLarge().view()),
                test::IsOk());
  }
  Do({"produce", "a"}, "behind\n");
  Leaves(Left::kDamaged);
  EXPECT_THAT(Run({"log", "verify"}).out, HasSubstr("--skip-damage"));

  for (const Words& reading :
       {Words{"consume", "a"}, Words{"consume", "a", "--group", "g"}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(reading, " ")));
    Words passing = reading;
    passing.push_back("--skip-damage");
    const Process::Result stopped = Run(reading);
    const Process::Result passed = Run(passing);

    EXPECT_EQ(stopped.exit, 1);
    EXPECT_EQ(stopped.out, "before\n");
    EXPECT_THAT(stopped.err, HasSubstr("BATCH_TOO_LARGE"));
    EXPECT_EQ(passed.exit, 1) << passed.err;
    EXPECT_THAT(passed.err, HasSubstr("passed by"));
    EXPECT_THAT(passed.out, EndsWith("behind\n"));
  }
}

TEST_F(Cauce, RepairsAFlippedByteAndKeepsTheRest) {
  Do({"topic", "create", "a"});
  for (int i = 0; i < 3; ++i) Do({"produce", "a"}, ManyLines(10));
  const Words batches = LinesOf(
      test::Run(Command({"log", "dump", LogFile(dir()), "--format", "json"}))
          .out);
  ASSERT_THAT(batches, SizeIs(3));
  const auto position = Json::parse(batches[1])["position"].get<int64_t>();
  FlipByte(LogFile(dir()), position + 100);

  const Words plan = LinesOf(
      Do({"log", "repair", "--dry-run", "--format", "json", "--progress"}));
  ASSERT_THAT(plan, SizeIs(3));
  const Json step = Json::parse(plan[0]);
  EXPECT_EQ(step["action"], "remove bytes");
  EXPECT_EQ(step["file"], LogFile(dir()));
  EXPECT_EQ(step["removed"][0]["position"], position);
  EXPECT_EQ(step["removed"][0]["lost_from"], 10);
  EXPECT_EQ(step["removed"][0]["lost_up_to"], 19);
  EXPECT_EQ(Run({"log", "verify"}).exit, 1);

  EXPECT_EQ(LinesOf(Do({"log", "repair", "--topic", "a", "--partition", "0",
                        "--format", "json"})),
            plan);
  const Process::Result verified = Run({"log", "verify", "--progress"});
  EXPECT_EQ(verified.exit, 0);
  EXPECT_THAT(verified.err, HasSubstr("verified 1 of 1 files"));
  EXPECT_THAT(LinesOf(Do({"consume", "a"})), SizeIs(20));
  EXPECT_THAT(Do({"log", "repair"}), HasSubstr("nothing to do"));
}

TEST_F(Cauce, ConsumeTellsOfWholeBatchesBehindATornOneAsVerifyDoes) {
  Do({"topic", "create", "a"});
  for (int i = 0; i < 3; ++i) Do({"produce", "a"}, ManyLines(10));
  const Words batches = LinesOf(
      test::Run(Command({"log", "dump", LogFile(dir()), "--format", "json"}))
          .out);
  // Nothing is left of a close that could say where the log was durable.
  for (const char* name : {".kafka_cleanshutdown", "cauce.segments",
                           "recovery-point-offset-checkpoint"}) {
    std::filesystem::remove(std::filesystem::path(dir()) / name);
  }
  EXPECT_EQ(Run({"consume", "a"}).exit, 0);
  for (const int torn : {1, 2}) {
    const auto position =
        Json::parse(batches.at(static_cast<size_t>(torn)))["position"]
            .get<int64_t>();
    FlipByte(LogFile(dir()), position + 100);
    const Process::Result read = Run({"consume", "a"});
    EXPECT_THAT(LinesOf(read.out), SizeIs(10 * torn));
    // The last one is what a stop may leave.
    const bool is_told = torn == 1;
    EXPECT_EQ(read.exit, is_told ? 1 : 0);
    EXPECT_EQ(Run({"log", "verify"}).exit, is_told ? 1 : 0);
    if (is_told) {
      EXPECT_THAT(read.err, HasSubstr("up to offset 29"));
      EXPECT_EQ(Run({"consume", "a", "--count", "10"}).exit, 0);
    }
    FlipByte(LogFile(dir()), position + 100);
  }
}

TEST_F(Cauce, RepairsNothingThatIsInUseOrNotThere) {
  Do({"topic", "create", "a"});
  EXPECT_EQ(Run({"log", "repair", "--partition", "0"}).exit, 2);
  EXPECT_EQ(Run({"log", "repair", "--topic", "b"}).exit, 1);
  Process writer(WithDir({"produce", "a", "--print-acks"}));
  ASSERT_TRUE(writer.Write("x\n"));
  ASSERT_EQ(writer.ReadLine(), "ack 0 0");
  const Process::Result repair = Run({"log", "repair"});
  EXPECT_EQ(repair.exit, 1);
  EXPECT_THAT(repair.err, HasSubstr("LOCKED"));
  const Process::Result plan = Run({"log", "repair", "--dry-run"});
  EXPECT_EQ(plan.exit, 0);
  EXPECT_THAT(plan.out, HasSubstr("has the directory open for writing"));
  EXPECT_EQ(writer.Finish().exit, 0);
}

TEST_F(Cauce, RepairsAMissingSegmentByOneThatSaysSo) {
  Do({"topic", "create", "a", "--config", "internal.segment.bytes=1500"});
  for (int i = 0; i < 3; ++i) Do({"produce", "a"}, ManyLines(40));
  std::set<std::string> logs;
  for (const auto& entry :
       std::filesystem::directory_iterator(dir() + "/a-0")) {
    if (entry.path().extension() == ".log") logs.insert(entry.path());
  }
  ASSERT_THAT(logs, SizeIs(3));
  const std::string gone = *std::next(logs.begin());
  ASSERT_TRUE(std::filesystem::remove(gone));
  EXPECT_EQ(Run({"log", "verify"}).exit, 1);

  const Json step =
      Json::parse(LinesOf(Do({"log", "repair", "--format", "json"})).at(0));
  EXPECT_EQ(step["file"].get<std::string>().substr(0, dir().size()), dir());
  EXPECT_EQ(Run({"log", "verify"}).exit, 0);
  EXPECT_THAT(LinesOf(Do({"consume", "a"})), SizeIs(80));
  EXPECT_THAT(test::Run(Command({"log", "dump", gone})).out,
              HasSubstr("0 records"));
}

// What is found fills the pipe, so that the signal comes before the end.
TEST_F(Cauce, StopsLookingAtASignal) {
  constexpr int kPartitions = 500;
  Do({"topic", "create", "a", "--partitions", std::to_string(kPartitions)});
  Leaves(Left::kDamaged);
  for (int i = 0; i < kPartitions; ++i) {
    std::ofstream log(
        fmt::format("{}/a-{}/00000000000000000000.log", dir(), i));
    log << std::string(200, 'x');
    ASSERT_TRUE(log.good());
  }
  Process verify(WithDir({"log", "verify"}));
  ASSERT_TRUE(verify.ReadLine());
  verify.Signal(SIGINT);
  const Process::Result result = verify.Finish();
  EXPECT_EQ(result.exit, 128 + SIGINT);
  EXPECT_THAT(result.err, HasSubstr("interrupted: verified "));
}

TEST_F(Cauce, LooksOnlyIntoWhatIsADataDirectory) {
  ASSERT_TRUE(std::filesystem::create_directories(dir() + "/pictures"));
  for (const std::string_view verb : {"verify", "repair"}) {
    const Process::Result result = Run({"log", std::string(verb)});
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err, HasSubstr(dir() + ": is no data directory"));
    EXPECT_EQ(result.out, "");
  }
  ASSERT_TRUE(std::filesystem::remove(dir() + "/pictures"));
}

TEST_F(Cauce, DumpsBatchesRecordsAndIndexes) {
  Do({"topic", "create", "a"});
  Do({"produce", "a", "--batch-bytes", "2000", "--key-separator", " "},
     ManyLines(1000));
  const std::string dump = Do({"log", "dump", "--topic", "a", "--partition",
                               "0", "--records", "--index"});
  EXPECT_THAT(dump, HasSubstr(".index\n"));
  EXPECT_THAT(dump, HasSubstr("its batch begins at position"));
  EXPECT_THAT(dump, HasSubstr("position 0: offsets 0 to "));
  EXPECT_THAT(dump,
              HasSubstr("key \"record\", value \"number 999 of this topic\""));
  for (const std::string& none :
       {std::string("/etc/hostname"),
        dir() + "/a-0/00000000000000000077.log"}) {
    const Process::Result refused = test::Run(Command({"log", "dump", none}));
    EXPECT_EQ(refused.exit, 1);
    EXPECT_EQ(refused.out, "") << "a heading of nothing";
    EXPECT_THAT(refused.err, HasSubstr(none));
  }
  EXPECT_EQ(test::Run(Command({"log", "dump"})).exit, 2);
}

}  // namespace
}  // namespace cauce
