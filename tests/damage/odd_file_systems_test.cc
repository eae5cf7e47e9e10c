// Directories on file systems that are not a plain disk: in memory, in layers,
// without locks, for reading only, or gone. Each works whole or says what is
// wrong, and nothing is harmed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileTree;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::Remains;
using test::StatusIs;
using test::Stop;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kOrders{"orders", PartitionId{0}};
constexpr uid_t kNobody = 65534;

// What an engine does in its life, over two opens: OK where all of it works as
// on a disk.
absl::Status LiveIn(const std::string& directory) {
  for (int open = 0; open < 2; ++open) {
    auto engine = Engine::Open(directory);
    if (!engine.ok()) return engine.status();
    if (open == 0) {
      const auto made = engine->CreateTopic(
          "orders", {.configs = {{"internal.segment.bytes", "2000"}}});
      if (!made.ok()) return made.status();
    }
    const auto second = Engine::Open(directory);
    if (ReasonOf(second.status()) != Reason::kLocked) {
      return absl::InternalError("a second writer was let in");
    }
    for (int i = 0; i < 50; ++i) {
      const auto added = test::AppendOne(*engine, kOrders, "value");
      if (!added.ok()) return added.status();
    }
    const auto sight = test::ReadOver(*engine, kOrders);
    if (sight.records.size() != size_t{50} * (open + 1)) {
      return absl::InternalError("records are missing");
    }
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    if (!orders.ok()) return orders.status();
    for (const absl::Status& status :
         {engine->CreateTopic("other").status(), engine->DeleteTopic("other"),
          engine->RunUpkeep(), engine->Close()}) {
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// Runs `body` in a child with mounts of its own; nothing where this process may
// not have such a child.
std::optional<int> WithOwnMounts(const std::function<int()>& body) {
  constexpr int kMayNot = 99;
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    const bool may =
        unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(may ? body() : kMayNot);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kMayNot) return std::nullopt;
  return WEXITSTATUS(status);
}

// What `body` says in words, where it fails.
int Tell(const absl::Status& status) {
  if (status.ok()) return 0;
  fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

TEST(OddFileSystems, InMemoryAllWorksAsOnADisk) {
  std::string directory = "/dev/shm/cauce-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) {
    GTEST_SKIP() << "there is no /dev/shm here";
  }
  EXPECT_THAT(LiveIn(directory + "/data"), IsOk());
  test::ExpectVerified(*PosixFileSystem(), directory + "/data",
                       test::Left::kWhole);
  std::filesystem::remove_all(directory);
}

TEST(OddFileSystems, InLayersAllWorksAsOnADisk) {
  const auto ran = WithOwnMounts([] {
    std::string base = "/dev/shm/cauce-XXXXXX";
    if (mkdtemp(base.data()) == nullptr) return 99;
    if (mount("none", base.c_str(), "tmpfs", 0, nullptr) != 0) return 99;
    for (const char* const name : {"/lower", "/upper", "/work", "/merged"}) {
      mkdir((base + name).c_str(), 0700);
    }
    // What a lower layer holds is copied up when it is written.
    if (const int told = Tell(LiveIn(base + "/lower/data")); told != 0) {
      return told;
    }
    const std::string layers = "lowerdir=" + base + "/lower,upperdir=" + base +
                               "/upper,workdir=" + base + "/work";
    const std::string merged = base + "/merged";
    if (mount("none", merged.c_str(), "overlay", 0, layers.c_str()) != 0) {
      return 99;
    }
    if (const int told = Tell(LiveIn(merged + "/fresh")); told != 0) {
      return told;
    }
    auto engine = Engine::Open(merged + "/data");
    if (const int told = Tell(engine.status()); told != 0) return told;
    if (const int told =
            Tell(test::AppendOne(*engine, kOrders, "on top").status());
        told != 0) {
      return told;
    }
    if (test::ReadOver(*engine, kOrders).records.size() != 101) return 2;
    return Tell(engine->Close());
  });
  if (!ran) GTEST_SKIP() << "only who may mount can see this";
  EXPECT_EQ(*ran, 0);
}

TEST(OddFileSystems, OneThatIsMountedForReadingOnlyIsReadAndNotWritten) {
  const auto ran = WithOwnMounts([] {
    std::string base = "/dev/shm/cauce-XXXXXX";
    if (mkdtemp(base.data()) == nullptr) return 99;
    if (mount("none", base.c_str(), "tmpfs", 0, nullptr) != 0) return 99;
    const std::string data = base + "/data";
    if (const int told = Tell(LiveIn(data)); told != 0) return told;
    auto before = Engine::Open(data);
    if (const int told = Tell(before.status()); told != 0) return told;
    // Under an engine that has it open, as when a disk fails: it is refused
    // while files are open for writing, so they are closed first.
    if (const int told = Tell(before->Close()); told != 0) return told;
    if (mount("none", base.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) !=
        0) {
      return 99;
    }
    const auto writer = Engine::Open(data);
    if (writer.ok()) return 2;
    if (writer.status().message().find(data) == std::string::npos) return 3;
    const auto reader = Engine::Open(data, {.access = Access::kReadOnly});
    if (const int told = Tell(reader.status()); told != 0) return told;
    return test::ReadOver(*reader, kOrders).records.size() == 100 ? 0 : 4;
  });
  if (!ran) GTEST_SKIP() << "only who may mount can see this";
  EXPECT_EQ(*ran, 0);
}

// What a file system says that has no locks, as some network ones have none.
class NoLocks final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(std::string_view path,
                                                 std::string_view) override {
    return absl::FailedPreconditionError(
        std::string(path) + ": lock: this file system has no locks");
  }
};

TEST(OddFileSystems, OneWithoutLocksIsRefusedRatherThanShared) {
  const auto memory = NewMemoryFileSystem();
  test::Lay(Remains::Of(Stop::kClean).files(), *memory, "/data");
  const FileTree before = test::Gather(*memory, "/data");
  NoLocks files(*memory);
  EXPECT_THAT(Engine::Open("/data", {.file_system = &files}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("/data/.lock")));
  EXPECT_EQ(test::Gather(*memory, "/data"), before);
  // Who only reads needs none.
  const auto reader = Engine::Open(
      "/data", {.access = Access::kReadOnly, .file_system = &files});
  ASSERT_THAT(reader, IsOk());
  EXPECT_EQ(test::ReadOver(*reader, kOrders).records,
            Remains::Of(Stop::kClean).records().at("orders-0"));
}

TEST(OddFileSystems, ADirectoryThatMayNotBeWrittenIsReadAndNotOpened) {
  const test::TempDir disk;
  test::Lay(Remains::Of(Stop::kClean).files(), *PosixFileSystem(),
            disk / "data");
  // As nobody, since root may write everywhere.
  ASSERT_EQ(chmod(disk.path().c_str(), 0755), 0);
  std::filesystem::current_path(disk.path());
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("data")) {
    ASSERT_EQ(chmod(entry.path().c_str(), entry.is_directory() ? 0555 : 0444),
              0);
  }
  ASSERT_EQ(chmod("data", 0555), 0);
  const FileTree before = test::Gather(*PosixFileSystem(), "data");
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const auto writer = Engine::Open("data");
  auto reader = Engine::Open("data", {.access = Access::kReadOnly});
  if (reader.ok()) {
    EXPECT_EQ(test::ReadOver(*reader, kOrders).records,
              Remains::Of(Stop::kClean).records().at("orders-0"));
  }
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(writer, StatusIs(absl::StatusCode::kPermissionDenied,
                               HasSubstr("data/.lock")));
  EXPECT_THAT(reader, IsOk());
  EXPECT_EQ(test::Gather(*PosixFileSystem(), "data"), before);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("data")) {
    if (entry.is_directory()) {
      ASSERT_EQ(chmod(entry.path().c_str(), 0700), 0);
    }
  }
  ASSERT_EQ(chmod("data", 0700), 0);
  std::filesystem::current_path("/");
}

TEST(OddFileSystems, OneThatVanishesUnderAnEngineFencesIt) {
  const test::TempDir disk;
  auto engine = Engine::Open(disk / "data");
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(engine->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "500"}}}),
              IsOk());
  for (int i = 0; i < 10; ++i) {
    ASSERT_THAT(test::AppendOne(*engine, kOrders, "value"), IsOk());
  }
  std::filesystem::remove_all(disk / "data");

  // What is open is still there; the next file is not to be had.
  absl::Status refused;
  for (int i = 0; i < 100 && refused.ok(); ++i) {
    refused = test::AppendOne(*engine, kOrders, "value").status();
  }
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.message()), HasSubstr("orders-0"));
  EXPECT_FALSE(test::AppendOne(*engine, kOrders, "value").ok());
  EXPECT_FALSE(engine->CreateTopic("other").ok());
  EXPECT_FALSE(engine->RunUpkeep().ok());
  EXPECT_FALSE(engine->Close().ok());
  // It is not made again behind the back of whoever took it away.
  EXPECT_FALSE(std::filesystem::exists(disk / "data"));
}

}  // namespace
}  // namespace cauce
