// What was said last of each key, kept over restarts: a table in front of a
// compacted log, which is what is believed. A table that is lost, or behind, is
// made right from the log by the opening.
//
//   latest_value_cache DIR put KEY VALUE
//   latest_value_cache DIR remove KEY
//   latest_value_cache DIR get KEY
//   latest_value_cache DIR list [PREFIX]
#include <iostream>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/stores.h"

absl::Status List(const cauce::KeyValueStore& cache,
                  const std::string& prefix) {
  // As it is at this moment, whatever others put meanwhile.
  cauce::StoreIterator rows = cache.Prefix(prefix);
  for (; rows.Valid(); rows.Next())
    std::cout << rows.row().key << ' ' << rows.row().value << '\n';
  // The end of the rows, or why there are no more.
  return rows.status();
}

absl::Status Get(const cauce::KeyValueStore& cache, const std::string& key) {
  const auto value = cache.Get(key);
  if (!value.ok()) return value.status();
  if (!*value) return absl::NotFoundError(key + ": nothing is known of it");
  std::cout << **value << '\n';
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& words) {
  auto engine = cauce::Engine::Open(words[0]);
  if (!engine.ok()) return engine.status();
  auto stores = cauce::Stores::Open(*engine);
  if (!stores.ok()) return stores.status();
  auto cache = stores->OpenKeyValue("latest");
  if (!cache.ok()) return cache.status();
  absl::Status done = absl::InvalidArgumentError("put, remove, get or list?");
  // Each change is durable in the log before it shows in the table.
  if (words[1] == "put" && words.size() == 4)
    done = cache->Put(words[2], words[3]);
  if (words[1] == "remove" && words.size() == 3) done = cache->Delete(words[2]);
  if (words[1] == "get" && words.size() == 3) done = Get(*cache, words[2]);
  if (words[1] == "list")
    done = List(*cache, words.size() > 2 ? words[2] : "");
  // Lets go of the log's older values, where enough of them has come together.
  done.Update(engine->RunUpkeep(absl::Milliseconds(10)));
  done.Update(cache->Close());
  done.Update(engine->Close());
  return done;
}

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2)
    return std::cerr << "usage: latest_value_cache DIR VERB [WORD...]\n", 2;
  const absl::Status done = Run(words);
  if (done.ok()) return 0;
  std::cerr << cauce::MessageOf(done) << '\n';
  return 1;
}
