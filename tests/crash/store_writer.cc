// Changes two stores of a directory as it is told on standard input, until that
// ends or the process is killed, and says what it does, each with one write to
// standard output:
//
//   opening           the stores are being opened, or made right
//   at OFFSET         so far, of the changelog of `counts`
//   open              both are
//   done              with what it was told
//   failed MESSAGE    and it ends
//
// What it is told:
//
//   put KEY VALUE, drop KEY           in the key-value store `counts`
//   window KEY START VALUE            in the window store `seen`
//   persist                           both
//   count KEY                         put every number from 1 on, for ever,
//                                     and say "put NUMBER" behind each
//
//   store_writer DIRECTORY
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/stores.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Less than a pipe takes at once.
void Say(const std::string& line) {
  const std::string text = line + '\n';
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
}

[[noreturn]] void Fail(const absl::Status& status) {
  Say(fmt::format("failed {}", MessageOf(status)));
  std::abort();
}

void Check(const absl::Status& status) {
  if (!status.ok()) Fail(status);
}

template <class Value>
Value Have(absl::StatusOr<Value> value) {
  Check(value.status());
  return *std::move(value);
}

void CountForEver(KeyValueStore& counts, const std::string& key) {
  for (int64_t number = 1;; ++number) {
    Check(counts.Put(key, fmt::format("{}", number)));
    Say(fmt::format("put {}", number));
  }
}

void Do(const std::string& line, KeyValueStore& counts, WindowStore& seen) {
  std::istringstream in(line);
  std::string verb, key, value;
  in >> verb >> key;
  if (verb == "put") {
    in >> value;
    Check(counts.Put(key, value));
  } else if (verb == "drop") {
    Check(counts.Delete(key));
  } else if (verb == "window") {
    int64_t start = 0;
    in >> start >> value;
    Check(seen.Put(key, value, Timestamp{start}));
  } else if (verb == "persist") {
    Check(counts.Persist());
    Check(seen.Persist());
  } else if (verb == "count") {
    CountForEver(counts, key);
  } else {
    Fail(absl::InvalidArgumentError(line));
  }
  Say("done");
}

void Run(const std::string& directory) {
  Say("opening");
  Engine engine = Have(Engine::Open(directory));
  StoresOptions options;
  // The least, so that there are many files.
  options.rocksdb = {.memory_max = 1 << 20, .load_bytes_max = 1 << 20};
  options.progress = [](const RestoreProgress& at) {
    if (at.store == "counts") Say(fmt::format("at {}", at.at.value));
  };
  {
    Stores stores = Have(Stores::Open(engine, options));
    KeyValueStore counts = Have(stores.OpenKeyValue("counts"));
    WindowStore seen =
        Have(stores.OpenWindow("seen", {.retention = absl::Minutes(10)}));
    Say("open");
    for (std::string line; std::getline(std::cin, line);) {
      Do(line, counts, seen);
    }
    Check(counts.Close());
    Check(seen.Close());
  }
  Check(engine.Close());
}

}  // namespace
}  // namespace cauce

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  cauce::Run(argv[1]);
}
