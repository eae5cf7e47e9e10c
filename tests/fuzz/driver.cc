// Runs a fuzz target without a fuzzer, as a test that any machine can run: its
// seeds, the finds that were ever recorded for it, and a fixed number of
// mutations of both, by seed.
//
//   record_batch_fuzz_test --target=record_batch --runs=20000
//
// Counts, not time, so that the same seed does the same everywhere. What kills
// it is kept in TEST_UNDECLARED_OUTPUTS_DIR, or the folder for scratch files.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/last_input.h"
#include "tests/fuzz/mutator.h"
#include "tests/testing/seed.h"

namespace cauce::fuzz {
namespace {

// A sanitizer makes each run some ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kShare = 10;
#else
constexpr int64_t kShare = 1;
#endif

constexpr size_t kInputBytesMax = 16 << 10;

std::string target;      // NOLINT
int64_t runs_asked = 0;  // NOLINT

void RunOnce(const std::string& input) {
  NoteInput(input);
  ASSERT_EQ(LLVMFuzzerTestOneInput(
                reinterpret_cast<const uint8_t*>(input.data()), input.size()),
            0);
}

std::vector<CorpusFile> Finds() {
  return ReadFolder("tests/fuzz/finds/" + target);
}

TEST(FuzzTarget, HoldsForItsSeeds) {
  const std::vector<std::string> seeds = Seeds();
  ASSERT_FALSE(seeds.empty());
  for (const std::string& seed : seeds) RunOnce(seed);
  RunOnce("");
  std::printf("%zu seeds\n", seeds.size());
}

TEST(FuzzTarget, HoldsForEveryFindThatWasRecorded) {
  const std::vector<CorpusFile> finds = Finds();
  for (const CorpusFile& find : finds) {
    std::printf("find %s\n", find.name.c_str());
    std::fflush(stdout);
    RunOnce(find.bytes);
  }
}

// The same ones each time unless a seed is given: whoever changes something is
// told what that has broken, and campaigns look for what nobody has found yet.
TEST(FuzzTarget, HoldsForMutationsOfThem) {
  const char* const chosen = std::getenv("CAUCE_SEED");
  const test::Seed seed(chosen == nullptr ? "1" : chosen);
  std::vector<std::string> corpus = Seeds();
  for (const CorpusFile& find : Finds()) corpus.push_back(find.bytes);
  const Mutator mutator(corpus, kInputBytesMax, seed.value());
  const int64_t runs = runs_asked / kShare;
  ASSERT_GT(runs, 0);
  for (int64_t run = 0; run < runs; ++run) {
    RunOnce(mutator.Make(static_cast<uint64_t>(run)));
  }
  std::printf("%lld runs\n", static_cast<long long>(runs));
}

// The value of `--NAME=VALUE` if that is what `argument` is.
const char* ValueOf(std::string_view name, const char* argument) {
  if (!std::string_view(argument).starts_with(name)) return nullptr;
  return argument + name.size();
}

std::string FolderForFinds() {
  for (const char* name : {"TEST_UNDECLARED_OUTPUTS_DIR", "TEST_TMPDIR"}) {
    if (const char* folder = std::getenv(name)) return folder;
  }
  return "/tmp";
}

}  // namespace
}  // namespace cauce::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (const char* name = cauce::fuzz::ValueOf("--target=", argv[i])) {
      cauce::fuzz::target = name;
    } else if (const char* runs = cauce::fuzz::ValueOf("--runs=", argv[i])) {
      cauce::fuzz::runs_asked = std::atoll(runs);
    } else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  cauce::fuzz::KeepLastInput(cauce::fuzz::FolderForFinds());
  return RUN_ALL_TESTS();
}
