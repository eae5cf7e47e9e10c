// Our assignors against the results of Kafka's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "engine/coord/assignor.h"
#include "engine/coord/cooperative_sticky_assignor.h"
#include "engine/coord/range_assignor.h"
#include "engine/coord/round_robin_assignor.h"
#include "engine/coord/sticky_assignor.h"
#include "tests/engine/coord/member_subscriptions.h"
#include "tests/engine/coord/stickiness.h"

namespace cauce {
namespace {

using test::RandomGroup;

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// "topic1-0 topic2-3"
std::vector<TopicPartition> Partitions(const std::string& text) {
  std::vector<TopicPartition> partitions;
  for (const std::string& word : Words(text)) {
    const size_t dash = word.rfind('-');
    partitions.push_back(
        {word.substr(0, dash), PartitionId{std::stoi(word.substr(dash + 1))}});
  }
  return partitions;
}

struct GoldenCase {
  RandomGroup group;
  nlohmann::json json;

  Assignments Of(const Assignor& assignor) const {
    Assignments given;
    for (const auto& [member, text] :
         json.at(std::string(assignor.name())).items())
      given[member] = Partitions(text.get<std::string>());
    return given;
  }
};

std::vector<GoldenCase> GoldenCases() {
  std::ifstream in("tests/golden/assignments.json");
  EXPECT_TRUE(in.is_open());
  const nlohmann::json manifest = nlohmann::json::parse(in);
  std::vector<GoldenCase> cases;
  for (const nlohmann::json& json : manifest.at("cases")) {
    GoldenCase golden;
    golden.json = json;
    json.at("topics").get_to(golden.group.topics);
    for (const nlohmann::json& member : json.at("members")) {
      MemberSubscription subscription = test::Subscriber(
          member.at("id"), Words(member.at("topics").get<std::string>()));
      if (!member.at("instance").is_null())
        subscription.instance_id = member.at("instance").get<std::string>();
      subscription.owned = Partitions(member.at("owned").get<std::string>());
      subscription.generation = member.at("generation");
      golden.group.members.push_back(std::move(subscription));
    }
    cases.push_back(std::move(golden));
  }
  EXPECT_EQ(cases.size(), 100u);
  return cases;
}

TEST(GoldenAssignments, RangeGivesWhatKafkaGives) {
  const RangeAssignor range;
  for (const GoldenCase& golden : GoldenCases()) {
    EXPECT_EQ(range.Assign(golden.group.members, golden.group.topics),
              golden.Of(range))
        << golden.json.dump(1);
  }
}

TEST(GoldenAssignments, RoundRobinGivesWhatKafkaGives) {
  const RoundRobinAssignor round_robin;
  for (const GoldenCase& golden : GoldenCases()) {
    EXPECT_EQ(round_robin.Assign(golden.group.members, golden.group.topics),
              golden.Of(round_robin))
        << golden.json.dump(1);
  }
}

// Kafka's own choice among results as good depends on the order of a hash map.
// Where subscriptions differ, the fewest moves of all are not sought by either:
// there we may keep one fewer in a group, and do not over all of them.
TEST(GoldenAssignments, StickyIsAsEvenAsKafkasAndMovesNoMore) {
  const StickyAssignor sticky;
  int64_t ours_kept = 0;
  int64_t kafkas_kept = 0;
  for (const GoldenCase& golden : GoldenCases()) {
    SCOPED_TRACE(golden.json.dump(1));
    const RandomGroup& group = golden.group;
    const Assignments ours = sticky.Assign(group.members, group.topics);
    const Assignments kafkas = golden.Of(sticky);
    EXPECT_TRUE(test::GivesEachPartitionOnce(group, ours));
    EXPECT_TRUE(test::IsEven(group, ours));
    EXPECT_TRUE(test::IsSticky(group, ours));
    EXPECT_LE(test::BalanceScore(ours), test::BalanceScore(kafkas));
    if (test::AllSubscribeAlike(group)) {
      EXPECT_GE(test::KeptBy(group, ours), test::KeptBy(group, kafkas));
    }
    ours_kept += test::KeptBy(group, ours);
    kafkas_kept += test::KeptBy(group, kafkas);
  }
  EXPECT_GE(ours_kept, kafkas_kept);
}

TEST(GoldenAssignments, CooperativeStickyLetsNoMoreWaitThanKafkas) {
  const CooperativeStickyAssignor sticky;
  size_t ours_given = 0;
  size_t kafkas_given = 0;
  for (const GoldenCase& golden : GoldenCases()) {
    SCOPED_TRACE(golden.json.dump(1));
    const RandomGroup& group = golden.group;
    const size_t ours =
        test::OwnersOf(sticky.Assign(group.members, group.topics)).size();
    const size_t kafkas = test::OwnersOf(golden.Of(sticky)).size();
    if (test::AllSubscribeAlike(group)) {
      EXPECT_GE(ours, kafkas);
    }
    ours_given += ours;
    kafkas_given += kafkas;
  }
  EXPECT_GE(ours_given, kafkas_given);
}

}  // namespace
}  // namespace cauce
