// Part of every libFuzzer program: with --write_seeds=FOLDER it writes the
// target's seeds there, as a corpus to begin with, and does nothing else.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kFlag = "--write_seeds=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (!argument.starts_with(kFlag)) continue;
    const std::string folder(argument.substr(kFlag.size()));
    int number = 0;
    for (const std::string& seed : cauce::fuzz::Seeds()) {
      const std::string path = folder + "/seed-" + std::to_string(number++);
      std::ofstream(path, std::ios::binary) << seed;
    }
    std::printf("%d seeds\n", number);
    std::exit(number > 0 ? 0 : 1);
  }
  return 0;
}
