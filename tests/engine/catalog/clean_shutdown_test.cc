#include "engine/catalog/clean_shutdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CleanShutdown : public ::testing::Test {
 protected:
  CleanShutdown() { EXPECT_THAT(real_->CreateDirectories("/data"), IsOk()); }

  const std::unique_ptr<FileSystem> real_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*real_};
};

TEST_F(CleanShutdown, IsThereOnceItWasWrittenUntilItIsRemoved) {
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(false));
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(true));
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(false));
}

TEST_F(CleanShutdown, IsKafkasFile) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(ReadWholeFile(files_, "/data/.kafka_cleanshutdown", 100),
              IsOkAndHolds(R"({"version":0,"brokerEpoch":-1})"));
}

TEST_F(CleanShutdown, CountsWhateverItHolds) {
  ASSERT_THAT(ReplaceFile(files_, "/data", kCleanShutdownFile, ""), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(true));
}

// What could not be read this once may be readable the next time.
TEST_F(CleanShutdown, TellsWhatStaysAsItIsOfAManifestThatWasRead) {
  EXPECT_TRUE(IsFinalManifest(absl::OkStatus()));
  EXPECT_TRUE(IsFinalManifest(ReadLeftManifest(files_, "/data").status()));
  EXPECT_TRUE(IsFinalManifest(MakeError(Reason::kCorruptFile, "damaged")));
  EXPECT_TRUE(IsFinalManifest(MakeError(Reason::kUnsupportedFormat, "newer")));
  EXPECT_TRUE(IsFinalManifest(absl::FailedPreconditionError("a link")));
  EXPECT_FALSE(IsFinalManifest(MakeError(Reason::kDiskFailed, "cannot")));
  EXPECT_FALSE(IsFinalManifest(absl::ResourceExhaustedError("descriptors")));
}

TEST_F(CleanShutdown, IsAnotherOneOnceItWasRemovedAndWritten) {
  EXPECT_THAT(LookAtCleanStop(files_, "/data"), IsOkAndHolds(std::nullopt));
  const auto manifest = FormatManifest({}, BoundsSums());
  ASSERT_TRUE(manifest.has_value());
  std::optional<CleanStop> last;
  for (const std::string& named : {std::string(), *manifest, *manifest}) {
    ASSERT_THAT(WriteCleanShutdown(files_, "/data", named), IsOk());
    const auto stop = LookAtCleanStop(files_, "/data");
    ASSERT_THAT(stop, IsOk());
    EXPECT_NE(*stop, last);
    EXPECT_EQ((*stop)->manifest, ManifestChecksum(named));
    EXPECT_THAT(LookAtCleanStop(files_, "/data"), IsOkAndHolds(*stop));
    last = *stop;
    ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
    EXPECT_THAT(LookAtCleanStop(files_, "/data"), IsOkAndHolds(std::nullopt));
  }
}

TEST_F(CleanShutdown, IsTheSameWhereItMayNotBeReadButForWantOfDescriptors) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  const auto stop = LookAtCleanStop(files_, "/data");
  files_.Fail(test::FileCall::kOpen, kCleanShutdownFile,
              absl::PermissionDeniedError("not yours"));
  EXPECT_EQ(LookAtCleanStop(files_, "/data"), stop);
  files_.Mend();
  files_.Fail(test::FileCall::kOpen, kCleanShutdownFile,
              absl::ResourceExhaustedError("too many open files"));
  EXPECT_THAT(LookAtCleanStop(files_, "/data"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CleanShutdown, IsRemovedDurablyOrNotAtAll) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  EXPECT_EQ(files_.changes().back(), "sync /data");
  // It may be gone and its name come back: that is told.
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  for (int fail = 0; fail < 2; ++fail) {
    files_.FailAfter(fail);
    EXPECT_THAT(RemoveCleanShutdown(files_, "/data"),
                HasReason(Reason::kDiskFailed));
  }
}

TEST_F(CleanShutdown, MayBeRemovedWhereItIsNot) {
  EXPECT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
}

TEST_F(CleanShutdown, IsNotKnownInADirectoryThatIsNone) {
  ASSERT_THAT(ReplaceFile(files_, "/data", "f", "bytes"), IsOk());
  EXPECT_THAT(WriteCleanShutdown(files_, "/data/f"), Not(IsOk()));
}

class NamedManifest : public CleanShutdown {
 protected:
  const std::string manifest_ =
      *FormatManifest({{{"orders", PartitionId{0}}, {.part = "part"}}}, {});
};

TEST_F(NamedManifest, IsReadAsLongAsTheMarkIsThere) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  const auto read = ReadNamedManifest(files_, "/data");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->Find({"orders", PartitionId{0}}), "part");
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(ReadNamedManifest(files_, "/data"),
              StatusIs(absl::StatusCode::kNotFound, _));
}

// A broker reads its own words, and passes over what follows them.
TEST_F(NamedManifest, IsNamedBehindWhatABrokerReads) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  EXPECT_THAT(ReadWholeFile(files_, "/data/.kafka_cleanshutdown", 100),
              IsOkAndHolds(fmt::format("{{\"version\":0,\"brokerEpoch\":-1}}\n"
                                       "cauce.segments {:08x}\n",
                                       *ManifestChecksum(manifest_))));
}

TEST_F(NamedManifest, IsNoneWhereABrokerHasClosedSince) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  for (const char* mark :
       {"", "{\"version\":0,\"brokerEpoch\":7}",
        "{\"version\":0,\"brokerEpoch\":-1}",
        "{\"version\":0,\"brokerEpoch\":-1}\n"}) {
    ASSERT_THAT(ReplaceFile(files_, "/data", kCleanShutdownFile, mark), IsOk());
    EXPECT_THAT(ReadNamedManifest(files_, "/data"),
                StatusIs(absl::StatusCode::kNotFound, _));
  }
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(ReadNamedManifest(files_, "/data"),
              StatusIs(absl::StatusCode::kNotFound, _));
}

// Of the line behind what a broker reads every byte counts. What is no such
// line names none, which is told, and leaves the stop a clean one.
TEST_F(NamedManifest, IsNamedByOneWholeLineAndByNothingElse) {
  const std::string first = R"({"version":0,"brokerEpoch":-1})";
  const std::string name =
      fmt::format("cauce.segments {:08x}", *ManifestChecksum(manifest_));
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  const auto write = [&](const std::string& mark) {
    ASSERT_THAT(ReplaceFile(files_, "/data", kCleanShutdownFile, mark), IsOk());
  };
  std::string another_digit = name;
  another_digit.back() = another_digit.back() == '0' ? '1' : '0';
  const std::string others[] = {
      first + "\n" + name,
      first + "\n" + name + "\r\n",
      first + "\r\n" + name + "\n",
      first + "\n" + name + "\n\n",
      first + "\n" + name + "\n" + name + "\n",
      first + "\n " + name + "\n",
      first + "\n" + name + " \n",
      first + "\n" + name.substr(0, name.size() - 1) + "\n",
      first + "\n" + name + "0\n",
      first + "\n" + "cauce.segment  " + name.substr(15) + "\n",
      first + "\n" + "cauce.segments DEADBEEF\n",
      first + "\n" + "cauce.segments +1234567\n",
      first + "\n" + "cauce.segments 0x123456\n",
      first + name + "\n",
      "\n" + name + "\n",
      name + "\n" + first,
      // What a broker writes that has an epoch, or another release of it.
      R"({"version":0,"brokerEpoch":7})" "\n" + name + "\n",
      R"({"version": 0, "brokerEpoch": -1})" "\n" + name + "\n",
      first + "\n" + name + "\n" + std::string(8192, '\n')};
  for (const std::string& mark : others) {
    SCOPED_TRACE(mark.substr(0, 100));
    write(mark);
    const auto read = ReadNamedManifest(files_, "/data");
    EXPECT_THAT(read, HasReason(Reason::kCorruptFile));
    EXPECT_THAT(std::string(read.status().message()),
                AllOf(HasSubstr("/data/cauce.segments"),
                      HasSubstr("/data/.kafka_cleanshutdown")));
    EXPECT_THAT(FindUnnamedManifest(files_, "/data"),
                IsOkAndHolds(UnnamedManifest::kDoubtful));
    const auto stop = LookAtCleanStop(files_, "/data");
    ASSERT_THAT(stop, IsOk());
    ASSERT_TRUE(stop->has_value());
    EXPECT_EQ((*stop)->manifest, std::nullopt);
  }
  // A whole line of another one says so.
  write(first + "\n" + another_digit + "\n");
  const auto other = ReadNamedManifest(files_, "/data");
  EXPECT_THAT(other, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(std::string(other.status().message()),
              AllOf(HasSubstr("/data/cauce.segments"),
                    HasSubstr(name.substr(15)),
                    HasSubstr(another_digit.substr(15))));
  write(first + "\n" + name + "\n");
  EXPECT_THAT(ReadNamedManifest(files_, "/data"), IsOk());
}

// Where none is there a damaged mark costs nothing.
TEST_F(NamedManifest, IsNotMissedWhereADamagedMarkHasNone) {
  ASSERT_THAT(ReplaceFile(files_, "/data", kCleanShutdownFile, "damaged"),
              IsOk());
  EXPECT_THAT(ReadNamedManifest(files_, "/data"),
              StatusIs(absl::StatusCode::kNotFound, _));
  EXPECT_THAT(FindUnnamedManifest(files_, "/data"),
              IsOkAndHolds(UnnamedManifest::kNone));
}

TEST_F(NamedManifest, StaysWhereItIsNamedOrCountsForNobody) {
  const auto stays = [&] {
    EXPECT_THAT(FindUnnamedManifest(files_, "/data"),
                IsOkAndHolds(UnnamedManifest::kNone));
  };
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  stays();
  ASSERT_THAT(ReplaceFile(files_, "/data", kManifestFile, "damaged"), IsOk());
  stays();
  ASSERT_THAT(files_.RemoveFile("/data/cauce.segments"), IsOk());
  stays();
  ASSERT_THAT(real_->CreateDirectories("/data/cauce.segments"), IsOk());
  stays();
  ASSERT_THAT(real_->RemoveDirectory("/data/cauce.segments"), IsOk());
  files_.Fail(test::FileCall::kInfo, "cauce.segments",
              absl::FailedPreconditionError("a link"));
  stays();
  files_.Mend();

  // After a kill what a close has left counts.
  ASSERT_THAT(ReplaceFile(files_, "/data", kManifestFile, manifest_), IsOk());
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  stays();
}

TEST_F(NamedManifest, IsOutdatedBehindABrokerAndDoubtfulWhereAnotherIsNamed) {
  const auto find = [&](const std::string& named) {
    EXPECT_THAT(WriteCleanShutdown(files_, "/data", named), IsOk());
    EXPECT_THAT(ReplaceFile(files_, "/data", kManifestFile, manifest_), IsOk());
    return FindUnnamedManifest(files_, "/data");
  };
  EXPECT_THAT(find(""), IsOkAndHolds(UnnamedManifest::kOutdated));
  EXPECT_THAT(find(*FormatManifest({}, {})),
              IsOkAndHolds(UnnamedManifest::kDoubtful));
}

TEST_F(NamedManifest, IsNoOtherThanTheOneThatIsNamed) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  std::string damaged = manifest_;
  damaged.back() = '?';
  for (const std::string& other :
       {*FormatManifest({{{"orders", PartitionId{0}}, {.part = "other"}}}, {}),
        damaged,
        std::string()}) {
    ASSERT_THAT(ReplaceFile(files_, "/data", kManifestFile, other), IsOk());
    EXPECT_THAT(ReadNamedManifest(files_, "/data"),
                HasReason(Reason::kCorruptFile));
  }
  // It may be removed.
  ASSERT_THAT(files_.RemoveFile("/data/cauce.segments"), IsOk());
  EXPECT_THAT(ReadNamedManifest(files_, "/data"),
              StatusIs(absl::StatusCode::kNotFound, _));
}

TEST_F(NamedManifest, IsWrittenWithTheMarkInOneSyncOfTheDirectory) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data", manifest_), IsOk());
  EXPECT_EQ(std::ranges::count(files_.changes(), "sync /data"), 1);
  EXPECT_EQ(files_.changes().back(), "sync /data");
}

// No writer could take it away.
TEST_F(CleanShutdown, IsNoDirectory) {
  ASSERT_THAT(real_->CreateDirectories("/data/.kafka_cleanshutdown"), IsOk());
  EXPECT_THAT(
      HasCleanShutdown(files_, "/data"),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("move it")));
}

}  // namespace
}  // namespace cauce
