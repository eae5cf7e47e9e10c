// What is no whole file in the place of each file of a data directory, or none:
// what verification finds, and names a repair for, a repair mends, and does not
// find again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/producer_state.h"
#include "tests/damage/remains.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::IsOk;
using test::Remains;
using test::Stop;
using ::testing::IsEmpty;

enum class StandIn {
  kNothing,
  kLink,
  kBrokenLink,
  kDirectory,
  kEmptyDirectory,
  kPipe,
  kSocket,
  kEmpty,
  kText,
};

constexpr StandIn kStandIns[] = {
    StandIn::kNothing,        StandIn::kLink, StandIn::kBrokenLink,
    StandIn::kDirectory,      StandIn::kPipe, StandIn::kSocket,
    StandIn::kEmptyDirectory, StandIn::kText, StandIn::kEmpty};

std::string_view NameOf(StandIn kind) {
  switch (kind) {
    case StandIn::kNothing:
      return "Nothing";
    case StandIn::kLink:
      return "Link";
    case StandIn::kBrokenLink:
      return "BrokenLink";
    case StandIn::kDirectory:
      return "Directory";
    case StandIn::kEmptyDirectory:
      return "EmptyDirectory";
    case StandIn::kPipe:
      return "Pipe";
    case StandIn::kSocket:
      return "Socket";
    case StandIn::kEmpty:
      return "Empty";
    case StandIn::kText:
      return "Text";
  }
  return "";
}

void Put(StandIn kind, const std::string& path) {
  if (kind == StandIn::kLink) {
    std::filesystem::rename(path, path + ".moved");
  } else {
    std::filesystem::remove(path);
  }
  switch (kind) {
    case StandIn::kNothing:
      return;
    case StandIn::kLink:
      return std::filesystem::create_symlink(path + ".moved", path);
    case StandIn::kBrokenLink:
      return std::filesystem::create_symlink("/nonexistent", path);
    case StandIn::kDirectory:
      std::filesystem::create_directory(path);
      std::ofstream(path + "/file") << "in it";
      return;
    case StandIn::kEmptyDirectory:
      std::filesystem::create_directory(path);
      return;
    case StandIn::kPipe:
      ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
      return;
    case StandIn::kSocket:
      ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
      return;
    case StandIn::kEmpty:
      std::ofstream(path) << "";
      return;
    case StandIn::kText:
      std::ofstream(path) << "hello\n";
      return;
  }
}

struct Repair {
  absl::StatusOr<RepairSummary> summary;
  std::vector<RepairStep> steps;
  std::set<std::string> left;
};

// Each kind of file once: of the directory, and of one partition's first
// segment and its last.
bool IsLookedAt(std::string_view name) {
  if (name == ".lock") return false;
  if (name.find('/') == name.npos) return true;
  return name.starts_with("orders-0/") && name.find("0006.") == name.npos;
}

// By its own name, by that of its partition, or by the copy that it is of.
bool IsLeft(const Repair& repair, const std::string& file) {
  return std::ranges::any_of(repair.left, [&](const std::string& left) {
    return file.starts_with(left);
  });
}

class StandIns : public ::testing::TestWithParam<StandIn> {
 protected:
  static FileSystem& files() { return *PosixFileSystem(); }

  std::vector<Finding> Verify() const {
    std::vector<Finding> damage;
    EXPECT_THAT(VerifyDirectory(files(), data_, {},
                                [&](const Finding& finding) {
                                  if (finding.gravity == Gravity::kNote) return;
                                  damage.push_back(finding);
                                }),
                IsOk());
    return damage;
  }

  template <class Do>
  Repair With(Do repair) const {
    Repair done;
    done.summary = repair(
        files(), data_,
        {.step = [&](const RepairStep& step) { done.steps.push_back(step); },
         .left = [&](const Finding& left) { done.left.insert(left.file); }});
    return done;
  }

  const test::TempDir disk_;
  const std::string data_ = disk_ / "data";
};

TEST_P(StandIns, AreMendedByARepairWhereVerificationSaysSo) {
  for (const Stop stop : {Stop::kClean, Stop::kKilled}) {
    // Each is dear on a disk: after a kill two of the kinds are enough.
    const bool is_made = stop == Stop::kClean ||
                         GetParam() == StandIn::kBrokenLink ||
                         GetParam() == StandIn::kText;
    if (!is_made) continue;
    test::FileTree whole = Remains::Of(stop).files();
    whole["orders-0/00000000000000000012.snapshot"] =
        EncodeProducers(std::vector<ProducerState>());
    whole["orders-0/00000000000000000000.txnindex"] = "";
    for (const auto& [name, bytes] : whole) {
      if (!IsLookedAt(name)) continue;
      SCOPED_TRACE(name + (stop == Stop::kClean ? ", closed" : ", killed"));
      std::filesystem::remove_all(data_);
      test::Lay(whole, files(), data_);
      Put(GetParam(), data_ + "/" + name);

      const std::vector<Finding> before = Verify();
      const Repair planned = With(PlanRepair);
      const Repair done = With(RepairDirectory);
      const std::vector<Finding> after = Verify();
      const Repair again = With(RepairDirectory);

      ASSERT_EQ(done.summary.ok(), planned.summary.ok());
      if (!done.summary.ok()) continue;
      EXPECT_EQ(done.steps, planned.steps);
      for (const Finding& finding : before) {
        if (finding.advice.find("cauce log repair") == std::string::npos) {
          continue;
        }
        EXPECT_FALSE(done.steps.empty() && done.left.empty())
            << finding.file << ": " << finding.what;
      }
      for (const Finding& finding : after) {
        EXPECT_TRUE(IsLeft(done, finding.file))
            << finding.file << ": " << finding.what;
      }
      ASSERT_THAT(again.summary, IsOk());
      EXPECT_THAT(again.steps, IsEmpty());
      EXPECT_EQ(again.left, done.left);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, StandIns, ::testing::ValuesIn(kStandIns),
                         [](const auto& info) {
                           return std::string(NameOf(info.param));
                         });

}  // namespace
}  // namespace cauce
