// `produce` on a disk that is full: what it says, what it stored, and how it
// goes on. Where the machine allows no mounts the tests are skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "tests/testing/small_disk.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using test::LinesOf;
using test::Process;
using test::Words;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FullDisk : public test::CauceTest {
 protected:
  void SetUp() override {
    const std::string problem = test::MountSmallDisk(scratch_.path());
    mounted_ = problem.empty();
    if (!mounted_) GTEST_SKIP() << "nothing can be mounted here: " << problem;
  }
  void TearDown() override {
    if (!mounted_) return;
    CauceTest::TearDown();
    EXPECT_EQ(umount2(scratch_.path().c_str(), MNT_DETACH), 0);
  }

  // Small segments, so that retention finds some to take.
  void Make(std::string_view topic) {
    Do({"topic", "create", std::string(topic), "--free-bytes-min", "0",
        "--config", "internal.segment.bytes=100000", "--config",
        "file.delete.delay.ms=0"});
  }

  // A few pages that a change to the list of topics takes: how many bytes the
  // batch that did not fit leaves free is a matter of chance, and may be none.
  // Takes them when made; Spend() gives them to whoever comes next.
  class SparePages {
   public:
    explicit SparePages(const std::string& directory)
        : path_(directory + "/spare") {
      std::ofstream(path_) << std::string(64 << 10, 's');
    }
    void Spend() const { EXPECT_EQ(::unlink(path_.c_str()), 0); }

   private:
    std::string path_;
  };

 private:
  bool mounted_ = false;
};

// So many bytes in lines of 3000, each of which begins with its number.
std::string LinesOfBytes(size_t bytes) {
  std::string lines;
  for (int i = 0; lines.size() < bytes; ++i) {
    lines += fmt::format("{} {}\n", i, std::string(3000, 'v'));
  }
  return lines;
}

// What "stored 12 records, ..." counts.
size_t StoredIn(const std::string& err) {
  const size_t at = err.find("stored ");
  if (at == err.npos) return 0;
  std::istringstream number(err.substr(at + 7));
  size_t records = 0;
  number >> records;
  return records;
}

// Every line up to the one that did not fit, and none behind it: also not the
// last, which is so short that it would.
TEST_F(FullDisk, ProduceSaysWhatItStoredAndStoredNothingBehindIt) {
  for (const std::string& bytes_min : Words{"0", "500000"}) {
    SCOPED_TRACE(bytes_min);
    const SparePages spare(scratch_.path());
    const std::string topic = "t" + bytes_min;
    Make(topic);
    const Process::Result result =
        Run({"produce", topic, "--batch-bytes", "10000", "--print-acks",
             "--free-bytes-min", bytes_min},
            LinesOfBytes(6 << 20) + "short\n");
    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.err,
                AllOf(HasSubstr("cauce: lines "), HasSubstr("(DISK_FULL)"),
                      HasSubstr(topic + "-0: ")));

    const Words stored = LinesOf(Do({"consume", topic}));
    EXPECT_THAT(stored, SizeIs(Ge(500u)));
    EXPECT_EQ(StoredIn(result.err), stored.size());
    EXPECT_THAT(LinesOf(result.out), SizeIs(stored.size()));
    for (size_t i = 0; i < stored.size(); ++i) {
      ASSERT_THAT(stored[i], StartsWith(fmt::format("{} v", i)));
    }
    EXPECT_EQ(Run({"log", "verify"}).exit, 0);
    spare.Spend();
    Do({"topic", "delete", topic, "--yes"});
  }
}

TEST_F(FullDisk, ProduceGoesOnOnceRetentionHasMadeRoom) {
  const SparePages spare(scratch_.path());
  Make("a");
  const Words produce = {"produce", "a", "--free-bytes-min", "0"};
  EXPECT_EQ(Run(produce, LinesOfBytes(6 << 20)).exit, 1);
  EXPECT_THAT(Run(produce, LinesOfBytes(1 << 20)).err, HasSubstr("DISK_FULL"));

  spare.Spend();
  Do({"topic", "alter", "a", "--config", "retention.bytes=500000",
      "--free-bytes-min", "0"});
  Do(produce, LinesOfBytes(1 << 20) + "the last\n");
  EXPECT_THAT(Do({"consume", "a"}), EndsWith("\nthe last\n"));
}

TEST_F(FullDisk, IsToldOnce) {
  Make("a");
  for (const Words& refused :
       {Words{"produce", "a"}, Words{"topic", "create", "b"},
        Words{"topic", "alter", "a", "--partitions", "2"},
        Words{"bench", "append", "--records", "10"}}) {
    SCOPED_TRACE(refused.front());
    const Process::Result result = Run(refused, "a line\n");
    EXPECT_EQ(result.exit, 1);
    const Words told = LinesOf(result.err);
    EXPECT_EQ(std::ranges::count_if(told,
                                    [](const std::string& line) {
                                      return line.find("are to stay free") !=
                                             line.npos;
                                    }),
              1)
        << result.err;
  }
}

// Where a group is takes little: it is noted down to a quarter of what is to
// stay free.
TEST_F(FullDisk, AGroupReadsOnAndSaysWhatKeepsItFromThat) {
  Make("a");
  Do({"produce", "a", "--free-bytes-min", "0"}, "x\n");
  EXPECT_EQ(Do({"consume", "a", "--group", "g", "--free-bytes-min", "8000000"}),
            "x\n");

  Make("b");
  EXPECT_EQ(Run({"produce", "b", "--free-bytes-min", "1000000"},
                LinesOfBytes(8 << 20))
                .exit,
            1);
  for (const Words& more : {Words{"--group", "g"}, Words{"--group", "new"},
                            Words{"--group", "new", "--no-commit"}}) {
    SCOPED_TRACE(more.back());
    Words consume = {"consume", "b"};
    consume.insert(consume.end(), more.begin(), more.end());
    const Process::Result refused = Run(consume);
    EXPECT_EQ(refused.exit, 1);
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("free_bytes_min"),
                      Not(HasSubstr("waits for its other members"))));
  }
  const std::string all =
      Do({"consume", "b", "--group", "g", "--free-bytes-min", "0"});
  EXPECT_THAT(LinesOf(all), SizeIs(Ge(500u)));
}

// The disk is smaller than what is to stay free of it.
TEST_F(FullDisk, IsWrittenToTheLastByteWhereTheUserSaysSo) {
  const Process::Result refused = Run({"topic", "create", "a"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("DISK_FULL"),
                    HasSubstr("16777216 are to stay free (free_bytes_min)")));
  Make("a");
  EXPECT_EQ(Run({"produce", "a"}, "x\n").exit, 1);
  Do({"produce", "a", "--free-bytes-min", "0"}, "x\n");
  EXPECT_EQ(Do({"consume", "a"}), "x\n");
  Do({"topic", "alter", "a", "--partitions", "2", "--free-bytes-min", "0"});
  Do({"bench", "append", "--records", "100", "--free-bytes-min", "0"});
}

}  // namespace
}  // namespace cauce
