// `cauce store`: which stores there are, what is in them, and restoring one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/stores.h"
#include "nlohmann/json.hpp"
#include "tests/testing/matchers.h"
#include "tests/tools/cli/cauce.h"
#include "tests/tools/cli/process.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;
using test::IsOk;
using test::LinesOf;

class StoreVerbs : public test::CauceTest {
 protected:
  void Fill() {
    auto engine = Engine::Open(dir()).value();
    auto stores = Stores::Open(engine).value();
    auto counts = stores.OpenKeyValue("counts").value();
    ASSERT_THAT(counts.Put("apples", "2"), IsOk());
    ASSERT_THAT(counts.Put("pears", "1"), IsOk());
    ASSERT_THAT(counts.Put("\xff", "\x01"), IsOk());
    auto seen = stores.OpenWindow("seen", {.retention = absl::Hours(1)});
    ASSERT_THAT(seen, IsOk());
    ASSERT_THAT(seen->Put("a", "1", Timestamp{1000}), IsOk());
    ASSERT_THAT(seen->Put("a", "2", Timestamp{2000}), IsOk());
    auto visits = stores.OpenSession("visits", {.retention = absl::Hours(1)});
    ASSERT_THAT(visits, IsOk());
    ASSERT_THAT(visits->Put({"a", {1000}, {2000}}, "3"), IsOk());
    auto latest = stores.OpenTimestamped("latest").value();
    ASSERT_THAT(latest.Put("a", "4", Timestamp{1000}), IsOk());
  }
};

TEST_F(StoreVerbs, GetShowsARowOfEveryKind) {
  Fill();

  EXPECT_EQ(Do({"store", "get", "counts", "apples"}), "apples\t2\n");
  EXPECT_EQ(Json::parse(Do({"store", "get", "latest", "a", "--format",
                            "json"})),
            Json::parse(R"({"key":"a","value":"4","timestamp":1000})"));
  EXPECT_THAT(LinesOf(Do({"store", "get", "seen", "a", "--format", "json"})),
              ElementsAre(R"({"key":"a","value":"1","start":1000})",
                          R"({"key":"a","value":"2","start":2000})"));
  EXPECT_EQ(
      Json::parse(Do({"store", "get", "visits", "a", "--format", "json"})),
      Json::parse(R"({"key":"a","value":"3","start":1000,"end":2000})"));
}

TEST_F(StoreVerbs, GetOfWhatIsNotThereFails) {
  Fill();

  const test::Process::Result none = Run({"store", "get", "counts", "plums"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_THAT(none.err, HasSubstr("has nothing"));
  const test::Process::Result odd = Run({"store", "get", "count", "apples"});
  EXPECT_EQ(odd.exit, 1);
  EXPECT_THAT(odd.err, HasSubstr("did you mean counts?"));
}

TEST_F(StoreVerbs, WhatIsMeantIsOfTheSameApplication) {
  {
    auto engine = Engine::Open(dir()).value();
    auto stores = Stores::Open(engine, {.application = "shop"}).value();
    ASSERT_THAT(stores.OpenKeyValue("counts"), IsOk());
    auto others = Stores::Open(engine).value();
    ASSERT_THAT(others.OpenKeyValue("count"), IsOk());
  }

  EXPECT_THAT(
      Run({"store", "get", "counts", "a", "--application", "shop"}).err,
      HasSubstr("has nothing"));
  EXPECT_THAT(Run({"store", "get", "county", "a", "--application", "shop"}).err,
              HasSubstr("did you mean counts?"));
  EXPECT_THAT(Run({"store", "get", "county", "a"}).err,
              HasSubstr("did you mean count?"));
}

TEST_F(StoreVerbs, ScanShowsWhatLiesBetween) {
  Fill();

  EXPECT_EQ(Do({"store", "scan", "counts"}),
            "apples\t2\npears\t1\n\\xff\t\\x01\n");
  EXPECT_EQ(Do({"store", "scan", "counts", "--from", "b", "--to", "q"}),
            "pears\t1\n");
  EXPECT_EQ(Do({"store", "scan", "counts", "--prefix", "ap"}), "apples\t2\n");
  EXPECT_EQ(Do({"store", "scan", "counts", "--reverse", "--count", "1",
                "--format", "json"}),
            "{\"key\":{\"base64\":\"/w==\"},\"value\":\"\\u0001\"}\n");
  EXPECT_THAT(Do({"store", "scan", "counts", "--prefix", "z"}), IsEmpty());
}

TEST_F(StoreVerbs, ReadsBesideAWriter) {
  auto engine = Engine::Open(dir()).value();
  auto stores = Stores::Open(engine).value();
  auto counts = stores.OpenKeyValue("counts").value();
  ASSERT_THAT(counts.Put("apples", "2"), IsOk());

  EXPECT_EQ(Do({"store", "get", "counts", "apples"}), "apples\t2\n");
  ASSERT_THAT(counts.Put("apples", "3"), IsOk());
  EXPECT_EQ(Do({"store", "get", "counts", "apples"}), "apples\t3\n");
}

TEST_F(StoreVerbs, APartitionThatNoWriterHasOpenedHasNoRows) {
  Do({"topic", "create", "s-changelog", "--config", "cauce.store=key-value",
      "--config", "cleanup.policy=compact"});

  EXPECT_EQ(Do({"store", "scan", "s"}), "");
  EXPECT_THAT(Run({"store", "get", "s", "a"}).err, HasSubstr("has nothing"));
}

TEST_F(StoreVerbs, APartitionThatNoWriterHasOpenedIsReadBesideOne) {
  auto engine = Engine::Open(dir()).value();
  auto stores = Stores::Open(engine).value();
  auto parts =
      stores.OpenKeyValue("parts", {.partition = {1}, .partitions = 2}).value();
  ASSERT_THAT(parts.Put("apples", "2"), IsOk());

  EXPECT_EQ(Do({"store", "scan", "parts"}), "");
  EXPECT_EQ(Do({"store", "scan", "parts", "--partition", "1"}), "apples\t2\n");
}

TEST_F(StoreVerbs, ScanTakesAPrefixOrARange) {
  Fill();

  for (const char* const bound : {"--from", "--to"}) {
    const test::Process::Result both =
        Run({"store", "scan", "counts", "--prefix", "a", bound, "b"});
    EXPECT_EQ(both.exit, 2) << bound;
    EXPECT_EQ(both.out, "") << bound;
    EXPECT_THAT(both.err, HasSubstr(bound));
  }
}

TEST_F(StoreVerbs, ListAndRestoreTellHowATableIs) {
  Fill();

  const Json all = Json::parse(Do({"store", "list", "--format", "json"}));
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["store"], "counts");
  EXPECT_EQ(all[0]["kind"], "key-value");
  EXPECT_EQ(all[0]["end"], 3);
  EXPECT_EQ(all[0]["table"], "whole");
  EXPECT_EQ(all[0]["applied"], 3);
  EXPECT_EQ(all[2]["kind"], "window");

  const Json restored = Json::parse(
      Do({"store", "restore", "counts", "--format", "json"}));
  EXPECT_EQ(restored["table"], "whole");
  EXPECT_EQ(Do({"store", "get", "counts", "pears"}), "pears\t1\n");
}

TEST_F(StoreVerbs, TakeAPartitionAndAnApplication) {
  {
    auto engine = Engine::Open(dir()).value();
    auto stores = Stores::Open(engine, {.application = "app"}).value();
    for (const int32_t partition : {0, 1, 2}) {
      auto store = stores.OpenKeyValue(
          "s", {.partition = {partition}, .partitions = 3});
      ASSERT_THAT(store, IsOk());
      ASSERT_THAT(store->Put("key", std::to_string(partition)), IsOk());
    }
  }
  const auto of = [](test::Words words, std::string partition) {
    words.insert(words.end(), {"--application", "app", "--partition",
                               std::move(partition)});
    return words;
  };

  EXPECT_EQ(Do(of({"store", "get", "s", "key"}, "2")), "key\t2\n");
  EXPECT_EQ(Do(of({"store", "scan", "s"}, "1")), "key\t1\n");
  EXPECT_EQ(Do({"store", "scan", "s", "--application", "app"}), "key\t0\n");
  const Json restored = Json::parse(
      Do(of({"store", "restore", "s", "--format", "json"}, "1")));
  EXPECT_EQ(restored["partition"], 1);
  EXPECT_EQ(restored["table"], "whole");
  EXPECT_EQ(Do(of({"store", "get", "s", "key"}, "1")), "key\t1\n");
  const Json all = Json::parse(
      Do({"store", "list", "--application", "app", "--format", "json"}));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2]["partition"], 2);
}

TEST_F(StoreVerbs, RefuseOddPartitionsAndApplications) {
  Fill();

  for (const test::Words& verb : std::vector<test::Words>{
           {"get", "counts", "apples"}, {"scan", "counts"},
           {"restore", "counts"}}) {
    const auto run = [&](const char* option, const char* value) {
      test::Words words = {"store"};
      words.insert(words.end(), verb.begin(), verb.end());
      words.insert(words.end(), {option, value});
      return Run(words);
    };
    for (const char* odd :
         {"-1", "x", "", "1.5", "2147483648", "99999999999999999999"}) {
      SCOPED_TRACE(odd);
      EXPECT_EQ(run("--partition", odd).exit, 2) << verb[0];
    }
    // One that the changelog has not.
    const test::Process::Result none = run("--partition", "1");
    EXPECT_EQ(none.exit, 1) << verb[0];
    EXPECT_THAT(none.err, HasSubstr("counts-changelog"));
    for (const char* odd : {"none", "a/b", "..", "\xff"}) {
      SCOPED_TRACE(odd);
      const test::Process::Result other = run("--application", odd);
      EXPECT_EQ(other.exit, 1) << verb[0];
      EXPECT_THAT(other.err, HasSubstr("counts"));
    }
  }
  EXPECT_EQ(Do({"store", "list", "--application", "none", "--format", "json"}),
            "[]\n");
  EXPECT_EQ(Do({"store", "get", "counts", "apples"}), "apples\t2\n");
}

}  // namespace
}  // namespace cauce
