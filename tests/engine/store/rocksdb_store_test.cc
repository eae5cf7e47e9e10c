#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/engine/store/whole_writes.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

TEST(RocksDbOptions, AreCheckedAtTheDoorEveryOne) {
  const absl::Status status = Validate({.memory_max = 1,
                                        .load_bytes_max = 1,
                                        .threads = 0,
                                        .open_files_max = 1});

  EXPECT_THAT(status, HasReason(Reason::kInvalidOption));
  for (const char* const field :
       {"memory_max", "load_bytes_max", "threads", "open_files_max"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }
  EXPECT_THAT(NewRocksDbStateBackend({.threads = 17}),
              HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Validate({}), IsOk());
}

TEST(RocksDbStore, ShowsWholeWritesToThreadsThatReadMeanwhile) {
  const TempDir scratch;
  const auto backend = Backend({.memory_max = 1 << 20});
  const auto store = Open(*backend, scratch / "table");

  ExpectWholeWritesAreSeen(*store);
}

TEST(RocksDbStore, IsWhatAMapWouldBe) {
  const Seed seed;
  std::mt19937_64 random(seed.value());
  const TempDir scratch;
  auto backend = Backend({.memory_max = 1 << 20, .load_bytes_max = 1 << 17});
  auto store = Open(*backend, scratch / "table");
  std::map<std::string, std::string> model;
  const auto key_by = [&] {
    return std::string(random() % 3, static_cast<char>(random() % 256)) +
           fmt::format("{}", random() % 500);
  };
  const auto value_by = [&](int step) {
    return fmt::format("{}{}", step, std::string(random() % 3000, 'v'));
  };

  for (int step = 0; step < 3000; ++step) {
    const std::string mark = fmt::format("{}", step);
    const uint64_t chance = random() % 200;
    if (chance == 0) {
      ASSERT_THAT(store->Close(), IsOk());
      store.reset();
      store = Open(*backend, scratch / "table");
      ASSERT_THAT(All(*store), ElementsAreArray(model));
      ASSERT_THAT(All(*store, {}, KeyOrder::kReverse),
                  ElementsAreArray(model.rbegin(), model.rend()));
    } else if (chance == 1) {
      ASSERT_THAT(store->Persist(), IsOk());
    } else if (chance < 5) {
      auto loader = store->Load();
      ASSERT_THAT(loader, IsOk());
      for (int i = 0; i < 300; ++i) {
        const std::string key = key_by();
        if (random() % 4 == 0) {
          model.erase(key);
          ASSERT_THAT((*loader)->Add(Drop(key)), IsOk());
        } else {
          model[key] = value_by(step);
          ASSERT_THAT((*loader)->Add(Put(key, model[key])), IsOk());
        }
      }
      ASSERT_THAT((*loader)->Finish(mark), IsOk());
    } else if (chance < 10) {
      const std::string from = key_by();
      const std::string to = key_by();
      const std::vector<KeyRange> erased = {{.from = from, .to = to}};
      ASSERT_THAT(store->Write({.erased = erased, .mark = mark}), IsOk());
      if (from < to)
        model.erase(model.lower_bound(from), model.lower_bound(to));
    } else {
      std::vector<std::string> texts;
      for (int i = 0; i < 6; ++i)
        texts.push_back(i % 2 == 0 ? key_by() : value_by(step));
      const std::vector<StateChange> changes = {
          Put(texts[0], texts[1]), Drop(texts[2]), Put(texts[4], texts[5])};
      ASSERT_THAT(store->Write({.changes = changes, .mark = mark}), IsOk());
      model[texts[0]] = texts[1];
      model.erase(texts[2]);
      model[texts[4]] = texts[5];
    }
    if (chance > 1) {
      ASSERT_EQ(store->mark(), mark);
    }
    const std::string key = key_by();
    const auto found = model.find(key);
    ASSERT_EQ(Read(*store, key),
              found == model.end() ? std::nullopt
                                   : std::optional(found->second));
  }
}

}  // namespace
}  // namespace cauce::test
